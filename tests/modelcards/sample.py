"""Card documents as the schema describes them: one rich, one that says nothing, one that is hostile and huge."""

import copy

SHA = "ab" * 32
EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)> [x](javascript:alert(1)) \u202eRTL\u202c 🦊"
#: Key, title, group and text of the fields that somebody wrote.
WRITTEN = [
    ("description", "Description", "overview", "Predicts *income*.\n\n# Why\n\nBecause."),
    ("provider", "Provider", "overview", "Bank plc"),
    ("contact", "Contact", "overview", "models@bank.example"),
    ("license", "Licence", "overview", "Apache-2.0"),
    ("citation", "Citation", "overview", "@misc{income}"),
    ("references", "References", "overview", "See https://example.com/paper."),
    ("change_summary", "What changed", "overview", "New features."),
    ("intended_use", "Intended use", "use", "Ranking of requests."),
    ("users", "Users", "use", "Clerks."),
    ("out_of_scope", "Out-of-scope uses", "use", "Hiring."),
    ("misuse", "Foreseeable misuse", "use", "Blind trust."),
    ("model_architecture", "Architecture", "model", "Boosted trees."),
    ("base_models", "Base models", "model", "- acme/base\n- acme/other"),
    ("training_data", "Training data", "data", "| a | b |\n|---|---|\n| 1 | 2 |"),
    ("sensitive_data", "Sensitive data", "data", "Sex, for the audit alone."),
    ("evaluation_data", "Evaluation data", "evaluation", "Historical."),
    ("metric_rationale", "Why these metrics", "evaluation", "Errors cost the same."),
    ("factors", "Factors", "evaluation", "Sex and age."),
    ("limitations", "Limitations", "evaluation", "Weak over 80.\n\n```\nopen"),
    ("trade_offs", "Trade-offs", "evaluation", "Speed."),
    ("ethical_considerations", "Ethical considerations", "risk", "Can exclude people."),
    ("affected_groups", "Affected people", "risk", "Applicants."),
    ("risk_explanation", "Why this risk tier", "risk", "Credit."),
    ("risks", "Risks and mitigations", "risk", "Bias; watched."),
    ("human_oversight", "Human oversight", "risk", "A clerk decides."),
    ("caveats", "Caveats and recommendations", "risk", "None."),
    ("maintenance", "Maintenance", "operation", "Each quarter."),
    ("energy", "Energy", "operation", "Measured by meter."),
]


def field(key, title, group, text, *, state="written"):
    origin = {
        "kind": "written",
        "by": "Ada",
        "at": "2026-11-02T10:00:00Z",
        "source": "",
        "path": "",
        "digest": SHA,
    }
    return {
        **{
            "key": key,
            "title": title,
            "group": group,
            "kind": "text",
            "help": f"Help of {key}.",
            "required": True,
        },
        **{"text": text, "value": None, "state": state, "provenance": [origin] if text else []},
    }


def metric(key, value):
    return {
        **{"key": key, "title": key.upper(), "value": value, "low": value - 0.01, "high": value + 0.01},
        **{"level": 0.95, "method": "DeLong", "n": 9000, "better": "higher", "definition": f"What {key} is."},
        "reason": "",
    }


def group(value, rows, selected):
    return {
        **{
            "value": value,
            "rows": rows,
            "share": rows / 9000,
            "selected": selected,
            "selection_rate": selected / rows,
        },
        **{"low": 0.09, "high": 0.11, "impact_ratio": 0.4, "impact_low": 0.3, "impact_high": 0.5},
        **{"left_out": False, "left_out_reason": "", "tpr": 0.5, "fpr": 0.1},
    }


def fairness(attribute, groups, *, crossing=False):
    difference = {
        "key": "dpd",
        "title": "Demographic parity difference",
        "value": 0.2,
        "low": 0.1,
        "high": 0.3,
    }
    return {
        **{
            "attribute": attribute,
            "crossing": crossing,
            "reference": groups[0]["value"],
            "impact_ratio": 0.4,
        },
        **{"unknown_rows": 7, "groups": groups, "four_fifths": "fail", "differences": [difference]},
    }


SEX = fairness("sex", [group("Male", 5900, 1500), group("Female", 3000, 300), group("X", 100, 90)])
CROSSED = fairness("sex, race", [group("Male, A", 4000, 1200), group("Female, B", 2000, 250)], crossing=True)


def part_of_data(name, value):
    return {"name": name, "attributes": [{"name": "sex", "value": value}], "rows": 3000, "small": False}


