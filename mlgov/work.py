"""What workers do: part of the settings, and like them without any logic."""

#: Kind of job -> the function that does it, given a `apps.jobs.running.RunningJob`, and what pages call it.
JOB_KINDS = {
    "assurance.make_pack": ("apps.assurance.jobs:make_pack", "Make an evidence pack"),
    "assurance.tell_head": ("apps.assurance.jobs:tell_head", "Send the newest signed head"),
    "assurance.verify_log": ("apps.assurance.jobs:verify_log", "Verify the audit log"),
    "evidence.follow": ("apps.evidence.jobs:follow", "Notice where evidence changed"),
    "findings.look": ("apps.findings.jobs:look", "Look for mistakes and kill criteria"),
    "findings.look_again": ("apps.findings.jobs:look_again", "Look again where days count"),
    "data.leakage": ("apps.data.jobs:leakage", "Look for leakage between train and test"),
    "data.profile": ("apps.data.jobs:profile", "Profile a sample of a data source"),
    "evaluations.evaluate": ("apps.evaluations.jobs:evaluate", "Evaluate predictions"),
    "evaluations.print": ("apps.evaluations.jobs:render_pdf", "Make the PDF of a validation report"),
    "evaluations.map_part": ("apps.evaluations.parts:map_part", "Count a part of the predictions"),
    "modelcards.keep_links": ("apps.modelcards.jobs:keep_links", "Note which public links are over"),
    "modelcards.render_pdf": ("apps.modelcards.jobs:render_pdf", "Make the PDF of a model card"),
    "registry.scan": ("apps.registry.jobs:scan", "Read what model files would run"),
    "registry.scan_again": ("apps.registry.jobs:scan_again", "Read again what an earlier scanner read"),
    "notifications.deliver": ("apps.notifications.jobs:deliver", "Call a webhook"),
    "notifications.outbox": ("apps.notifications.jobs:sweep_outbox", "Send again what did not arrive"),
    "notifications.send_digests": ("apps.notifications.jobs:send_digests", "Write the day's digests"),
    "notifications.send_mail": ("apps.notifications.jobs:send_mail", "Send an e-mail"),
    "uploads.clean_up": ("apps.uploads.jobs:clean_up", "Clear away uploads that are over"),
    "rubrics.suggest": ("apps.rubrics.jobs:suggest", "Suggest rubric scores"),
    "gates.keep_time": ("apps.gates.jobs:keep_time", "Note at the gates what is due, over or overdue"),
    "gates.judge_conditions": ("apps.gates.jobs:judge_conditions", "Judge the conditions of an approval"),
    "gates.preview_policy": ("apps.gates.jobs:preview_policy", "Judge what a policy draft would change"),
    "gates.record": ("apps.gates.jobs:render_record", "Make the PDF of an approval record"),
    "gates.judge_production": ("apps.gates.jobs:judge_production", "Judge production metrics"),
}
#: Kinds of jobs that judge production metrics when they arrive; apps above `monitoring` do them.
METRICS_JOBS = ["gates.judge_production", "gates.judge_conditions"]
#: Kinds of jobs that look at a version when one of its evaluations is complete.
EVALUATION_JOBS = ["gates.judge_conditions"]
#: Kinds of jobs that depend on the evidence of a project, and of each version that is watched (apps/evidence/following.py).
PROJECT_EVIDENCE_JOBS = ["findings.look"]
VERSION_EVIDENCE_JOBS = ["rubrics.suggest"]
#: Beginnings of the kinds of events that change no evidence: most are what these jobs write themselves.
SILENT_EVENTS = (
    "evaluations.print_",
    "findings.found",
    "findings.gone",
    "findings.returned",
    "gates.record_",
    "identity.trust_",
    "jobs.",
    "notifications.",
    "rubrics.scorecard_opened",
    "rubrics.suggestion_",
    "uploads.",
)
#: Kind of job -> seconds after which the sweeper enqueues it again (apps/jobs/periodic.py).
PERIODIC_JOBS: dict[str, float] = {
    "assurance.tell_head": 60,
    "evidence.follow": 10,
    "findings.look_again": 600,
    "gates.keep_time": 300,
    "modelcards.keep_links": 600,
    "notifications.outbox": 15,
    "notifications.send_digests": 600,
    "registry.scan_again": 60,
    "uploads.clean_up": 600,
}
#: What reads tables in a child process: {"check", "paths", "options"} to {"report"} or {"problems"}. Pure, of an app above.
DATA_CHECK = "apps.evaluations.engine.worker:check"
