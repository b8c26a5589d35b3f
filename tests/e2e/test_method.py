"""The whole method in a browser: from an empty brief to a rubric over 80, on the demonstration's data; axe on each page."""

import io

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.checklists import services as checklists
from apps.costs import services as costs
from apps.evaluations import services as evaluations
from apps.evaluations.engine.columns import ColumnMap
from apps.experiments import services as experiments
from apps.findings import services as findings
from apps.jobs import running
from apps.jobs.models import Job
from apps.modelcards import services as cards
from apps.policies.services import load_standard
from apps.projects import services as projects
from apps.projects.enums import Role
from apps.projects.models import Project
from apps.registry import services as registry
from demo import texts, train
from demo.load import COLUMNS
from tests.cast import scan_files
from tests.e2e.test_policies import SHAPES, look, opened

__all__ = ["opened"]
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True),
    pytest.mark.method("M1.1", "M1.3", "M2.1", "M10.3", "M11.1", "M13"),
]
SLUG = "home-loans"
STEPS = {
    "goal": ("business_objective", "success_metric", "success_target", "success_direction", "baseline"),
    "task": ("task", "prediction_target", "consumer", "latency"),
    "data": ("data_available", "data_gaps"),
    "care": ("ethical_considerations", "fairness_metric", "fairness_threshold", "kill_criteria"),
}
CHOICES = {"task", "consumer", "latency", "success_direction"}


def frame(page):
    """Begin the project, and fill the brief step by step."""
    page.goto(reverse("projects:create"))
    page.fill("main [name=name]", "Home loans")
    page.fill("main [name=slug]", SLUG)
    page.click("main form button.button-primary")
    page.wait_for_url(f"**{reverse('portal:project', args=[SLUG])}")
    assert "lacks 11" in page.inner_text("main")
    for key, fields in STEPS.items():
        page.goto(reverse("projects:brief_step", args=[SLUG, key]))
        look(page, f"brief-{key}", SHAPES[2:])
        for name in fields:
            value = str({**texts.BRIEF, "success_direction": "at_least"}[name])
            if name in CHOICES:
                page.select_option(f"main [name={name}]", value)
            else:
                page.fill(f"main [name={name}]", value)
        page.click("main form button.button-primary")
        page.wait_for_load_state()
    page.goto(reverse("projects:brief", args=[SLUG]))
    assert "11 of 11" in page.inner_text("main")


def answer(page):
    """Answer the six questions, rate the risk, score a data source, set the budget."""
    page.goto(reverse("projects:approach", args=[SLUG]))
    for key, value in texts.APPROACH["answers"].items():
        page.check(f"main [name={key}][value={value}]")
    page.click("main form button.button-primary")
    page.wait_for_selector("h1:has-text('Machine learning')")
    page.goto(reverse("projects:tier", args=[SLUG]))
    for key, value in texts.TIER["answers"].items():
        page.check(f"main [name={key}][value={value}]")
    page.fill("main [name=reason]", texts.TIER["reason"])
    page.click("main form button.button-primary")
    page.wait_for_selector("h1:has-text('Medium risk')")
    page.goto(reverse("data:sources", args=[SLUG]))
    page.fill("main [name=name]", texts.DATA_SOURCE["name"])
    for key in texts.DATA_SOURCE["scores"]:
        page.check(f"main [name={key}][value='4']")
    page.click("main form button.button-primary")
    page.wait_for_load_state()
    page.goto(reverse("costs:project", args=[SLUG]))
    page.fill("main [name=budget-monthly_amount]", "150")
    page.fill("main [name=budget-currency]", "USD")
    page.click("main button:has-text('Set the budget')")
    page.wait_for_selector("text=Within the budget")


