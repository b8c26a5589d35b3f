"""One world for the whole matrix: every kind of object once, in each state that a row names."""

import io
import json
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.test import Client, override_settings
from django.utils import timezone

from apps.accounts import services as accounts
from apps.accounts.enums import Scope, SiteRole
from apps.accounts.models import User
from apps.accounts.proofs import Proof
from apps.assurance import services as assurance
from apps.audit.models import Event
from apps.checklists import services as checklists
from apps.checklists.models import AnswerEvidence
from apps.costs import services as costs
from apps.data import services as data
from apps.evidence.services import collect
from apps.experiments import services as experiments
from apps.findings import services as findings
from apps.findings.models import Finding
from apps.gates import services as gates
from apps.gates.models import Obligation, Review
from apps.gates.terms import Owed, Terms
from apps.identity import services as identity
from apps.identity.claims import GITHUB
from apps.modelcards import commenting, life, sharing
from apps.modelcards import services as cards
from apps.notifications import outbox
from apps.notifications import services as notifications
from apps.notifications.enums import SendState
from apps.notifications.models import Mail, Notice
from apps.policies.loading import standard_text
from apps.policies.pack import parse_pack
from apps.policies.queries import pack_of
from apps.policies.services import load_standard, propose_draft, publish, start_draft
from apps.projects import services as projects
from apps.projects.enums import Role
from apps.projects.models import Brief, DataSource
from apps.registry import services as registry
from apps.registry.models import Version
from apps.rubrics import services as rubrics
from apps.uploads import services as uploads
from tests.cast import COLUMNS, PASSWORD, evaluate, person
from tests.gates import conditional, tiny
from tests.modelcards import living

POLICY = conditional.SIGNED_BY_THREE
#: Another revision of it, which a project may move to and a draft may say.
CHANGED = POLICY.replace("title: Tiny", "title: Tiny, changed")
#: The questions of the standard policy about rules or machine learning.
SIGNALS = [one.key for one in parse_pack(standard_text()).method.framing.signals]
PEOPLE = {
    "stranger": "cleo",
    "viewer": "vera",
    "contributor": "dev",
    "reviewer": "ben",
    "risk": "rita",
    "owner": "ada",
    "auditor": "olga",
    "administrator": "adam",
}


@dataclass
class World:
    """``objects`` by the name that a row calls them; ``words`` fill bodies; ``sessions`` and ``secrets`` let people in."""

    cast: dict[str, User]
    objects: dict[str, Any] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)

    people = PEOPLE

    def client(self, role: str) -> Client:
        """Return a fresh browser, or pipeline, of somebody in this role."""
        client = Client()
        if role in self.sessions:
            client.cookies["sessionid"] = self.sessions[role]
        return client


def build() -> World:
    """Make the world through the services alone."""
    cast = {name: person(name) for name in ("ada", "dev", "ben", "bea", "rita", "vera", "cleo")}
    cast["olga"] = person("olga", SiteRole.AUDITOR)
    cast["adam"] = person("adam", SiteRole.ADMINISTRATOR)
    world = World(cast)
    load_standard()
    _mortgages(world)
    _sending(world)
    _tiny(world)
    _policies(world)
    _owed(world)
    _let_in(world)
    return world


