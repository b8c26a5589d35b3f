"""Fill a database with as much as a large organisation has, to measure pages. Rows pass the ordinary triggers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from apps.accounts import services as accounts
from apps.accounts.enums import SiteRole
from apps.accounts.models import User
from apps.audit.models import Event
from apps.core.clock import today
from apps.core.models import Governed
from apps.costs import services as costs
from apps.costs.enums import CostKind
from apps.costs.models import CostEntry
from apps.data import services as data
from apps.experiments import services as experiments
from apps.experiments.enums import RunState
from apps.experiments.models import Experiment, Run
from apps.findings import services as findings
from apps.policies.services import load_standard
from apps.projects import services as projects
from apps.projects.enums import DataRole
from apps.projects.models import DataSource, Project
from apps.registry import services as registry
from apps.registry.models import Model, Version

#: Short names of what this makes begin so.
PREFIX = "scale-"
MODELS = 5
EXPERIMENTS = 5
#: States of a table of each role.
DATASETS = 5
#: Metrics of a run are points of so many names.
METRIC_NAMES = 5
#: Who owns everything, and who audits it.
OWNER, AUDITOR = "scale-owner@example.com", "scale-auditor@example.com"
#: Events of one statement: each object takes a lock, and each statement a transaction.
FILL = """
INSERT INTO audit_event (kind, object_type, object_id, object_label, project_id, actor_kind, actor_id, actor_label,
    person_id, request_id, data)
SELECT 'projects.project_changed', 'projects.project', %(project)s, %(label)s, %(project)s, 'person', %(actor)s,
    %(name)s, %(actor)s, '', jsonb_build_object('fields', jsonb_build_array('purpose'))
FROM generate_series(1, %(count)s)
"""
METRICS = """
INSERT INTO experiments_metric (id, run_id, name, value, step, at)
SELECT gen_random_uuid(), run.id, 'metric_' || (n %% %(names)s), random(), n / %(names)s,
    run.started_at + n * interval '1 second'
FROM experiments_run run JOIN experiments_experiment experiment ON experiment.id = run.experiment_id,
    generate_series(0, %(count)s - 1) n
