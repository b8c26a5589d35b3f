"""Who moves a card through its life: pages, interface and services ask the same."""

from collections.abc import Collection
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from apps.accounts.models import User
from apps.core.errors import ALLOWED, Decision, denied, not_now
from apps.modelcards import queries
from apps.modelcards.enums import CardState
from apps.modelcards.models import Card, Publication
from apps.projects.models import Project
from apps.projects.permissions import Right, can
from apps.registry.models import Version

#: So many names stand in a sentence.
MOST_NAMES = 5


def can_submit(user: User, project: Project, card: Card | None, *, missing: list[str]) -> Decision:
    """Decide whether this person may send the card for review; ``missing`` are its empty required fields."""
    right = can(user, Right.ANSWER, project)
    if not right:
        return right
    if card is None or not card.fields:
        return not_now(
            "Nothing is written yet, so there is nothing to review. Write the card first.", code="empty"
        )
    if card.state != CardState.DRAFT:
        return not_now(f"The card is {card.get_state_display().lower()} already.", code="wrong_state")
    if missing:
        return not_now(
            f"These required fields are empty: {', '.join(missing)}. Write them, then send the card for review.",
            code="incomplete",
        )
    return ALLOWED


def can_take_back(user: User, project: Project, card: Card | None) -> Decision:
    """Decide whether this person may take the card back from review to go on writing."""
    right = can(user, Right.ANSWER, project)
    return _in_review(card) if right else right


def can_send_back(user: User, project: Project, card: Card | None) -> Decision:
    """Decide whether this person may send the card back to its writers."""
    right = can(user, Right.APPROVE, project)
    return _in_review(card) if right else right


def can_publish(user: User, project: Project, card: Card | None) -> Decision:
    """Decide whether this person may publish the card: whoever signs here, and wrote nothing of what is not published yet."""
    right = can(user, Right.APPROVE, project)
    if not right:
        return right
    reviewed = _in_review(card)
    if reviewed:
        writers = queries.writers_of(card)
        if user.person_id in writers:
            return denied(
                "You wrote in this card since it was last published, so somebody else must publish it. "
                + who_publishes(project, writers),
                code="own_change",
            )
    return reviewed


def who_publishes(project: Project, writers: Collection[UUID]) -> str:
    """Say who of the project may publish a card that these people wrote in; where nobody is left, what to do."""
    left = [str(one) for one in queries.signers_of(project) if one.pk not in writers]
    if not left:
        return (
            "Nobody of this project is left who may: every reviewer and risk officer wrote in it, or there is none. "
            "An owner can give somebody else the role reviewer or risk."
        )
    shown, more = left[:MOST_NAMES], len(left) - MOST_NAMES
    names = ", ".join(shown) + (f" and {more} more" if more > 0 else "")
    return f"May publish it: {names}."


def can_sign_by_interface(version: Version) -> Decision:
    """Refuse a publication through the interface, whoever asks: it takes no passwords, and a signature needs a proof."""
    return denied(
        f"A publication is signed by a person on the page {reverse('modelcards:life', args=[version.pk])}, with a proof "
        "of who they are; the interface takes no signature. Send the card for review, and they are told.",
        code="person_needed",
    )


def can_withdraw(user: User, project: Project, publication: Publication | None) -> Decision:
    """Decide whether this person may withdraw what is published: whoever signs here, and the owners; in person."""
    if not user.is_person:
        return denied("Only a person can withdraw a publication; a token cannot.", code="person_needed")
    right = can(user, Right.DECIDE, project)
    if not right:
        signs = can(user, Right.APPROVE, project)
        if not signs:
            return right
    if publication is None:
        return not_now(
            "No publication of this card stands, so there is none to withdraw.", code="not_published"
        )
    return ALLOWED


def can_comment(user: User, project: Project) -> Decision:
    """Decide whether this person may comment: whoever may write the card."""
    return can(user, Right.ANSWER, project)


def can_change_defaults(user: User, project: Project) -> Decision:
    """Decide whether this person may change with what the project's cards begin."""
    return can(user, Right.MANAGE, project)


def can_withdraw_link(user: User, project: Project) -> Decision:
    """Decide whether this person may end a public link: an owner, whatever the site allows now."""
    if not user.is_person:
        return denied("Only a person decides who reads a card without an account.", code="person_needed")
    return can(user, Right.MANAGE, project)


def can_share(user: User, project: Project, publication: Publication | None) -> Decision:
    """Decide whether this person may make a public link: an owner, of a published card, where the site allows it."""
    right = can_withdraw_link(user, project)
    if not right:
        return right
    if not settings.PUBLIC_CARDS:
        return not_now(
            "Public links are off on this site. Who runs it may set MLGOV_PUBLIC_CARDS.",
            code="public_cards_off",
        )
    if publication is None:
        return not_now("Only a published card has a public link. Publish it first.", code="not_published")
    return ALLOWED


def _in_review(card: Card | None) -> Decision:
    if card is None or card.state != CardState.IN_REVIEW:
        return not_now(
            "The card is not in review. Somebody must send it for review first.", code="wrong_state"
        )
    return ALLOWED