def _mortgages(world: World) -> None:
    """The project under the standard policy: evidence of every kind."""
    ada, dev, objects = world.cast["ada"], world.cast["dev"], world.objects
    project = projects.create_project(slug="mortgages", name="Mortgages", by=ada)
    for name, role in (
        ("dev", Role.CONTRIBUTOR),
        ("ben", Role.REVIEWER),
        ("rita", Role.RISK),
        ("vera", Role.VIEWER),
    ):
        projects.add_member(project, user=world.cast[name], role=role, by=ada)
    account = accounts.create_service_account("ci", owner=dev, by=dev)
    projects.add_member(project, user=account, role=Role.CONTRIBUTOR, by=ada)
    experiment = experiments.create_experiment(project, name="first tries", by=dev)
    run = experiments.start_run(experiment, name="logistic", by=dev)
    model = registry.create_model(project, slug="approval", name="Approval", by=dev)
    version = registry.register_version(model, by=dev, run=run)
    evaluation = evaluate(version, by=dev)
    costs.set_budget(project, monthly_amount="1000", currency="USD", by=ada)
    experiments.end_run(experiments.start_run(experiment, name="ended", by=dev), by=dev)
    findings.look_at(project)
    entry = costs.record_cost(
        project, kind="training", amount="5", currency="USD", spent_on=date(2026, 1, 1), by=dev
    )
    world.words["version"] = str(version.pk)
    brief = Brief.objects.get(project=project)
    kill = projects.add_kill_criterion(project, title="Too dear", expression="costs.month > 900.0", by=ada)
    projects.answer_approach(project, answers=dict.fromkeys(SIGNALS, "unsure"), by=dev)
    projects.set_tier(
        project,
        answers={"impact": "notable", "autonomy": "proposes", "sensitivity": "open"},
        reason="Somebody confirms each.",
        by=ada,
    )
    address = "http://testserver/invitations/"
    invitation, world.words["secret"] = identity.invite(
        "guest@example.com", by=ada, address=address, project=project, role="viewer"
    )
    hers = accounts.create_service_account("nightly", owner=ada, by=ada)
    world.words["hers"] = str(hers.pk)
    trusted = {
        "kind": "github",
        "issuer": GITHUB,
        "claims": {"repository_id": "4711", "repository_owner_id": "42", "ref": "refs/heads/main"},
    }
    trust = identity.create_trust(project, name="nightly", account=hers, scopes=["read"], by=ada, **trusted)
    scores = dict.fromkeys(DataSource.DIMENSIONS, 4)
    source = data.assess(project, name="applications", scores=scores, by=dev)
    world.words["member"] = str(dev.pk)
    objects |= {
        "data-sources": source,
        "features": data.register_feature(
            project, name="user_visit_count_30d_sum", data_type="integer", by=dev
        ),
        "datasets": projects.record_dataset(
            project, name="loans", role="train", content_digest="0" * 64, row_count=1, by=dev
        ),
        "invitations": invitation,
        "trusts": trust,
        "members": project.memberships.get(user=world.cast["vera"]),
        "account": account,
        "project": project,
        "projects": project,
        "costs": entry,
        "brief": brief,
        "kill-criteria": kill,
        "experiments": experiment,
        "runs": run,
        "uploads": uploads.begin(project, size_bytes=3, sha256="0" * 64, by=dev),
        "models": model,
        "versions": version,
        "evaluations": evaluation,
        "mistake": Finding.objects.get(project=project, key="no_baseline"),
        "predictions": evaluation.prediction_set,
        "jobs": rubrics.request_suggestion(version, by=dev),
        "checks": registry.report_check(version, name="docs", status="passed", by=dev),
        "packs": assurance.request_pack(project, by=ada, version=version),
        "groups": identity.add_rule("lenders", role="viewer", project=project, by=world.cast["adam"]),
        "people": world.cast["vera"],
        "number": Event.objects.filter(project_id=project.pk).latest("id"),
    }
    sheet = checklists.open_checklist(version, key="rigor", by=dev)
    notes = checklists.Shown(file=io.BytesIO(b"Looked at by hand."), file_name="notes.txt")
    checklists.answer(sheet, item="worst_predictions", value="yes", shown=notes, by=dev)
    objects["shown"] = AnswerEvidence.objects.get()
    _cards(world, version)
    world.words["dimension"] = pack_of(project.policy_revision).rubric.dimensions[0].key


