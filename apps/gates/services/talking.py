"""Write in the thread of a request; ask a named person to sign."""

from django.db import IntegrityError

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.db import service
from apps.core.errors import Invalid
from apps.gates import permissions, telling
from apps.gates.models import Asked, Comment, Promotion
from apps.gates.sentences import in_words
from apps.gates.services.life import SHORTEST_COMMENT, reread

LONGEST = 10_000


@service
def comment(promotion: Promotion, *, text: str, by: User, answers: Comment | None = None) -> Comment:
    """Write a comment as Markdown; it stays as it is. Tells who took part so far.

    The same words again, right after themselves, are the comment that stands there.
    """
    permissions.can_comment(by, promotion).enforce()
    text = text.strip()
    if not text:
        raise Invalid("Write something first.", code="empty", field="text")
    if len(text) > LONGEST or "\x00" in text:
        raise Invalid(
            f"A comment has {LONGEST:,} characters at most and no NUL; shorten it.",
            code="too_long",
            field="text",
        )
    if answers is not None and answers.promotion_id != promotion.pk:
        raise Invalid("The comment to answer is of another request.", code="other_thread", field="answers")
    reread(promotion.pk)
    newest = promotion.comments.order_by("-id").first()
    if newest is not None and (newest.author_id, newest.text, newest.answers) == (by.pk, text, answers):
        # A double click, or a form that was sent again: it stands there already.
        return newest
    made = Comment.objects.create(promotion=promotion, author=by, text=text, answers=answers)
    made.refresh_from_db()
    audit.record(
        "gates.commented",
        promotion,
        by=by,
        project_id=promotion.version.model.project_id,
        comment=str(made.pk),
        text=text,
    )
    telling.tell("gates.commented", promotion, telling.takers_part(promotion), by=by, text=text[:200])
    return made


def ask_for_seat(promotion: Promotion, *, person: User, by: User, reason: str = "") -> Asked:
    """Ask a person by name to sign. A signer who asks another passes their own turn on.

    Raises Refused when the person could not sign, with why.
    """
    try:
        return _ask(promotion, person=person, by=by, reason=reason)
    except IntegrityError as error:
        raise in_words(error) from error


@service
def _ask(promotion: Promotion, *, person: User, by: User, reason: str) -> Asked:
    current = reread(promotion.pk)
    permissions.can_ask_for_seat(by, current).enforce()
    signing = permissions.can_approve(person, current)
    if not signing:
        why = signing.decision.reason.replace("You ", f"{person} ", 1)
        raise Invalid(f"{person} cannot sign this: {why}", code="cannot_sign", field="person")
    own = permissions.can_approve(by, current)
    reason = reason.strip()
    if own and len(reason) < SHORTEST_COMMENT:
        raise Invalid(
            f"Say why you pass it on, in {SHORTEST_COMMENT} characters or more.",
            code="reason_missing",
            field="reason",
        )
    if person.pk == by.pk:
        raise Invalid("You are asked already. Choose somebody else.", code="oneself", field="person")
    made = Asked.objects.create(
        promotion=current,
        role=signing.role,
        person=person,
        asked_by=by,
        passed_on=bool(own) and own.role == signing.role,
        reason=reason,
    )
    audit.record(
        "gates.seat_asked",
        current,
        by=by,
        project_id=current.version.model.project_id,
        person=str(person),
        role=signing.role,
        reason=reason,
    )
    telling.tell("gates.seat_asked", current, [person], by=by, reason=reason or "no reason given")
    return made
