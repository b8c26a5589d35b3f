"""What people wrote in the demonstration: the problem brief, the data's scores, the card, the answers."""

BRIEF = {
    "business_objective": "Decide routine mortgage applications on the day they arrive, without lending worse than "
    "the loan officers do, and send every doubtful one to a person.",
    "success_metric": "roc_auc",
    "success_direction": "at_least",
    "success_target": 0.75,
    "baseline": "Loan officers decide by hand within nine days; approving everybody would be right in 88 % of cases.",
    "task": "classification",
    "prediction_target": "Whether the application is approved (1) or denied (0).",
    "consumer": "api",
    "latency": "near_real_time",
    "data_available": "1,989 applications to Boston banks in 1990 with income, debts, credit history and the property.",
    "data_gaps": "One city and one year. Race, ethnicity and sex are known for judging the outcome, never as features.",
    "ethical_considerations": "Past decisions may have treated applicants unequally by race; a model learns what it is shown.",
    "fairness_metric": "disparate impact ratio by race and sex",
    "fairness_threshold": 0.8,
    "kill_criteria": "The disparate impact ratio stays under 0.8 after two attempts, or a rule of three lines ranks as well.",
}
DATA_SOURCE = {
    "name": "Boston mortgage applications 1990",
    "description": "Table loanapp of Wooldridge, Introductory Econometrics; collected by the Federal Reserve Bank of "
    "Boston (Munnell, Tootell, Browne and McEneaney, American Economic Review 86, 1996).",
    "scores": {
        "completeness": 4,
        "accuracy": 4,
        "consistency": 4,
        "timeliness": 2,
        "relevance": 4,
        "volume": 3,
    },
}
EXPERIMENT = {
    "name": "Linear or boosted",
    "hypothesis": "Boosted trees rank applications better than logistic regression, and treat groups no worse.",
    "primary_metric": "holdout_roc_auc",
}
MODEL = {
    "slug": "approval",
    "name": "Mortgage approval",
    "description": "Scores an application for a home loan; high scores are approved, the rest goes to a person.",
}
#: There is no service to load or to watch here, so these reports say that they are examples, and carry no figures.
CHECKS = {
    name: f"Example report: the demonstration runs no {what}, a pipeline reports its own here."
    for name, what in {
        "lint": "linter",
        "unit_tests": "unit tests",
        "sample_run": "pipeline on a sample",
        "data_validation": "data validation",
        "feature_pipeline": "feature pipeline",
        "smoke_predictions": "smoke predictions",
        "performance_regression": "comparison of performance",
        "size_latency": "measurement of size and latency",
        "security_scan": "scan of dependencies",
        "staging_deployment": "deployment",
        "load_test": "load test",
        "integration_test": "integration test",
        "canary": "canary",
        "monitoring_dashboard": "dashboard",
    }.items()
}
ANSWERS = {
    "representation": (
        "yes",
        "The split is stratified by outcome and race, so both samples hold each group alike.",
    ),
    "edge_cases": ("yes", "Example answer: in the demonstration nobody scored edge cases by hand."),
}
#: Beneath the request that waits: who says what.
CONVERSATION = (
    (
        "rita",
        "The ratio by race holds, but its interval reaches below 0.8. Is the holdout large enough to rely on it?",
    ),
    (
        "dana",
        "Not by itself: **the gate names the rows that would settle it**, and these data have no more. Approvals by group "
        "are looked at weekly. The canary windows on the version's page are the holdout, replayed in four parts; "
        "there is no service here to watch.",
    ),
)
#: What Rita's signature on the card of version 1 means, and what Ben asks beside that of version 2.
CARD_MEANING = "I compared every section with the evaluation and the brief. What it says of its limits is what I would say."
CARD_COMMENT = "Black applicants are approved at 0.770 of the best rate. Should **that** not stand here, before the three others?"
WAIVER = {
    "criterion": "disparate_impact",
    "reason": "Asked so that the boosted trees can run beside the loan officers for a month, deciding nothing, while we look "
    "for the features that stand in for race.",
}
SCORE_COMMENT = "Looked at beside the evidence."
CARD = {
    "description": "Scores applications for a home loan between 0 and 1. At 0.5 and above an application is approved; "
    "everything below goes to a loan officer, who decides.",
    "intended_use": "Same-day approval of routine applications for owner-occupied homes in the Boston area.",
    "out_of_scope": "**Denying** anybody: only people deny. Commercial property, other regions, pricing of interest.",
    "training_data": "60 % of 1,989 applications of 1990, stratified by outcome and race. Known bias: the outcome to be "
    "learned is what loan officers decided then, not whether the loan was repaid.",
    "limitations": "- One city, one year, before electronic credit scores.\n- Few denials (12 %): the low scores are the "
    "least certain.\n- Applicants without credit history are rare.",
    "ethical_considerations": "The original study found that Black and Hispanic applicants were denied more often than "
    "white applicants with the same finances. Race, ethnicity and sex are not features, and the outcome by group is "
    "judged before every release and monitored after it.",
    "maintenance": "Retrained each quarter; drift of scores and approvals by group is looked at weekly. "
    "Dana Petrova answers for it.",
    "caveats": "Read the fairness section with its intervals: some groups are small.",
}

APPROACH = {
    "answers": {
        "few_rules": "no",
        "too_complex": "yes",
        "labelled_examples": "yes",
        "must_adapt": "yes",
        "must_be_audited": "no",
        "faster_than_editing": "no",
    },
    "notes": {
        "few_rules": "The loan officers' own manual has 40 pages, and they still disagree on one application in ten.",
        "must_be_audited": "Only approvals are automatic. Whoever is not approved gets a person, who gives the reasons.",
    },
}
TIER = {
    "answers": {"impact": "notable", "autonomy": "proposes", "sensitivity": "special"},
    "reason": "It approves and never denies: a wrong yes costs the bank, and every doubt goes to a loan officer.",
}
#: What there is in the demonstration, said plainly.
PLATFORM = {
    "experiment_tracking": {"state": "in_place", "tool": "mlgov"},
    "registry": {"state": "in_place", "tool": "mlgov"},
    "feature_store": {
        "state": "not_needed",
        "reason": "Every feature stands on the application form itself.",
    },
    "orchestration": {"state": "missing"},
    "serving": {"state": "missing"},
    "monitoring": {"state": "planned", "tool": "production metrics in mlgov"},
}
RIGOR = {
    "cross_validation": (
        "no",
        "One split of 60 to 40; the search of parameters was cross-validated, the figures were not.",
    ),
    "stratified": ("yes", "The split is stratified by outcome and race."),
    "temporal": ("not_applicable", "All applications are of one year, without dates."),
    "worst_predictions": ("no", "Nobody has read them yet; the report lists them."),
}
VERDICT = {
    "verdict": "iterate",
    "reason": "Boosted trees rank better and treat groups worse. The linear model goes on; the features come first.",
}
