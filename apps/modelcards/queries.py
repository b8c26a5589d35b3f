"""Read cards, their lives and their exports."""

from collections.abc import Iterable
from uuid import UUID

from django.db import connection
from django.db.models import BooleanField, F, Func, Prefetch, Q, QuerySet, Value
from django.http import Http404
from django.utils import timezone

from apps.accounts.enums import Kind
from apps.accounts.models import User
from apps.core.memory import once
from apps.modelcards.enums import CardState
from apps.modelcards.models import (
    Card,
    CardDefaults,
    CardExport,
    CardRevision,
    CardStep,
    Comment,
    Publication,
    PublicLink,
)
from apps.projects.models import Membership, Project
from apps.projects.permissions import ROLES, Right
from apps.projects.queries import project_ids_for
from apps.registry.models import Version


@once
def card_of(version: Version) -> Card | None:
    """Return what people wrote of a version, if anybody did."""
    return Card.objects.filter(version=version).first()


def export_of(version: Version, content_digest: str) -> CardExport | None:
    """Return the PDF of the card as it stands, made or under way."""
    return (
        CardExport.objects.select_related("job", "blob")
        .filter(version=version, content_digest=content_digest)
        .first()
    )


def revisions_of(card: Card) -> QuerySet[CardRevision]:
    """Return what was saved of the card, newest first."""
    return card.revisions.select_related("author__owner").order_by("-number")


def steps_of(card: Card) -> QuerySet[CardStep]:
    """Return how the card moved, newest first."""
    return card.steps.select_related("by", "revision").order_by("-id")


def publications_of(card: Card) -> QuerySet[Publication]:
    """Return what was published of the card, newest first."""
    return card.publications.select_related(
        "published_by", "revision", "withdrawal__withdrawn_by", "card__version__model__project"
    ).order_by("-number")


def standing_publication(card: Card | None) -> Publication | None:
    """Return what readers see as published: the newest publication, unless it was withdrawn."""
    newest = publications_of(card).first() if card else None
    return None if newest is None or hasattr(newest, "withdrawal") else newest


def writers_of(card: Card | None) -> frozenset[UUID]:
    """Return the people who wrote in a card since it was last published (adr/0023); the database has the rule."""
    if card is None:
        return frozenset()
    with connection.cursor() as cursor:
        cursor.execute("SELECT person FROM modelcards_writers(%s)", [card.pk])
        return frozenset(person for (person,) in cursor.fetchall())


def signers_of(project: Project) -> list[User]:
    """Return the people of a project whose role signs, by name."""
    members = project.memberships.filter(role__in=ROLES[Right.APPROVE], user__kind=Kind.PERSON)
    found = members.filter(user__is_active=True).select_related("user").order_by("user__full_name", "pk")
    return [one.user for one in found]


def cards_to_publish_for(user: User) -> QuerySet[Card]:
    """Return the cards in review that this person may publish or send back, longest waiting first."""
    if not user.is_person:
        return Card.objects.none()
    mine = Membership.objects.filter(user=user, role__in=ROLES[Right.APPROVE]).values("project")
    wrote = Func(F("pk"), Value(user.pk), function="modelcards_wrote", output_field=BooleanField())
    return (
        Card.objects.filter(state=CardState.IN_REVIEW, version__model__project__in=mine)
        .annotate(wrote=wrote)
        .filter(wrote=False)
        .select_related("version__model__project")
        .order_by("updated_at", "id")
    )


def comments_of(version: Version) -> QuerySet[Comment]:
    """Return the comments that answer none, with their answers, oldest first."""
    answers = Prefetch("replies", Comment.objects.select_related("author").order_by("id"))
    return (
        Comment.objects.filter(version=version, answers__isnull=True)
        .select_related("author", "resolution__resolved_by")
        .prefetch_related(answers)
        .order_by("id")
    )


def threads_of(version: Version, opened: UUID | None) -> QuerySet[Comment]:
    """Return the comments that answer none, open ones first, newest first; with the answers of open ones and of ``opened``."""
    read = Q(answers__resolution__isnull=True) | Q(answers=opened)
    answers = Prefetch("replies", Comment.objects.filter(read).select_related("author").order_by("id"))
    return (
        Comment.objects.filter(version=version, answers__isnull=True)
        .select_related("author", "resolution__resolved_by")
        .prefetch_related(answers)
        .order_by(F("resolution__id").desc(nulls_first=True), "-id")
    )


def open_comments_of(version: Version) -> int:
    """Return how many comments of a card are not settled."""
    return Comment.objects.filter(version=version, answers__isnull=True, resolution__isnull=True).count()


def comment_for(user: User, pk: UUID) -> Comment:
    """Load a comment; raises Http404 for a stranger."""
    found = (
        Comment.objects.filter(pk=pk, version__model__project__in=project_ids_for(user))
        .select_related("version__model__project", "author__owner", "answers")
        .first()
    )
    if found is None:
        raise Http404
    return found


def comment_in(version: Version, pk: UUID | None) -> Comment | None:
    """Return the comment that is answered, None for none; raises Http404 for one of another version."""
    if pk is None:
        return None
    found = Comment.objects.filter(version=version, pk=pk, answers__isnull=True).first()
    if found is None:
        raise Http404
    return found


def defaults_of(project: Project) -> CardDefaults | None:
    """Return with what the project's cards begin, if anybody wrote it."""
    return CardDefaults.objects.filter(project=project).first()


def links_of(card: Card | None) -> QuerySet[PublicLink]:
    """Return the public links of a card, newest first."""
    return PublicLink.objects.filter(card=card).select_related("created_by", "withdrawn_by").order_by("-id")


def link_for(user: User, pk: UUID) -> PublicLink:
    """Load a public link; raises Http404 for a stranger."""
    found = (
        PublicLink.objects.filter(pk=pk, card__version__model__project__in=project_ids_for(user))
        .select_related("card__version__model__project")
        .first()
    )
    if found is None:
        raise Http404
    return found


def links_over() -> Iterable[UUID]:
    """Return the ids of the links whose time is over and that nobody noted."""
    over = PublicLink.objects.filter(
        withdrawn_at__isnull=True, expiry_noted_at__isnull=True, expires_at__lte=timezone.now()
    )
    return list(over.order_by("id").values_list("pk", flat=True))