def _cards(world: World, version: Version) -> None:
    """Cards of the model's further versions: written, in review, published; a comment and a public link."""
    dev, objects = world.cast["dev"], world.objects
    written, reviewed, shown = (registry.register_version(version.model, by=dev) for _ in range(3))
    for one in (written, reviewed, shown):
        living.write(one, by=dev)
    life.submit(reviewed, by=dev)
    life.submit(shown, by=dev)
    living.publish(shown, by=world.cast["ben"])
    comment = commenting.comment(version, field="intended_use", text="For whom?", by=world.cast["ben"])
    with override_settings(PUBLIC_CARDS=True):
        link, _ = sharing.create_link(shown, note="The press", days=30, by=world.cast["ada"])
    world.words["card_digest"] = collect(reviewed).digest
    objects |= {
        "card_written": written,
        "card_in_review": reviewed,
        "card_published": shown,
        "card_comment": comment,
        "card_link": link,
    }


def _sending(world: World) -> None:
    """A webhook with a message on its way, one with a message that was given up, and e-mails."""
    ada, dev, objects = world.cast["ada"], world.cast["dev"], world.objects
    webhook, quiet = (
        notifications.create_webhook(objects["project"], name=name, url="https://example.org", by=ada)[0]
        for name in ("room", "quiet room")
    )
    failed = notifications.send_test(quiet, by=ada)
    unsent, sent = (Mail.objects.create(person=dev) for _ in range(2))
    for row in (failed, unsent):
        outbox.move(row, SendState.DEAD, error="Nobody answered.")
    outbox.move(sent, SendState.SENT, sent_at=timezone.now())
    objects |= {
        "webhook": webhook,
        "webhooks": webhook,
        "deliveries": notifications.send_test(webhook, by=ada),
        "quiet": quiet,
        "failed": failed,
        "unsent": unsent,
        "mails": sent,
    }


def _tiny(world: World) -> None:
    """The project under a small policy: requests, exceptions, re-reviews."""
    ada, dev, ben, bea, rita = (world.cast[name] for name in ("ada", "dev", "ben", "bea", "rita"))
    objects = world.objects
    project = tiny.tiny_project(world.cast, policy=POLICY)
    projects.add_member(project, user=bea, role=Role.REVIEWER, by=ada)
    projects.add_member(project, user=objects["account"], role=Role.CONTRIBUTOR, by=ada)
    model = tiny.tiny_model(project, dev)
    steady = registry.create_model(project, slug="steady", name="Steady", by=dev)
    for kind in (steady, model, model, model):
        running = tiny.tiny_version(kind, dev)
        closed = gates.request_promotion(running, to_stage="production", by=dev)
        for signer in (ben, bea, rita):
            counted = tiny.sign(closed, by=signer)
        running.refresh_from_db()
    gates.roll_back(running, by=ada, reason="Customers cannot log in.")
    running = model.versions.get(stage="production")
    closed = running.promotions.get()
    open_version, own, fresh = (tiny.tiny_version(model, dev) for _ in range(3))
    failing, waived, bare = (tiny.tiny_version(model, dev, passing=False) for _ in range(3))
    cards.change_card(own, fields={"intended_use": "Loans."}, by=ben)
    asked = {one: gates.request_promotion(one, to_stage="production", by=dev) for one in (open_version, own)}
    signed = tiny.tiny_version(model, dev)
    asked[signed] = gates.request_promotion(signed, to_stage="production", by=dev)
    until = timezone.now() + timedelta(days=7)
    ask = {"to_stage": "production", "reason": "The environment is being rebuilt.", "until": until, "by": dev}
    waiver = gates.ask_waiver(failing, criterion="loaded", **ask)
    given = gates.ask_waiver(waived, criterion="loaded", **ask)
    gates.grant_waiver(given, by=rita, proof=Proof(password=PASSWORD), comment="For a week.")
    objects |= {
        "tiny": project,
        "running": running,
        "fresh": fresh,
        "failing": failing,
        "bare": bare,
        "open_version": open_version,
        "closed": closed,
        "open": asked[open_version],
        "own": asked[own],
        "promotions": asked[open_version],
        "signature": tiny.sign(asked[signed], by=ben),
        "counted": closed.approvals.get(person=ben),
        "approvals": counted,
        "waiver": waiver,
        "waivers": waiver,
        "waived": given,
        "delegations": gates.delegate(
            project, to=world.cast["vera"], until=until, reason="On holiday.", by=bea
        ),
        "reviews": Review.objects.get(version__model=steady),
        "postmortems": model.versions.get(number=3).postmortems.get(),
    }


