"""A project follows another revision by two people; open requests feel it only where it is stricter (guarantee 5)."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import Reauthentication
from apps.accounts.proofs import Proof
from apps.accounts.services import reauthenticate
from apps.api.policies import PolicyMoves
from apps.audit.models import Event
from apps.core.errors import Forbidden, Invalid, MlgovError, Refused
from apps.gates import services
from apps.gates.models import Promotion
from apps.policies.permissions import beneficiaries
from apps.policies.queries import pack_of
from apps.policies.services import propose_draft, publish, publish_draft, start_draft
from apps.projects.models import PolicyMove, Project
from apps.projects.services import add_member
from apps.registry.services import report_check
from tests.api.conftest import client_with
from tests.cast import PASSWORD, follow, person
from tests.gates.light import pack, sign, tiny_project, tiny_version

WHY = "The new one is what we agreed on."
PROOF = Proof(password=PASSWORD)
LOADED = "[{key: loaded, title: Under load, expression: checks.load.status == 'passed', remedy: Load it.}]"


def revision(**more):
    return publish(pack(**more), by=None)


@pytest.fixture
def looser(tiny):
    return revision(reviewers=1)


@pytest.fixture
def stricter(tiny):
    return revision(reviewers=2, criteria=LOADED)


def reread(row):
    return type(row).objects.get(pk=row.pk)


def test_an_owner_asks_and_a_risk_officer_confirms(tiny, looser, ada, rita):
    move = services.ask_move(tiny, to=looser, reason=WHY, by=ada)
    assert reread(tiny).policy_revision != looser
    done = services.confirm_move(move, by=rita, proof=PROOF)
    assert (done.state, done.confirmed_by) == ("confirmed", rita)
    assert reread(tiny).policy_revision == looser
    kinds = set(Event.objects.filter(project_id=tiny.pk).values_list("kind", flat=True))
    assert {"projects.policy_move_asked", "projects.policy_move_confirmed", "projects.policy_moved"} <= kinds


@pytest.mark.promise("5")
def test_nobody_moves_a_project_alone(tiny, looser, ada, ben, dev, rita, cleo):
    for who in (ben, dev, rita, cleo):
        with pytest.raises(Forbidden):
            services.ask_move(tiny, to=looser, reason=WHY, by=who)
    move = services.ask_move(tiny, to=looser, reason=WHY, by=ada)
    for who in (ada, ben, cleo):
        with pytest.raises(Forbidden):
            services.confirm_move(move, by=who, proof=PROOF)
    with pytest.raises(MlgovError):
        services.confirm_move(move, by=rita, proof=Proof(password="wrong"))
    assert reread(tiny).policy_revision != looser


def test_what_cannot_be_asked_for_is_said_in_words(tiny, looser, ada):
    with pytest.raises(Invalid, match="Say why"):
        services.ask_move(tiny, to=looser, reason="no", by=ada)
    with pytest.raises(Refused, match="already"):
        services.ask_move(tiny, to=tiny.policy_revision, reason=WHY, by=ada)
    services.ask_move(tiny, to=looser, reason=WHY, by=ada)
    with pytest.raises(Refused, match="waits already"):
        services.ask_move(tiny, to=looser, reason=WHY, by=ada)


def test_a_stage_with_versions_is_not_lost(tiny, light, ada, rita, ben, bea, dev):
    asked = services.request_promotion(light, to_stage="staging", by=dev)
    sign(asked, ben)
    sign(asked, bea)
    text = pack(reviewers=2).replace("- {key: staging, title: Staging}", "- {key: trial, title: Trial}")
    text = text.replace("to: staging", "to: trial").replace("from: staging", "from: trial")
    with pytest.raises(Refused, match="no stage staging"):
        services.ask_move(tiny, to=publish(text, by=None), reason=WHY, by=ada)


def test_the_database_lets_a_project_move_only_as_confirmed(tiny, looser, ada, rita):
    with pytest.raises(IntegrityError, match="nobody confirmed"), transaction.atomic():
        Project.objects.filter(pk=tiny.pk).update(
            policy_revision=looser, lock_version=reread(tiny).lock_version + 1
        )
    move = services.ask_move(tiny, to=looser, reason=WHY, by=ada)
    fields = {"state": "confirmed", "project_version": 1, "lock_version": 2, "closed_at": move.created_at}
    for who in (ada, person("zoe")):
        proof = reauthenticate(who, proof=PROOF)
        with pytest.raises(IntegrityError), transaction.atomic():
            PolicyMove.objects.filter(pk=move.pk).update(confirmed_by=who, reauthentication=proof, **fields)
    assert Reauthentication.objects.count() == 2


def test_a_confirmed_move_moves_once(tiny, looser, ada, rita):
    before = tiny.policy_revision
    follow(tiny, looser, owner=ada, risk=rita)
    follow(reread(tiny), before, owner=ada, risk=rita)
    with pytest.raises(IntegrityError, match="nobody confirmed"), transaction.atomic():
        Project.objects.filter(pk=tiny.pk).update(
            policy_revision=looser, lock_version=reread(tiny).lock_version + 1
        )


@pytest.mark.promise("5")
def test_a_looser_policy_leaves_an_open_request_as_it_is(tiny, request_, looser, ada, rita, ben, bea):
    sign(request_, ben)
    before = request_.policy_revision
    follow(tiny, looser, owner=ada, risk=rita)
    kept = reread(request_)
    assert (kept.state, kept.policy_revision) == ("open", before)
    sign(kept, rita)
    assert reread(kept).state == "open"
    sign(kept, bea)
    assert reread(kept).state == "promoted"


@pytest.mark.promise("5")
def test_a_stricter_policy_makes_an_open_request_stale(tiny, request_, stricter, ada, rita, ben):
    sign(request_, ben)
    follow(tiny, stricter, owner=ada, risk=rita)
    assert reread(request_).state == "stale"
    successor = Promotion.objects.get(replaces=request_)
    assert (successor.state, successor.policy_revision) == ("refused", stricter)
    (event,) = Event.objects.filter(kind="gates.promotion_stale", object_id=request_.pk)
    assert "Under load" in event.data["reasons"]


def test_one_more_signature_is_stricter_too(ada, dev, ben, bea, rita):
    members = ((dev, "contributor"), (ben, "reviewer"), (bea, "reviewer"), (rita, "risk"))
    project = tiny_project(owner=ada, members=members, reviewers=1)
    asked = services.request_promotion(tiny_version(project, by=dev), to_stage="production", by=dev)
    follow(project, revision(reviewers=2), owner=ada, risk=rita)
    assert reread(asked).state == "stale"
    assert Promotion.objects.get(replaces=asked).state == "open"


def test_a_move_that_the_policy_lacks_closes_the_request_alone(tiny, request_, ada, rita):
    text = pack(reviewers=2).replace(
        "  - {from: development, to: production, kind: promote, gate: strict}\n", ""
    )
    follow(tiny, publish(text, by=None), owner=ada, risk=rita)
    assert reread(request_).state == "stale"
    assert not Promotion.objects.filter(replaces=request_).exists()


@pytest.fixture
def refused(ada, dev, ben, rita):
    """A project whose version was refused for want of a load test; rita asked for it herself as an owner would."""
    members = ((dev, "contributor"), (ben, "reviewer"), (rita, "risk"))
    project = tiny_project(owner=ada, members=members, criteria=LOADED)
    asked = services.request_promotion(tiny_version(project, by=dev), to_stage="production", by=dev)
    assert asked.state == "refused"
    return asked


@pytest.mark.promise("5")
def test_whom_a_change_benefits_is_named_and_cannot_make_it(refused, dev, ada):
    text = pack(criteria="[]")
    found = beneficiaries(pack_of(publish(text, by=None)))
    assert set(found) == {dev.pk, ada.pk}
    assert "was refused" in found[dev.pk]
    adam = person("adam", "administrator")
    ada.site_role = "administrator"
    ada.save(update_fields=["site_role"])
    other = text.replace("title: Tiny", "title: Tiny again")
    draft = propose_draft(start_draft(source=other, by=adam), by=adam, reason=WHY)
    with pytest.raises(Forbidden, match="benefits you"):
        publish_draft(draft, by=ada, proof=PROOF)


def test_a_risk_officer_who_asked_for_what_was_refused_does_not_confirm(refused, ada, dev, rita):
    project = refused.version.model.project
    ruth = person("ruth")
    add_member(project, user=ruth, role="risk", by=ada)
    membership = project.memberships.get(user=dev)
    move = services.ask_move(project, to=revision(), reason=WHY, by=ada)
    from apps.projects.services import change_role

    change_role(membership, role="risk", by=ada)
    with pytest.raises(Forbidden, match="benefits you"):
        services.confirm_move(move, by=dev, proof=PROOF)
    assert services.confirm_move(move, by=ruth, proof=PROOF).state == "confirmed"


def test_the_pages_ask_confirm_and_close(client, tiny, request_, stricter, looser, ada, ben, rita):
    client.force_login(ada)
    path = reverse("gates:policy", args=[tiny.slug])
    preview = client.get(path, {"to": str(stricter.pk)}).content.decode()
    assert "Under load" in preview
    assert client.post(path, {"revision_id": str(stricter.pk), "reason": "no"}).status_code == 422
    assert client.post(path, {"revision_id": "x", "reason": WHY}).status_code == 422
    assert client.post(path, {"revision_id": str(looser.pk), "reason": WHY}).status_code == 302
    move = PolicyMove.objects.get()
    confirm = reverse("gates:confirm_move", args=[move.pk])
    close = reverse("gates:close_move", args=[move.pk])
    assert "a risk officer must confirm" in client.post(confirm, {"password": PASSWORD}).content.decode()
    assert client.post(close, {"reason": "It was a slip of the hand."}).status_code == 302
    assert reread(move).state == "withdrawn"
    assert client.post(path, {"revision_id": str(stricter.pk), "reason": WHY}).status_code == 302
    client.force_login(ben)
    assert "confirmed by the role risk" in client.get(path).content.decode()
    client.force_login(rita)
    confirm = reverse("gates:confirm_move", args=[PolicyMove.objects.get(state="asked").pk])
    assert "Under load" in client.get(path).content.decode()
    assert client.post(confirm, {"password": "wrong"}).status_code == 422
    assert client.post(confirm, {"password": PASSWORD}).status_code == 302
    assert client.post(confirm, {"password": PASSWORD}).status_code == 422
    assert reread(tiny).policy_revision == stricter


def test_a_stranger_finds_no_move(client, tiny, looser, ada, cleo):
    move = services.ask_move(tiny, to=looser, reason=WHY, by=ada)
    client.force_login(cleo)
    assert client.get(reverse("gates:policy", args=[tiny.slug])).status_code == 404
    for name in ("confirm_move", "close_move"):
        assert client.post(reverse(f"gates:{name}", args=[move.pk]), {"reason": WHY}).status_code == 404


def test_the_page_costs_the_same_with_more_revisions_and_moves(client, tiny, looser, ada):
    client.force_login(ada)
    path = reverse("gates:policy", args=[tiny.slug])

    def more(number):
        made = publish(pack(reviewers=1).replace("title: Easy", f"title: Easy {number}"), by=None)
        services.close_move(
            services.ask_move(tiny, to=made, reason=WHY, by=ada), by=ada, reason="Only a row in the list."
        )

    more(1)
    client.get(path)  # The frame counts what waits once.
    with CaptureQueriesContext(connection) as one:
        client.get(path)
    for number in (2, 3):
        more(number)
    client.get(path)  # The frame counts what waits once.
    with CaptureQueriesContext(connection) as three:
        client.get(path)
    assert len(three) == len(one)


def test_a_pipeline_reads_what_would_change_and_does_not_ask(tiny, request_, stricter, looser, dev, ada):
    from apps.accounts import services as accounts

    account = accounts.create_service_account("bot", owner=dev, by=dev)
    add_member(tiny, user=account, role="contributor", by=ada)
    _, secret = accounts.issue_token(account, name="t", scopes=["read", "promote"], by=dev)
    api = client_with(secret)
    base = f"/api/v1/projects/{tiny.pk}"
    found = api.get(f"{base}/policy-preview", {"policy": "tiny", "revision": stricter.number}).json()
    assert {one["kind"] for one in found["changes"]} == {"request", "version"}
    assert api.get(f"{base}/policy-preview", {"policy": "none"}).status_code == 422
    body = {"policy": "tiny", "revision": looser.number, "reason": WHY}
    assert api.post(f"{base}/policy-moves", body, format="json").status_code == 403
    services.ask_move(tiny, to=looser, reason=WHY, by=ada)
    (move,) = api.get(f"{base}/policy-moves").json()["results"]
    assert (move["state"], move["after"]["revision"]) == ("asked", looser.number)
    assert PolicyMoves.scopes["POST"] == "promote"


def test_evidence_still_makes_a_kept_request_stale(tiny, request_, looser, ada, rita, ben, dev):
    follow(tiny, looser, owner=ada, risk=rita)
    report_check(reread(request_).version, name="load", status="passed", by=dev)
    with pytest.raises(Refused) as caught:
        sign(reread(request_), ben)
    assert caught.value.code == "stale"
    assert Promotion.objects.get(pk=caught.value.details["promotion"]).policy_revision == looser