def deliver(project, dev):
    """What the pipeline does: a run on the demonstration's data, its evaluation, the checks, the costs of serving."""
    data = train.load()
    trained = train.logistic_regression(data)
    datasets = [
        projects.record_dataset(
            project,
            name="loanapp",
            role=role,
            content_digest=train.digest_of(table),
            row_count=len(table),
            by=dev,
        )
        for role, table in (("train", data.train), ("holdout", data.holdout))
    ]
    experiment = experiments.create_experiment(project, **texts.EXPERIMENT, by=dev)
    about = {"name": trained.name, "model_type": trained.model_type, "params": trained.params}
    run = experiments.start_run(experiment, **about, seed=train.SEED, datasets=datasets, by=dev)
    points = [experiments.MetricPoint(name, value) for name, value in trained.metrics.items()]
    experiments.log_metrics(run, metrics=points, by=dev)
    experiments.end_run(run, by=dev)
    model = registry.create_model(project, slug="loans", name="Loans", by=dev)
    version = registry.register_version(model, by=dev, run=run, artifact_stream=io.BytesIO(trained.artifact))
    kept = evaluations.upload_predictions(
        version,
        stream=io.BytesIO(trained.predictions),
        columns=ColumnMap.from_json(COLUMNS),
        dataset="loanapp holdout",
        by=dev,
        name="holdout.parquet",
    )
    running.run(evaluations.request_evaluation(kept, by=dev).job.pk, worker="test")
    scan_files(version)
    for name in (*texts.CHECKS, "drift_alerts"):
        registry.report_check(version, name=name, status="passed", by=dev)
    sheet = checklists.open_checklist(version, key="bias", by=dev)
    for item, (value, reason) in texts.ANSWERS.items():
        checklists.answer(sheet, item=item, value=value, reason=reason, by=dev)
    cards.change_card(version, fields=texts.CARD, by=dev)
    costs.record_cost(
        project,
        kind="inference_compute",
        amount="1",
        currency="USD",
        spent_on=timezone.now().date(),
        units=1000,
        version=version,
        by=dev,
    )
    return version


def score(page, version):
    """The reviewer goes through the dimensions and takes what the evidence suggests."""
    page.goto(reverse("rubrics:rubric", args=[version.pk]))
    look(page, "rubric-suggested")
    for choice in page.locator("main label:has-text('what the evidence suggests') input").all():
        choice.check()
    page.click("main button:has-text('Save the scores')")
    page.wait_for_selector("h1:has-text('of 100')")
    return float(page.inner_text("h1").split()[0])


def test_from_an_empty_brief_to_a_rubric_over_80(opened, ada, dev, ben, rita):
    load_standard()
    page = opened(ada)
    frame(page)
    answer(page)
    project = Project.objects.get(slug=SLUG)
    for person, role in ((dev, Role.CONTRIBUTOR), (ben, Role.REVIEWER), (rita, Role.RISK)):
        projects.add_member(project, user=person, role=role, by=ada)
    version = deliver(project, dev)
    findings.look_at(project)
    for job in Job.objects.filter(state="queued"):
        running.run(job.pk, worker="test")
    run = version.run
    places = {
        **{name: [SLUG] for name in ("portal:project", "findings:project", "data:sources", "data:features")},
        **{name: [SLUG] for name in ("experiments:of_project", "experiments:runs", "projects:platform")},
        **{name: [SLUG] for name in ("projects:brief_revisions", "projects:kill_criteria", "projects:tier")},
        **{name: [SLUG] for name in ("data:leakage", "experiments:datasets", "experiments:feature_use")},
        "experiments:experiment": [run.experiment_id],
        "experiments:run": [run.pk],
        "data:source": [project.data_sources.get().pk],
        "policies:guides": [],
        "rubrics:comparison": [],
    }
    for name, args in places.items():
        page.goto(reverse(name, args=args))
        look(page, name.replace(":", "-"), SHAPES if name.startswith("data:") else SHAPES[2:])
    page.keyboard.press("Control+k")
    page.wait_for_selector("#palette-found a.main:has-text('Frame a problem')")
    page.keyboard.type("score the")
    page.wait_for_selector("#palette-found a.main:has-text('Frame a problem')", state="detached")
    page.wait_for_selector("#palette-found a.main:has-text('Score the system')")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/commands/score_system/**")
    look(page, "command")
    reviewer = opened(ben)
    assert score(reviewer, version) > 80
    look(reviewer, "rubric-scored")