def _policies(world: World) -> None:
    """The drafts, of which the administrator wrote one and another administrator proposed one; a move that waits."""
    adam, objects = world.cast["adam"], world.objects
    eva = person("eva", SiteRole.ADMINISTRATOR)
    revision = publish(CHANGED, by=None)
    objects["policy-moves"] = gates.ask_move(
        objects["tiny"], to=revision, reason="It was agreed on.", by=world.cast["ada"]
    )
    objects["drafts"] = start_draft(source=POLICY.replace("Tiny", "Ours"), by=adam)
    theirs = start_draft(source=POLICY.replace("Tiny", "Theirs"), by=eva)
    objects["proposed"] = propose_draft(theirs, by=eva, reason="We agreed on it.")
    mine = start_draft(source=POLICY.replace("Tiny", "Mine"), by=adam)
    objects["mine"] = propose_draft(mine, by=adam, reason="We agreed on it.")
    world.words |= {"policy": CHANGED.replace("changed", "again"), "revision": str(revision.pk)}


def _owed(world: World) -> None:
    """What the contributor owes for a version in production: something open, and something that waits for a yes."""
    dev, objects = world.cast["dev"], world.objects
    model = registry.create_model(objects["tiny"], slug="owing", name="Owing", by=dev)
    asked = gates.request_promotion(tiny.tiny_version(model, dev), to_stage="production", by=dev)
    due = timezone.now() + timedelta(days=14)
    texts = ("Write the runbook for the night shift.", "Train the night shift to use it.")
    terms = Terms((), None, tuple(Owed(text, dev.pk, due) for text in texts))
    for name in ("ben", "bea", "rita"):
        tiny.sign(asked, by=world.cast[name], **({"terms": terms} if name == "ben" else {}))
    runbook, training = Obligation.objects.filter(promotion=asked).order_by("id")
    gates.fulfil_obligation(training, by=dev, note="They were trained on Monday.")
    objects |= {"obligations": runbook, "fulfilled": training}


def _let_in(world: World) -> None:
    for role, name in PEOPLE.items():
        client = Client()
        client.force_login(world.cast[name])
        world.sessions[role] = client.cookies["sessionid"].value
    issue = {"by": world.cast["dev"]}
    account = world.objects["account"]
    token, world.secrets["token"] = accounts.issue_token(account, name="all", scopes=Scope.values, **issue)
    for scope in Scope.values:
        others = [one for one in Scope.values if one != scope]
        _, world.secrets[f"without {scope}"] = accounts.issue_token(
            account, name=f"-{scope}", scopes=others, **issue
        )
    objects = world.objects
    objects["token"] = objects["tokens"] = token
    objects["notices"] = Notice.objects.filter(person=world.cast["dev"]).latest("id")
    world.words |= {
        "password": PASSWORD,
        "soon": f"{timezone.now() + timedelta(days=7):%Y-%m-%d}",
        "bea": str(world.cast["bea"].pk),
        "notice": str(objects["notices"].pk),
        "project": str(objects["project"].pk),
        "evaluation": str(objects["evaluations"].pk),
        "open_digest": objects["open"].evidence_digest,
        "own_digest": objects["own"].evidence_digest,
        "digest": "a" * 64,
        "columns": json.dumps(COLUMNS.to_json()),
    }
