"""The fixed cast: ada owns, dev contributes, ben reviews, rita is risk, olga audits, cleo is a stranger, ci is a token."""

import io
import secrets
import time
from dataclasses import dataclass

import numpy as np
import pytest
from allauth.mfa.totp.internal import auth as totp
from django.db import transaction

from apps.accounts import services as accounts
from apps.accounts.enums import Scope, SiteRole
from apps.accounts.models import User
from apps.accounts.proofs import Proof
from apps.audit import services as audit
from apps.checklists import services as checklists
from apps.costs import services as costs
from apps.evaluations import services as evaluations
from apps.evaluations.engine.columns import ColumnMap
from apps.evaluations.models import Evaluation
from apps.evidence.services import snapshot
from apps.experiments import services as experiments
from apps.gates import services as gates
from apps.gates.models import Approval, Participant, Promotion, RequiredRole
from apps.jobs import running
from apps.jobs.models import Job
from apps.modelcards import services as cards
from apps.policies.method.card import DEFAULT
from apps.policies.models import Revision
from apps.policies.queries import pack_of
from apps.policies.services import load_standard, propose_draft, publish_draft, start_draft
from apps.projects import services as projects
from apps.projects.enums import Role
from apps.projects.models import PolicyMove, Project
from apps.registry import services as registry
from apps.registry.enums import ARTIFACT_SCAN
from apps.registry.models import Version
from apps.rubrics import services as rubrics

PASSWORD = secrets.token_urlsafe(16)
COLUMNS = ColumnMap(
    label="approve", score="score", row_id="id", protected=("race", "sex"), slices=("branch",)
)
BRIEF = {
    "business_objective": "Decide sooner.",
    "success_metric": "roc_auc",
    "success_target": 0.75,
    "baseline": "People decide by hand.",
    "task": "classification",
    "prediction_target": "The loan is approved.",
    "consumer": "api",
    "latency": "near_real_time",
    "data_available": "Applications.",
    "ethical_considerations": "Race and sex.",
    "fairness_metric": "disparate impact ratio",
    "fairness_threshold": 0.8,
    "kill_criteria": "A rule does as well.",
}


def person(name: str, site_role: str = "") -> User:
    return accounts.create_person(
        f"{name}@example.com", full_name=name.capitalize(), by=None, site_role=site_role, password=PASSWORD
    )


@pytest.fixture
def ada(db):
    return person("ada")


@pytest.fixture
def dev(db):
    return person("dev")


@pytest.fixture
def ben(db):
    return person("ben")


@pytest.fixture
def rita(db):
    return person("rita")


@pytest.fixture
def olga(db):
    return person("olga", SiteRole.AUDITOR)


@pytest.fixture
def adam(db):
    return person("adam", SiteRole.ADMINISTRATOR)


@pytest.fixture
def cleo(db):
    return person("cleo")


@pytest.fixture
def vera(db):
    return person("vera")


def publish_together(text: str, *, author: User, publisher: User, base: Revision | None = None) -> Revision:
    """Publish a policy as people do: one writes and proposes it, another publishes."""
    draft = start_draft(source=text, by=author, base=base)
    draft = propose_draft(draft, by=author, reason="We agreed on it.")
    return publish_draft(draft, by=publisher, proof=Proof(password=PASSWORD))


def follow(project: Project, revision: Revision, *, owner: User, risk: User) -> PolicyMove:
    """Let a project follow another revision as people do: an owner asks, a risk officer confirms."""
    move = gates.ask_move(project, to=revision, reason="It was agreed on.", by=owner)
    return gates.confirm_move(move, by=risk, proof=Proof(password=PASSWORD))


@dataclass(frozen=True)
class Pipeline:
    """A service account with the secret of its token."""

    user: User
    secret: str


@pytest.fixture
def project(ada, dev, ben, rita, vera):
    load_standard()
    made = projects.create_project(slug="mortgages", name="Mortgages", by=ada)
    for user, role in ((dev, Role.CONTRIBUTOR), (ben, Role.REVIEWER), (rita, Role.RISK), (vera, Role.VIEWER)):
        projects.add_member(made, user=user, role=role, by=ada)
    return made


@pytest.fixture
def ci(project, dev, ada):
    account = accounts.create_service_account("ci", owner=dev, by=dev)
    projects.add_member(project, user=account, role=Role.CONTRIBUTOR, by=ada)
    _, secret = accounts.issue_token(account, name="pipeline", scopes=Scope.values, by=dev)
    return Pipeline(account, secret)


@pytest.fixture
def experiment(project, dev):
    return experiments.create_experiment(project, name="first tries", by=dev)


@pytest.fixture
def run(experiment, dev):
    return experiments.start_run(experiment, name="logistic", by=dev, params={"C": 1}, seed=7)


@pytest.fixture
def model(project, dev):
    return registry.create_model(project, slug="approval", name="Approval", by=dev)


@pytest.fixture
def version(model, run, dev):
    return registry.register_version(model, by=dev, run=run, artifact_stream=io.BytesIO(weights()))