def evaluation(number=1, slices=("Female", "Male")):
    figures = [{"key": "roc_auc", "value": 0.88, "low": 0.86, "high": 0.9, "n": 3000}]
    return {
        **{
            "id": f"0190000{number}-0000-7000-8000-000000000001",
            "path": f"/evaluations/{number}/",
            "task": "binary",
        },
        **{"dataset": "adult", "split": "test", "dataset_digest": SHA, "rows": 9000, "positives": 2000},
        **{
            "completed_at": f"2026-11-0{number}T09:00:00Z",
            "report_digest": SHA,
            "engine": "1.2",
            "threshold": 0.5,
        },
        "headline": ["roc_auc"],
        "metrics": [metric("roc_auc", 0.9), metric("f1", 0.7)],
        "slices": [part_of_data(f"sex={one}", one) | {"metrics": copy.deepcopy(figures)} for one in slices],
        "fairness": [copy.deepcopy(SEX)],
        "calibration": {"ece": 0.02, "brier": 0.1},
        "definitions": [{"key": "roc_auc", "text": "Area under the curve."}],
        "charts": ["roc"],
    }


def empty():
    """Nobody wrote, nothing was measured."""
    fields = [field(key, title, part, "", state="missing") for key, title, part, _ in WRITTEN]
    return {
        "schema": 1,
        "card": {
            **{"state": "none", "revision": 0, "published_at": None, "published_by": None, "language": "en"},
            **{"evidence_digest": SHA, "stale": [], "missing": ["description"]},
        },
        "version": {
            **{"id": "01900000-0000-7000-8000-000000000001", "model": "Income", "model_slug": "income"},
            **{
                "project": "Credit",
                "project_slug": "credit",
                "number": 3,
                "name": "income v3",
                "change": "minor",
            },
            **{"registered_at": "2026-11-01T08:00:00Z", "registered_by": "Dev", "stage": "development"},
            **{
                "stage_title": "Development",
                "status": "In development.",
                "commit": "",
                "contents_digest": SHA,
            },
            **{"files": [], "run": None, "previous": None, "base_models": []},
        },
        "people": {"owners": ["Ada"], "members": [], "contact": "", "provider": ""},
        "fields": fields,
        **{"evaluations": [], "bias_audit": None},
        "data": {"sources": [], "datasets": [], "features": {"count": 0, "sensitive": None, "names": []}},
        "brief": {
            **{
                "business_problem": None,
                "task": None,
                "prediction_target": None,
                "consumer": None,
                "latency": None,
            },
            **{
                "success_metric": None,
                "success_target": None,
                "fairness_metric": None,
                "fairness_threshold": None,
            },
        },
        "risk": {"tier": "unset", "title": "", "reasons": [], "set_by": None, "set_at": None},
        **{"checks": [], "checklists": [], "rubric": None},
        "costs": {
            "currency": None,
            "version_total": None,
            "per_1000_predictions": None,
            "monthly_budget": None,
        },
        "energy": {"training_kwh": None, "co2_kg": None, "source": ""},
        "gates": {
            **{"policy": "standard", "policy_revision": 1, "last_verdict": None},
            **{"waivers": [], "conditions": [], "obligations": []},
        },
        **{"signatures": [], "exceptions": [], "monitoring": {"review_due": None, "signals": []}},
        **{"history": [], "standards": []},
    }


