"""A card from draft to publication and on: who may do what, what is kept, and what the database refuses."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import ProgrammingError
from django.urls import reverse

from apps.accounts import services as accounts
from apps.accounts.proofs import Proof
from apps.accounts.services.confirming import WrongProof
from apps.audit.models import Event
from apps.core.canonical import digest
from apps.core.errors import Conflict, Forbidden, Invalid, Refused
from apps.evidence.services import collect
from apps.modelcards import commenting, life, queries
from apps.modelcards import services as cards
from apps.modelcards.models import (
    Card,
    CardRevision,
    CardStep,
    Publication,
    PublicLink,
    Withdrawal,
)
from apps.projects.enums import Role
from apps.projects.models import Membership
from apps.registry import services as registry
from tests.cast import PASSWORD
from tests.gates.light import notices
from tests.gates.test_exception_races import at_once
from tests.modelcards.living import MEANING, publish, published, write

pytestmark = [pytest.mark.django_db, pytest.mark.method("M9.2")]


@pytest.fixture
def in_review(version, dev):
    write(version, by=dev)
    return life.submit(version, by=dev)


def state_of(version):
    return Card.objects.get(version=version).state


def test_a_card_is_written_reviewed_and_published_by_two(version, in_review, ben, rita, ada, dev):
    assert notices("modelcards.review_asked") == ["Ben", "Rita"]
    assert [one.version_id for one in queries.cards_to_publish_for(ben)] == [version.pk]
    evidence = collect(version).digest
    made = publish(version, by=ben)
    assert (state_of(version), made.number, made.revision.number, made.role) == (
        "published",
        1,
        1,
        "reviewer",
    )
    assert made.evidence_digest == evidence
    assert made.content_digest == digest(made.content)
    assert {one["key"]: one["text"] for one in made.content["fields"]} == made.revision.fields
    event = Event.objects.get(kind="modelcards.card_published")
    assert (event.data["meaning"], event.data["content_digest"]) == (MEANING, made.content_digest)
    assert notices("modelcards.published") == ["Ada", "Dev"]
    assert not queries.cards_to_publish_for(rita).exists()
    assert [one.step for one in queries.steps_of(made.card)] == ["published", "submitted"]


def test_a_change_makes_a_draft_and_what_is_published_stays(version, dev, ben):
    first = published(version, writer=dev, publisher=ben)
    cards.change_card(version, fields={"intended_use": "Something else."}, by=dev)
    card = Card.objects.get(version=version)
    assert card.state == "draft"
    assert queries.standing_publication(card) == first
    assert first.revision.fields["intended_use"] == "About intended use."
    life.submit(version, by=dev)
    second = publish(version, by=ben)
    assert (second.number, second.revision.number) == (2, 2)
    assert queries.standing_publication(card) == second


def test_a_change_in_review_is_a_draft_again(version, in_review, dev):
    cards.change_card(version, fields={"caveats": "One more thing."}, by=dev)
    assert state_of(version) == "draft"
    assert CardStep.objects.latest("id").step == "changed"


def test_it_is_sent_back_with_a_reason_or_taken_back(version, in_review, dev, ben):
    with pytest.raises(Invalid, match="Say what is to be done, in 10"):
        life.send_back(version, reason="no", by=ben)
    life.send_back(version, reason="Say whom it may harm.", by=ben)
    assert state_of(version) == "draft"
    assert notices("modelcards.sent_back") == ["Dev"]
    life.submit(version, by=dev)
    life.take_back(version, by=dev)
    assert state_of(version) == "draft"


@pytest.mark.parametrize(
    ("who", "error", "says"),
    [
        ("dev", Forbidden, "takes the role reviewer or risk"),
        ("ada", Forbidden, "takes the role reviewer or risk"),
        ("olga", Forbidden, "no role here"),
        ("ci", Forbidden, "Only a person can sign"),
    ],
)
def test_who_may_not_publish(version, in_review, request, who, error, says):
    actor = request.getfixturevalue(who)
    with pytest.raises(error, match=says):
        publish(version, by=getattr(actor, "user", actor))
    assert not Publication.objects.exists()
    refused = Event.objects.get(kind="modelcards.act_refused", object_id=version.pk)
    assert says in refused.data["reason"]


def test_nobody_publishes_what_they_wrote_in(version, dev, ben, rita):
    write(version, by=ben)
    cards.change_card(version, fields={"caveats": "By another."}, by=dev)
    commenting.comment(version, field="caveats", text="Read.", by=rita)
    life.submit(version, by=dev)
    assert not queries.cards_to_publish_for(ben).exists()
    assert notices("modelcards.review_asked") == ["Rita"]
    with pytest.raises(Forbidden, match=r"You wrote in this card .* May publish it: Rita"):
        publish(version, by=ben)
    proof = accounts.reauthenticate(ben, proof=Proof(password=PASSWORD))
    card = Card.objects.get(version=version)
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        _publication(card, published_by=ben, reauthentication=proof)
    assert "four_eyes" in error.value.__cause__.diag.constraint_name
    publish(version, by=rita)
    # What is published was read by a second person: its writers may publish what others change from then on.
    cards.change_card(version, fields={"caveats": "Something new."}, by=dev)
    life.submit(version, by=dev)
    publish(version, by=ben)
    life.withdraw(version, reason="It is not true.", by=rita)
    cards.change_card(version, fields={"caveats": "Other."}, by=dev)
    assert queries.writers_of(Card.objects.get(version=version)) == {dev.pk}


def test_a_withdrawn_publication_counts_for_nobody(version, dev, ben, rita, ada):
    published(version, writer=ben, publisher=rita)
    life.withdraw(version, reason="It is not true.", by=ada)
    cards.change_card(version, fields={"caveats": "One word."}, by=dev)
    assert queries.writers_of(Card.objects.get(version=version)) == {dev.pk, ben.pk}


def test_the_sentence_says_that_nobody_is_left(version, dev, ben, rita, client):
    write(version, by=ben)
    cards.change_card(version, fields={"caveats": "By risk."}, by=rita)
    life.submit(version, by=dev)
    with pytest.raises(Forbidden, match=r"Nobody of this project is left .* An owner can give"):
        publish(version, by=rita)
    client.force_login(dev)
    page = client.get(reverse("modelcards:life", args=[version.pk])).content.decode()
    assert "Nobody of this project is left who may" in page


@pytest.mark.parametrize("was_published", [False, True])
def test_who_wrote_the_last_card_wrote_what_is_carried(version, dev, ben, rita, was_published):
    write(version, by=ben)
    if was_published:
        life.submit(version, by=ben)
        publish(version, by=rita)
    later = registry.register_version(version.model, by=dev)
    card = cards.change_card(later, fields={"caveats": "About this one."}, by=dev)
    assert queries.writers_of(card) == ({dev.pk} if was_published else {dev.pk, ben.pk})
    if not was_published:
        write(later, by=dev, **{key: f"{text} Anew." for key, text in card.fields.items()})
        assert queries.writers_of(Card.objects.get(version=later)) == {dev.pk}


@pytest.mark.parametrize(
    ("more", "error", "says"),
    [
        ({"meaning": "ok"}, Invalid, "Say what your signature means"),
        ({"evidence_digest": "a" * 64}, Refused, "evidence changed since you looked"),
        ({"expect": 1}, Conflict, "changed by someone else"),
        ({"proof": Proof(password="wrong")}, WrongProof, "not your password"),
        ({"proof": Proof()}, Invalid, "nothing was given"),
    ],
)
def test_a_publication_that_says_or_proves_too_little(version, in_review, ben, more, error, says):
    with pytest.raises(error, match=says):
        publish(version, by=ben, **more)
    assert not Publication.objects.exists()
    assert state_of(version) == "in_review"


def test_what_does_not_fit_the_state_is_refused(version, dev, ben, ada):
    with pytest.raises(Refused, match="Nothing is written yet"):
        life.submit(version, by=dev)
    cards.change_card(version, fields={"intended_use": "Loans."}, by=dev)
    with pytest.raises(Refused, match="required fields are empty: Description"):
        life.submit(version, by=dev)
    for act in (life.take_back, publish):
        with pytest.raises(Refused, match="not in review"):
            act(version, by={life.take_back: dev, publish: ben}[act])
    with pytest.raises(Refused, match="none to withdraw"):
        life.withdraw(version, reason="It is not true.", by=ada)
    write(version, by=dev)
    life.submit(version, by=dev)
    with pytest.raises(Refused, match="in review already"):
        life.submit(version, by=dev)


def test_a_publication_is_withdrawn_with_a_reason(version, dev, ben, ada, ci):
    made = published(version, writer=dev, publisher=ben)
    for who in (dev, ci.user):
        with pytest.raises(Forbidden):
            life.withdraw(version, reason="It is not true.", by=who)
    with pytest.raises(Invalid, match="10 characters"):
        life.withdraw(version, reason="no", by=ada)
    life.withdraw(version, reason="It is not true.", by=ada)
    assert queries.standing_publication(made.card) is None
    assert notices("modelcards.publication_withdrawn") == ["Ben", "Dev"]
    with pytest.raises(Refused, match="none to withdraw"):
        life.withdraw(version, reason="It is not true.", by=ada)


def test_the_database_changes_nothing_that_is_kept(version, dev, ben, ada):
    made = published(version, writer=dev, publisher=ben)
    life.withdraw(version, reason="It is not true.", by=ada)
    for model in (CardRevision, CardStep, Publication, Withdrawal):
        with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic():
            model.objects.update(created_at="2020-01-01T00:00Z")
        with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic():
            model.objects.filter(pk=model.objects.first().pk)._raw_delete("default")
    assert not PublicLink.objects.exists()
    assert made.card_id


def _publication(card, **more):
    """Write the row of a publication past the services."""
    newest = queries.revisions_of(card).first()
    given = {
        "card": card,
        "number": 1,
        "revision": newest,
        "card_version": card.lock_version,
        "content": {},
        "content_digest": "a" * 64,
        "evidence_digest": "a" * 64,
        "basis_digest": "a" * 64,
        "meaning": MEANING,
        "role": "reviewer",
    }
    return Publication.objects.create(**(given | more))


def test_the_database_keeps_four_eyes_proof_and_state(version, in_review, dev, ben, cleo):
    proof = {who: accounts.reauthenticate(who, proof=Proof(password=PASSWORD)) for who in (dev, ben, cleo)}
    cases = [
        ("four_eyes", {"published_by": dev, "reauthentication": proof[dev]}),
        ("reauthenticated", {"published_by": ben, "reauthentication": proof[cleo]}),
        ("reauthenticated", {"published_by": cleo, "reauthentication": proof[cleo]}),
        ("of_what_is_in_review", {"published_by": ben, "reauthentication": proof[ben], "card_version": 1}),
        ("has_meaning", {"published_by": ben, "reauthentication": proof[ben], "meaning": "ok"}),
    ]
    for constraint, more in cases:
        with pytest.raises(IntegrityError) as error, transaction.atomic():
            _publication(in_review, **more)
        assert constraint in error.value.__cause__.diag.constraint_name
    assert Membership.objects.filter(user=ben, role=Role.REVIEWER).exists()


@pytest.mark.parametrize(
    ("sets", "constraint"),
    [
        ("state = 'published'", "modelcards_card_published_by_somebody"),
        ('fields = \'{"a": "b"}\'', "modelcards_card_changed_is_draft"),
        ("fields = '{\"a\": \"b\"}', state = 'draft'", "modelcards_card_has_revision"),
        ("state = 'gone'", "modelcards_card_moves"),
    ],
)
def test_the_database_keeps_the_moves_of_a_card(version, in_review, sets, constraint):
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        _update_card(sets)
    assert error.value.__cause__.diag.constraint_name == constraint


def _update_card(sets):
    """Change cards past the services, and ask for what is asked at the end of a transaction."""
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE modelcards_card SET {sets}, lock_version = lock_version + 1")
        cursor.execute("SET CONSTRAINTS modelcards_card_kept IMMEDIATE")


@pytest.mark.django_db(transaction=True)
def test_two_who_publish_at_once_publish_once(version, dev, ben, rita):
    write(version, by=dev)
    refusals = at_once(lambda: life.submit(version, by=dev), lambda: life.submit(version, by=ben))
    assert len(refusals) == 1
    refusals = at_once(lambda: publish(version, by=ben), lambda: publish(version, by=rita))
    assert len(refusals) == 1
    assert Publication.objects.count() == 1
    assert CardStep.objects.filter(step="submitted").count() == 1


def test_a_form_that_the_page_does_not_show_any_more_says_what_is_wrong(client, version, in_review, dev, ben):
    act = {name: reverse(f"modelcards:{name}", args=[version.pk]) for name in ("publish", "send_back")}
    client.force_login(ben)
    body = {"lock_version": "3", "evidence_digest": collect(version).digest, "meaning": MEANING}
    broken = client.post(act["send_back"], {"lock_version": "x", "reason": "Say whom it may harm."})
    assert "Load the page again, and send it from there." in broken.content.decode()
    unseen = client.post(act["send_back"], {"lock_version": "3", "reason": "\u200b" * 30})
    assert "in 10 characters or more" in unseen.content.decode()
    cards.change_card(version, fields={"caveats": "Meanwhile."}, by=dev)
    late = client.post(act["publish"], body | {"password": PASSWORD})
    assert late.status_code == 422
    assert "The card is not in review. Somebody must send it for review first." in late.content.decode()
    assert not Publication.objects.exists()


def test_the_page_does_it_all_with_plain_forms(client, version, dev, ben, cleo):
    path = reverse("modelcards:life", args=[version.pk])
    act = {
        name: reverse(f"modelcards:{name}", args=[version.pk])
        for name in ("submit", "publish", "send_back", "withdraw")
    }
    client.force_login(dev)
    assert "Nothing is written yet" in client.get(path).content.decode()
    write(version, by=dev)
    assert client.post(act["submit"], {"lock_version": "7"}).status_code == 422
    seen = client.get(path).context["seen_form"].initial
    assert client.post(act["submit"], seen).status_code == 302
    client.force_login(ben)
    form = client.get(path).context["publish_form"]
    body = {**form.initial, "meaning": MEANING, "password": PASSWORD}
    assert client.post(act["publish"], body | {"password": "wrong"}).status_code in {403, 422}
    assert client.post(act["publish"], body | {"password": ""}).status_code == 422
    assert client.post(act["send_back"], {**form.initial, "reason": ""}).status_code == 422
    assert client.post(act["publish"], body).status_code == 302
    assert MEANING in client.get(path).content.decode()
    assert client.post(act["publish"], body).status_code == 422
    assert client.post(act["withdraw"], {"reason": "It is not true."}).status_code == 302
    client.force_login(cleo)
    assert client.get(path).status_code == 404
    assert {client.post(one, body).status_code for one in act.values()} == {404}
