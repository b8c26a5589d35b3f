"""Projects that have rows of every kind, and the ids by which the addresses of the interface name them."""

import io
import re
from dataclasses import dataclass
from typing import Any

from apps.accounts import services as accounts
from apps.accounts.enums import Scope
from apps.accounts.models import User
from apps.audit.models import Event
from apps.checklists import services as checklists
from apps.checklists.models import AnswerEvidence, Checklist
from apps.costs.models import CostEntry
from apps.data import services as data
from apps.data.models import Feature
from apps.evaluations.models import Evaluation, PredictionSet
from apps.experiments.models import Experiment, Run
from apps.findings.models import Finding
from apps.gates.models import Approval, Delegation, Obligation, Postmortem, Promotion, Review
from apps.identity.models import Trust
from apps.jobs.models import Job
from apps.modelcards.exporting import FORMATS
from apps.modelcards.models import CardRevision, Comment, PublicLink
from apps.notifications import services as notifications
from apps.notifications.models import Delivery, Webhook
from apps.policies.queries import pack_of
from apps.projects.models import DatasetVersion, DataSource, KillCriterion, Project
from apps.registry.models import Model, Version
from apps.uploads import services as uploads
from apps.uploads.models import Upload
from tests.api.test_deny import LISTS, World
from tests.cast import evaluate
from tests.data.conftest import SAMPLE, rows_of, run
from tests.gates import conditional

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: Fields of bodies that name a person.
PEOPLE = {"assignee", "owner", "person", "principal", "to", "user"}
_PARTS = re.compile(r"([^/]+)/\{(\w+)\}")
_ROWS = {
    "approvals": Approval,
    "card-comments": Comment,
    "card-links": PublicLink,
    "checklist-evidence": AnswerEvidence,
    "costs": CostEntry,
    "data-sources": DataSource,
    "datasets": DatasetVersion,
    "delegations": Delegation,
    "deliveries": Delivery,
    "evaluations": Evaluation,
    "events": Event,
    "experiments": Experiment,
    "features": Feature,
    "findings": Finding,
    "jobs": Job,
    "kill-criteria": KillCriterion,
    "models": Model,
    "obligations": Obligation,
    "postmortems": Postmortem,
    "predictions": PredictionSet,
    "projects": Project,
    "promotions": Promotion,
    "reviews": Review,
    "runs": Run,
    "trusts": Trust,
    "uploads": Upload,
    "versions": Version,
    "webhooks": Webhook,
}
#: Where the row that LISTS adds would be refused beside those of the other lists.
_NUMBERS = {
    "projects/{project}/audit": 2,
    "projects/{project}/waivers": 2,
    "versions/{version}/card/links": 2,
    "versions/{version}/evaluations": 2,
}


@dataclass(frozen=True)
class Everything:
    """Ids by what stands before them in an address, and tokens with all scopes: an owner's and a pipeline's."""

    known: dict[str, list[str]]
    tokens: tuple[str, str]

    def filled(self, body: Any) -> Any:
        """Return a body in which the ids of made-up rows are those of rows that there are."""
        if isinstance(body, list):
            return [self.filled(one) for one in body]
        if not isinstance(body, dict):
            return body
        return {key: self._named(key, value) for key, value in body.items()}

    def _named(self, key: str, value: Any) -> Any:
        if isinstance(value, list):
            return [self._named(key.removesuffix("s"), one) for one in value]
        kind = "people" if key in PEOPLE else f"{key}s".replace("_", "-")
        if kind in self.known and isinstance(value, str) and _UUID.fullmatch(value):
            return self.known[kind][0]
        return self.filled(value)

    def parameters(self, path: str) -> list[dict[str, str]]:
        """Return the parameters of an address that name what there is: the first rows, and the last ones."""
        kinds = _PARTS.findall(path)
        return [{name: self.known[kind][place] for kind, name in kinds} for place in (0, -1) if kinds]


def make(version: Version, cast: dict[str, User], pipeline: User, secret: str) -> Everything:
    """Add a row of every kind to the version's project, and make another one with a version in production."""
    project, ada, dev = version.model.project, cast["ada"], cast["dev"]
    evaluate(version, by=dev)
    world = World(project, version, ada, dev, cast["ben"], pipeline)
    # What is waived must not hold yet, as it may with the rows of other lists.
    for address in sorted(LISTS, key=lambda one: "waivers" not in one):
        LISTS[address](world, _NUMBERS.get(address, 1))
    webhook, _ = notifications.create_webhook(project, name="w", url="https://example.org", by=ada)
    notifications.send_test(webhook, by=ada)
    _answer(version, dev)
    _samples(project, dev)
    for owner in (ada, pipeline):
        uploads.begin(project, size_bytes=10, sha256="0" * 64, by=owner)
    live = conditional.promoted(conditional.world(cast), cast, conditional.all_terms(ada))
    conditional.report(live, dev, traffic_percent=50.0, drift=0.1)
    _, own = accounts.issue_token(ada, name="all", scopes=Scope.values, by=ada)
    return Everything(_known(project), (own, secret))


def _answer(version: Version, dev: User) -> None:
    sheet = checklists.open_checklist(version, key="bias", by=dev)
    form = pack_of(version.model.project.policy_revision).checklist("bias")
    shown = checklists.Shown(text="Read aloud.", file=io.BytesIO(b"notes"), file_name="notes.txt")
    item = next(one.key for one in form.items if not one.expression)
    checklists.answer(sheet, item=item, value="yes", reason="We looked at it closely.", shown=shown, by=dev)


def _samples(project: Project, dev: User) -> None:
    source = project.data_sources.first()
    job = run(data.request_profile(source, stream=io.BytesIO(SAMPLE), name="s.csv", target="bought", by=dev))
    assert job.state == "succeeded", job.error
    tables = {"train": io.BytesIO(rows_of(0, 100)), "test": io.BytesIO(rows_of(90, 150))}
    job = run(data.request_leakage(project, **tables, key="id", time="at", target="y", by=dev))
    assert job.state == "succeeded", job.error


def _known(project: Project) -> dict[str, list[str]]:
    method = pack_of(project.policy_revision).method
    rows = {kind: model.objects.order_by("pk") for kind, model in _ROWS.items()}
    rows["checklist-evidence"] = rows["checklist-evidence"].filter(kind="file")
    return {
        **{kind: [str(pk) for pk in found.values_list("pk", flat=True)] for kind, found in rows.items()},
        "checklists": list(Checklist.objects.values_list("key", flat=True)),
        "commands": [one.key for one in method.commands.every],
        "exports": list(FORMATS),
        "people": [str(pk) for pk in User.objects.order_by("pk").values_list("pk", flat=True)],
        "platform": [one.key for one in method.platform.components],
        "policies": ["standard", "tiny"],
        "revisions": [str(one) for one in CardRevision.objects.values_list("number", flat=True)],
    }