def rich():
    """Every part of the schema says something."""
    at = "2026-11-03T12:00:00Z"
    found = empty()
    found["card"] |= {
        "state": "published",
        "revision": 3,
        "published_at": at,
        "published_by": "Ada",
        "stale": ["risks"],
    }
    found["version"] |= {
        **{"commit": "abc", "base_models": ["acme/base"], "previous": {"name": "income v2", "number": 2}},
        "files": [{"path": "model.onnx", "digest": SHA, "bytes": 123}],
        "run": {
            **{
                "id": "01900000-0000-7000-8000-000000000009",
                "name": "run-3",
                "model_type": "gradient boosting",
            },
            **{"started_at": at, "seed": 7, "parameters": [{"name": "depth", "value": "3"}]},
            **{"environment": [{"name": "scikit-learn", "value": "1.7"}], "datasets": ["adult"]},
        },
    }
    found["people"] |= {"members": [{"name": "Ada", "role": "owner"}], "contact": "models@bank.example"}
    found["people"]["provider"] = "Bank plc"
    found["fields"] = [field(*one) for one in WRITTEN]
    found["fields"].append(
        field("environment", "Environment", "model", "Python.", state="filled") | {"value": 3}
    )
    found["evaluations"] = [evaluation(1), evaluation(2)]
    found["bias_audit"] = {
        **{"audited_on": "2026-10-01", "source_of_data": "Requests of 2025", "historical": True},
        **{
            "distribution_date": "2026-11-20",
            "auditor": "Rita & Co",
            "valid_until": "2027-10-01",
            "unknown": 7,
        },
        "tables": [copy.deepcopy(SEX), copy.deepcopy(CROSSED)],
    }
    found["data"] = {
        "sources": [
            {
                **{"name": "crm", "kind": "table", "owner": "Dora", "score": 24, "of": 30, "sensitive": True},
                **{"scores": [{"dimension": "Completeness", "score": 4}], "description": "Customers."},
            }
        ],
        "datasets": [{"name": "adult", "role": "test", "digest": SHA, "rows": 9000}],
        "features": {"count": 14, "sensitive": 3, "names": ["age", "sex"]},
    }
    found["brief"] = {
        **{
            "business_problem": "Too slow.",
            "task": "binary",
            "prediction_target": "Income",
            "consumer": "Clerks",
        },
        **{"latency": "1 s", "success_metric": "roc_auc", "success_target": 0.8},
        **{"fairness_metric": "di", "fairness_threshold": 0.1},
    }
    found["risk"] = {
        "tier": "high",
        "title": "High",
        "reasons": ["impact: high"],
        "set_by": "Ada",
        "set_at": at,
    }
    found["checks"] = [
        {
            "name": "tests",
            "status": "passed",
            "reported_at": at,
            "source": "junit",
            "url": "https://ci.example/1",
        }
    ]
    answer = {
        "question": "Is it fair?",
        "answer": "yes",
        "by": "Ada",
        "at": at,
        "reason": "Seen.",
        "evidence_url": "/e/",
    }
    found["checklists"] = [
        {"key": "bias", "title": "Bias", "answered": 8, "of": 9, "failed": 1, "items": [answer]}
    ]
    found["rubric"] = {
        "total": 82.5,
        "band": "good",
        "dimensions": [{"title": "Data", "level": 4, "weight": 15}],
    }
    found["costs"] = {
        "currency": "EUR",
        "version_total": 120.5,
        "per_1000_predictions": 0.02,
        "monthly_budget": 500,
    }
    found["energy"] = {"training_kwh": 12.5, "co2_kg": 3, "source": "meter"}
    found["gates"] |= {
        "last_verdict": {
            **{"gate": "production", "state": "pass", "at": at},
            "criteria": [{"title": "AUC", "state": "pass", "says": "0.9 is over 0.8."}],
        },
        "waivers": [{"criterion": "cost", "reason": "Trial.", "until": at, "granted_by": "Rita"}],
        "conditions": [{"text": "Watch it.", "state": "in force"}],
        "obligations": [{"text": "Review.", "due": "2027-01-01", "owner": "Ada", "state": "open"}],
    }
    found["signatures"] = [
        {
            **{"name": "Rita Risk", "role": "risk", "meaning": "approved it", "at": at},
            **{"evidence_digest": SHA, "reason": "Good."},
        }
    ]
    found["exceptions"] = [{"text": "Rita granted a waiver.", "at": at}]
    found["monitoring"] = {"review_due": at, "signals": ["psi"]}
    found["history"] = [{"at": at, "by": "Ada", "text": "wrote the card"}]
    found["standards"] = [
        {
            **{"key": "annex_iv", "title": "Annex IV", "edition": "2024/1689", "complete": 31, "of": 34},
            "items": [
                {"key": "2f", "title": "Changes", "served": False, "by": ["users"], "missing": ["users"]}
            ],
        }
    ]
    return found


def huge():
    """Hostile in every text, a field of 200 kB, 500 metrics, 40 slices, groups without figures."""
    found = hostile(rich())
    found["fields"][0]["text"] = EVIL + "x" * 200_000
    many = [metric(f"m{number}", number / 500) for number in range(500)]
    found["evaluations"][0]["metrics"] = [
        *many,
        metric("none", 0.0) | {"value": None, "low": None, "high": None, "reason": EVIL},
    ]
    part = found["evaluations"][0]["slices"][0]
    found["evaluations"][0]["slices"] = [{**part, "name": f"sex={EVIL}{number}"} for number in range(40)]
    unknown = {
        "selected": None,
        "selection_rate": None,
        "impact_ratio": None,
        "low": None,
        "high": None,
        "share": None,
    }
    found["bias_audit"]["tables"][0]["groups"] = [
        group(f"{EVIL}{number}", 10, 1) | unknown for number in range(30)
    ]
    return found


#: Keys whose values the schema fixes to a form.
_FORMED = {
    *(
        "id",
        "digest",
        "dataset_digest",
        "report_digest",
        "contents_digest",
        "evidence_digest",
        "state",
        "stage",
    ),
    *(
        "change",
        "kind",
        "role",
        "status",
        "answer",
        "better",
        "four_fifths",
        "at",
        "until",
        "due",
        "language",
    ),
    *("task", "key", "model_slug", "completed_at", "started_at", "registered_at", "published_at", "set_at"),
    *("reported_at", "review_due", "audited_on", "valid_until", "tier", "currency"),
}


def hostile(value, key=""):
    """Put something hostile behind every free text."""
    if isinstance(value, dict):
        return {name: hostile(one, name) for name, one in value.items()}
    if isinstance(value, list):
        return [hostile(one, key) for one in value]
    return f"{value} {EVIL}" if isinstance(value, str) and key not in _FORMED else value