WHERE experiment.project_id = %(project)s
"""


@dataclass(frozen=True)
class Size:
    """How many rows of each kind there are in the end; each project has its equal share."""

    projects: int = 200
    versions: int = 10_000
    runs: int = 100_000
    metrics: int = 1_000_000
    events: int = 1_000_000


def seed(size: Size, say: Callable[[str], None]) -> None:
    """Make the people, and the projects one by one, each in a transaction of its own."""
    load_standard()
    owner = accounts.create_person(OWNER, full_name="Scale Owner", by=None)
    accounts.create_person(AUDITOR, full_name="Scale Auditor", by=None, site_role=SiteRole.AUDITOR)
    for index in range(size.projects):
        with transaction.atomic():
            _project(index, size, owner)
        if (index + 1) % 20 == 0:
            say(f"{index + 1} of {size.projects} projects")
    _fill_events(size, owner, say)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _project(index: int, size: Size, owner: User) -> None:
    project = projects.create_project(slug=f"{PREFIX}{index:04d}", name=f"Scale {index:04d}", by=owner)
    made = [experiments.create_experiment(project, name=f"Tries {n}", by=owner) for n in range(EXPERIMENTS)]
    runs = _runs(project, made, size.runs // size.projects, owner)
    kept = [
        registry.create_model(project, slug=f"model-{n}", name=f"Model {n}", by=owner) for n in range(MODELS)
    ]
    _versions(project, kept, size.versions // size.projects, runs, owner)
    if runs:
        with connection.cursor() as cursor:
            count = size.metrics // size.runs
            cursor.execute(METRICS, {"project": project.pk, "count": count, "names": METRIC_NAMES})
    _data(project, runs, owner)
    _costs(project, runs, owner)
    findings.look_at(project)


def _data(project: Project, runs: list[Run], owner: User) -> None:
    """A source and the states of its table, which the runs used by turns."""
    scores = dict.fromkeys(DataSource.DIMENSIONS, 4)
    source = data.assess(project, name="purchases", scores=scores, by=owner)
    states = [
        projects.record_dataset(
            project,
            name="purchases",
            role=role,
            content_digest=f"{n:064x}",
            row_count=n,
            by=owner,
            source=source,
        )
        for n, role in enumerate(DATASETS * (DataRole.TRAIN, DataRole.HOLDOUT))
    ]
    uses = Run.datasets.through
    uses.objects.bulk_create(
        uses(run_id=run.pk, datasetversion_id=states[n % len(states)].pk) for n, run in enumerate(runs)
    )


def _costs(project: Project, runs: list[Run], owner: User) -> None:
    """An amount of a few cents for each run, on the day it ended, under a budget."""
    costs.set_budget(project, monthly_amount="1000", currency="USD", by=owner)
    CostEntry.objects.bulk_create(
        CostEntry(
            project=project,
            run=run,
            kind=CostKind.TRAINING,
            amount=Decimal(n % 90 + 10) / 100,
            currency="USD",
            spent_on=run.ended_at.date() if run.ended_at else today(),
            recorded_by=owner,
        )
        for n, run in enumerate(runs)
    )


def _runs(project: Project, made: list[Experiment], count: int, owner: User) -> list[Run]:
    now = timezone.now()
    runs = [
        Run(
            experiment=made[n % len(made)],
            name=f"run {n}",
            state=RunState.FINISHED,
            model_type=("LightGBM", "logistic regression")[n % 2],
            params={"learning_rate": 0.01 * (n % 40 + 1), "num_leaves": 15 + n % 240, "seed": n},
            features=[f"user_purchase_count_{days}d_sum" for days in (1, 7, 30)],
            seed=n,
            started_by=owner,
            started_at=now - timedelta(minutes=5 * (count - n)),
            ended_at=now - timedelta(minutes=5 * (count - n) - 3),
        )
        for n in range(count)
    ]
    Run.objects.bulk_create(runs, batch_size=500)
    _events("experiments.run_started", runs, project, owner)
    return runs


def _versions(project: Project, kept: list[Model], count: int, runs: list[Run], owner: User) -> None:
    versions = [
        Version(
            model=kept[n % len(kept)],
            number=n // len(kept) + 1,
            run=runs[-1 - n] if n < len(runs) else None,
            commit=f"{n:040x}",
            created_by=owner,
        )
        for n in range(count)
    ]
    Version.objects.bulk_create(versions, batch_size=500)
    _events("registry.version_registered", versions, project, owner)


def _events(kind: str, rows: Sequence[Governed], project: Project, by: User) -> None:
    Event.objects.bulk_create(
        (
            Event(
                kind=kind,
                object_type=row._meta.label_lower,
                object_id=row.pk,
                object_label=str(row)[:300],
                lock_version=row.lock_version,
                project_id=project.pk,
                actor_kind=by.kind,
                actor_id=by.pk,
                actor_label=str(by),
                person_id=by.person_id,
                data={},
            )
            for row in rows
        ),
        batch_size=500,
    )


def _fill_events(size: Size, owner: User, say: Callable[[str], None]) -> None:
    """Bring the events to their number: changes of the projects, as many for each."""
    missing = size.events - Event.objects.count()
    share = max(missing, 0) // size.projects
    for index, project in enumerate(Project.objects.filter(slug__startswith=PREFIX).order_by("slug"), 1):
        with connection.cursor() as cursor:
            given: dict[str, Any] = {"project": project.pk, "label": project.name, "count": share}
            cursor.execute(FILL, given | {"actor": owner.pk, "name": str(owner)})
        if index % 20 == 0:
            say(f"events of {index} projects")
