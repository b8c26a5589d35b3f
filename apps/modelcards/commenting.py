"""Comments on the fields of a card: written, answered, settled; never changed."""

from django.urls import reverse

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.db import service
from apps.core.errors import Invalid, not_now
from apps.modelcards import permissions, queries
from apps.modelcards.fieldnames import titles_of
from apps.modelcards.models import Comment, CommentResolution
from apps.notifications.announcing import announce
from apps.registry.models import Version

LONGEST_COMMENT = 10_000
#: Comments stay for good, and a thread is read as a whole: longer talk belongs into threads of its own. Where several write
#: at once, there may be a few more.
MOST_COMMENTS = 1_000
MOST_ANSWERS = 30


@service
def comment(version: Version, *, field: str, text: str, by: User, answers: Comment | None = None) -> Comment:
    """Write a comment on a field, as Markdown; whoever wrote the field and whoever is answered is told."""
    project = version.model.project
    permissions.can_comment(by, project).enforce()
    titles = titles_of(project)
    if field not in titles:
        raise Invalid(f"The card has no field “{field[:60]}”.", code="unknown_field", field="field")
    said = text.strip()
    if not said or len(said) > LONGEST_COMMENT or "\x00" in said:
        raise Invalid(f"Write 1 to {LONGEST_COMMENT:,} characters of text.", code="bad_text", field="text")
    if answers is not None and (answers.field != field or answers.answers_id is not None):
        raise Invalid("Answer the comment that began the thread.", code="bad_answer")
    if answers is not None and CommentResolution.objects.filter(comment=answers).exists():
        not_now("This comment is settled. Write a new one.", code="wrong_state").enforce()
    _demand_room(version, answers)
    made = Comment.objects.create(version=version, field=field, text=said, author=by, answers=answers)
    audit.record(
        "modelcards.commented", made, by=by, project_id=project.pk, version=str(version), field=titles[field]
    )
    announce(
        "modelcards.commented",
        made,
        project=project,
        to=[one for one in _concerned(version, field, answers) if one.person_id != by.person_id],
        by=by,
        link=f"{reverse('modelcards:comments', args=[version.pk])}#{field}",
        version=str(version),
        field=titles[field],
        text=said[:300],
    )
    return made


def _demand_room(version: Version, answers: Comment | None) -> None:
    """Raise Refused where a card or a thread holds all that it can."""
    if answers is not None and Comment.objects.filter(answers=answers).count() >= MOST_ANSWERS:
        not_now(
            f"This thread has {MOST_ANSWERS} answers, which is all it holds. Settle it, and write a new comment.",
            code="full",
        ).enforce()
    if Comment.objects.filter(version=version).count() >= MOST_COMMENTS:
        not_now(
            f"This card has {MOST_COMMENTS:,} comments, which is all it holds. Comment on the card of the next version.",
            code="full",
        ).enforce()


@service
def resolve(given: Comment, *, by: User) -> CommentResolution:
    """Settle a comment; it stays to be read."""
    project = given.version.model.project
    permissions.can_comment(by, project).enforce()
    # Two who settle at once wait here for each other.
    current = Comment.objects.select_for_update(of=("self",), no_key=True).get(pk=given.pk)
    if current.answers_id is not None:
        raise Invalid("A comment is settled as a whole thread, not answer by answer.", code="bad_answer")
    if CommentResolution.objects.filter(comment=current).exists():
        not_now("This comment is settled already.", code="wrong_state").enforce()
    made = CommentResolution.objects.create(comment=current, resolved_by=by)
    audit.record(
        "modelcards.comment_resolved",
        made,
        by=by,
        project_id=project.pk,
        version=str(given.version),
        field=titles_of(project).get(given.field, given.field),
    )
    return made


def _concerned(version: Version, field: str, answers: Comment | None) -> list[User]:
    """Return who wrote the text of the field, or the newest of the card, and who is answered."""
    card = queries.card_of(version)
    found = [answers.author] if answers else []
    if card is None:
        return found
    wrote = card.written.get(field, {}).get("by_id")
    author = User.objects.filter(pk=wrote).first() if wrote else None
    newest = queries.revisions_of(card).first()
    if author is None and newest is not None:
        author = newest.author
    return [*found, author] if author else found
