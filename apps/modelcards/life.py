"""What people do with a card besides writing: send it for review, send it back, publish it, withdraw what was published."""

from dataclasses import replace
from typing import Any

from django.db import IntegrityError
from django.db.models import Max
from django.urls import reverse

from apps.accounts import services as accounts
from apps.accounts.models import Reauthentication, User
from apps.accounts.proofs import Proof
from apps.audit import services as audit
from apps.core import governed
from apps.core.canonical import digest
from apps.core.db import constraint_name, service
from apps.core.errors import Refused
from apps.core.reasons import demand_reason
from apps.evidence.services import collect
from apps.modelcards import permissions, queries
from apps.modelcards.basis import basis_digest
from apps.modelcards.document import document_of, gather
from apps.modelcards.enums import CardState, Step
from apps.modelcards.fieldnames import missing_in
from apps.modelcards.models import Card, CardRevision, CardStep, Publication, Withdrawal
from apps.modelcards.public import content_of
from apps.modelcards.revising import move
from apps.notifications.announcing import announce
from apps.projects.enums import Role
from apps.projects.models import Project
from apps.projects.permissions import role_of
from apps.registry.models import Version

#: What the constraints of the database mean to a person.
SENTENCES = {
    "modelcards_publication_four_eyes": "You wrote in this card since it was last published, so somebody else must publish it.",
    "modelcards_publication_of_what_is_in_review": "The card changed since you looked. Load the page again.",
    "modelcards_publication_of_the_newest": "The card changed since you looked. Load the page again.",
    "modelcards_publication_reauthenticated": "Confirm your identity again, in the role that you have here now.",
}


@service
def submit(version: Version, *, by: User, expect: int | None = None) -> Card:
    """Send the card for review; who may publish it is told."""
    card, newest = _locked(version, expect)
    missing = missing_in(version, card.fields if card else {})
    permissions.can_submit(by, _project(version), card, missing=missing).enforce()
    assert card is not None
    assert newest is not None
    _step(card, CardState.IN_REVIEW, Step.SUBMITTED, newest, by=by)
    _record("modelcards.card_submitted", card, version, by=by, revision=newest.number)
    writers = queries.writers_of(card)
    who = [one for one in queries.signers_of(_project(version)) if one.pk not in writers]
    _tell("modelcards.review_asked", card, version, to=who, by=by)
    return card


@service
def take_back(version: Version, *, by: User, expect: int | None = None) -> Card:
    """Take the card back from review, to go on writing."""
    card, newest = _locked(version, expect)
    permissions.can_take_back(by, _project(version), card).enforce()
    assert card is not None
    assert newest is not None
    _step(card, CardState.DRAFT, Step.TAKEN_BACK, newest, by=by)
    _record("modelcards.card_taken_back", card, version, by=by)
    return card


@service
def send_back(version: Version, *, reason: str, by: User, expect: int | None = None) -> Card:
    """Send the card back to its writers, with what is to be done."""
    card, newest = _locked(version, expect)
    permissions.can_send_back(by, _project(version), card).enforce()
    assert card is not None
    assert newest is not None
    said = demand_reason(reason, ask="Say what is to be done,")
    to = _writers(card, newest)
    _step(card, CardState.DRAFT, Step.SENT_BACK, newest, by=by, reason=said)
    _record("modelcards.card_sent_back", card, version, by=by, reason=said)
    _tell("modelcards.sent_back", card, version, to=to, by=by, reason=said)
    return card


def publish(
    version: Version, *, meaning: str, evidence_digest: str, by: User, proof: Proof, expect: int | None = None
) -> Publication:
    """Publish the card as it stands in review, with a written meaning and a proof of who signs.

    ``evidence_digest`` is that of the evidence which the signer looked at; raises Refused when it is another now.
    """
    said = demand_reason(meaning, ask="Say what your signature means,", field="meaning")
    try:
        permissions.can_publish(by, _project(version), queries.card_of(version)).enforce()
        confirmed = accounts.reauthenticate(by, proof=proof)
        return _publish(
            version, meaning=said, seen=evidence_digest, by=by, confirmed=confirmed, expect=expect
        )
    except IntegrityError as error:
        sentence = SENTENCES.get(constraint_name(error) or "")
        if sentence is None:
            raise
        refused = Refused(sentence, code="changed_meanwhile")
        _note_refusal(version, refused, by=by)
        raise refused from error
    except Refused as error:
        _note_refusal(version, error, by=by)
        raise