def weights() -> bytes:
    """Return a small model file that holds arrays and nothing that runs."""
    file = io.BytesIO()
    np.savez(file, coefficients=np.arange(3.0))
    return file.getvalue()


def predictions_csv(*, biased: bool = False, rows: int = 600, seed: int = 1) -> bytes:
    """Return a prediction table; a biased one gives group B far fewer yeses."""
    rng = np.random.default_rng(seed)
    lines = ["id,approve,score,race,sex,branch"]
    for index in range(rows):
        race = "B" if index % 3 == 0 else "A"
        score = float(rng.beta(0.4, 0.25))
        label = int(rng.random() < score)
        if biased and race == "B":
            score *= 0.55
        lines.append(
            f"r{index},{label},{score:.4f},{race},{'FM'[index % 2]},{'north' if index % 5 else 'south'}"
        )
    return "\n".join(lines).encode()


def evaluate(version: Version, *, by: User, biased: bool = False, seed: int = 1) -> Evaluation:
    """Upload predictions and run the evaluation's job here and now."""
    kept = evaluations.upload_predictions(
        version,
        stream=io.BytesIO(predictions_csv(biased=biased, seed=seed)),
        columns=COLUMNS,
        dataset="holdout",
        by=by,
        name="p.csv",
    )
    found = evaluations.request_evaluation(kept, by=by)
    running.run(found.job.pk, worker="test")
    found.refresh_from_db()
    assert found.state == "complete", found.error or found.job.error
    return found


def scan_files(version: Version) -> None:
    """Let the scans of a version's files run here and now."""
    for job in Job.objects.filter(kind="registry.scan", state="queued", args__version=str(version.pk)):
        running.run(job.pk, worker="test")


def make_ready(version: Version, *, owner: User, contributor: User, reviewer: User) -> None:
    """Give a version all the evidence that production's gate asks for."""
    project = version.model.project
    projects.change_brief(project, by=owner, **BRIEF)
    scores = dict.fromkeys(
        ("completeness", "accuracy", "consistency", "timeliness", "relevance", "volume"), 4
    )
    projects.assess_data_source(project, name="applications", scores=scores, by=contributor)
    evaluate(version, by=contributor)
    for rule in pack_of(project.policy_revision).checks:
        if rule.required.get(version.change) and rule.key != ARTIFACT_SCAN:
            registry.report_check(version, name=rule.key, status="passed", by=contributor)
    registry.report_check(version, name="monitoring_dashboard", status="passed", by=contributor)
    scan_files(version)
    sheet = checklists.open_checklist(version, key="bias", by=contributor)
    form = pack_of(project.policy_revision).checklist("bias")
    for item in form.items:
        if not item.expression or item.key == "threshold_fixed_before":
            checklists.answer(
                sheet, item=item.key, value="yes", reason="We looked at it closely.", by=contributor
            )
    dimensions = pack_of(project.policy_revision).rubric.dimensions
    rubrics.score_all(version, given=[rubrics.Given(one.key, 4) for one in dimensions], by=reviewer)
    cards.change_card(
        version, fields={field.key: f"About {field.title}." for field in DEFAULT.fields}, by=contributor
    )
    costs.set_budget(project, monthly_amount="1000", currency="USD", by=owner)


@pytest.fixture
def ready(version, ada, dev, ben):
    """A version in development that every gate lets pass."""
    make_ready(version, owner=ada, contributor=dev, reviewer=ben)
    return version


def sign(promotion: Promotion, *, by: User, meaning: str = "", **more: object) -> Approval:
    """Sign with the password; without a meaning, with the gate's first."""
    pack = pack_of(promotion.policy_revision)
    rule = pack.transition(promotion.from_stage, promotion.to_stage)
    gate = pack.gate(rule.gate)
    return gates.approve(
        promotion,
        by=by,
        proof=Proof(password=PASSWORD),
        digest=promotion.evidence_digest,
        meaning=meaning or gate.meanings[0],
        **more,
    )


def set_up_code(user: User) -> str:
    """Give a person an authenticator app and return its secret."""
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(user, secret)
    return secret


def code_of(secret: str, *, steps: int = 0) -> str:
    """Return the app's code of now, or of so many steps of 30 seconds from now."""
    counter = int(time.time()) // 30 + steps
    return totp.format_hotp_value(totp.hotp_value(secret, counter))


@transaction.atomic
def open_request(version: Version, *, by: User, second_factor: bool = False) -> Promotion:
    """Open a request for staging past the gate, for tests that are about signing and not about evidence."""
    kept = snapshot(version)
    promotion = Promotion.objects.create(
        version=version,
        from_stage=version.stage,
        to_stage="staging",
        policy_revision=version.model.project.policy_revision,
        snapshot=kept,
        evidence_digest=kept.digest,
        verdict={"state": "pass", "criteria": []},
        needs_second_factor=second_factor,
        requested_by=by,
    )
    RequiredRole.objects.create(promotion=promotion, role="reviewer", count=2)
    Participant.objects.create(promotion=promotion, person=by, kind="requester", because="You asked")
    audit.record(
        "gates.promotion_requested",
        promotion,
        by=by,
        project_id=version.model.project_id,
        from_stage="development",
    )
    return promotion