@service
def _publish(
    version: Version, *, meaning: str, seen: str, by: User, confirmed: Reauthentication, expect: int | None
) -> Publication:
    project = _project(version)
    card, newest = _locked(version, expect)
    permissions.can_publish(by, project, card).enforce()
    assert card is not None
    assert newest is not None
    # The text of the locked row, whatever this request read of the card before.
    known = replace(gather(version), card=card)
    content, basis = content_of(document_of(known)), basis_digest(version)
    # Each is a reading of its own: what was the same before and after all of them was the same between them.
    if {known.evidence.digest, collect(version).digest} != {seen}:
        raise Refused("The evidence changed since you looked. Load the page again.", code="evidence_changed")
    role = role_of(by, project.pk)
    assert role is not None, "who publishes has a role"
    signed = {
        "meaning": meaning,
        "role": role.value,
        "evidence_digest": seen,
        "content_digest": digest(content),
    }
    published = Publication.objects.create(
        card=card,
        number=(card.publications.aggregate(newest=Max("number"))["newest"] or 0) + 1,
        revision=newest,
        card_version=card.lock_version,
        content=content,
        basis_digest=basis,
        published_by=by,
        reauthentication=confirmed,
        **signed,
    )
    to = _writers(card, newest) + _members(project, {Role.OWNER})
    _step(card, CardState.PUBLISHED, Step.PUBLISHED, newest, by=by)
    _record("modelcards.card_published", card, version, by=by, revision=newest.number, **signed)
    _tell("modelcards.published", card, version, to=to, by=by)
    return published


@service
def withdraw(version: Version, *, reason: str, by: User) -> Withdrawal:
    """Withdraw what is published; readers see nothing as published until something is published anew."""
    card, newest = _locked(version, None)
    standing = queries.standing_publication(card)
    permissions.can_withdraw(by, _project(version), standing).enforce()
    assert card is not None
    assert newest is not None
    assert standing is not None
    said = demand_reason(reason)
    made = Withdrawal.objects.create(publication=standing, reason=said, withdrawn_by=by)
    _record("modelcards.publication_withdrawn", made, version, by=by, reason=said, number=standing.number)
    to = [*_writers(card, newest), standing.published_by, *_members(_project(version), {Role.OWNER})]
    _tell("modelcards.publication_withdrawn", card, version, to=to, by=by, reason=said)
    return made


@service
def _note_refusal(version: Version, error: Refused, *, by: User) -> None:
    audit.record(
        "modelcards.act_refused",
        version,
        by=by,
        project_id=version.model.project_id,
        version=str(version),
        reason=error.sentence,
    )


def _project(version: Version) -> Project:
    return version.model.project


def _locked(version: Version, expect: int | None) -> tuple[Card | None, CardRevision | None]:
    """Return the card under a lock with its newest revision."""
    card = Card.objects.select_for_update(of=("self",)).filter(version=version).first()
    if card is None:
        return None, None
    governed.demand_version(card, expect)
    return card, queries.revisions_of(card).first()


def _step(
    card: Card, state: CardState, step: Step, revision: CardRevision, *, by: User, reason: str = ""
) -> None:
    move(card, state)
    CardStep.objects.create(card=card, step=step, revision=revision, by=by, reason=reason)


def _record(kind: str, subject: Any, version: Version, *, by: User, **data: Any) -> None:
    audit.record(kind, subject, by=by, project_id=version.model.project_id, version=str(version), **data)


def _writers(card: Card, newest: CardRevision) -> list[User]:
    """Return who made the last change, and who sent the card for review last."""
    sent = queries.steps_of(card).filter(step=Step.SUBMITTED).first()
    return [newest.author, sent.by] if sent else [newest.author]


def _members(project: Project, roles: Any) -> list[User]:
    return [one.user for one in project.memberships.filter(role__in=roles).select_related("user__owner")]


def _tell(kind: str, card: Card, version: Version, *, to: list[User], by: User, **data: Any) -> None:
    link = reverse("modelcards:life", args=[version.pk])
    others = [one for one in to if one.person_id != by.person_id]
    announce(kind, card, project=_project(version), to=others, by=by, link=link, version=str(version), **data)
