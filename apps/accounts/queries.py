"""Read people, and their own accounts and tokens."""

from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils import timezone

from apps.accounts.enums import Kind
from apps.accounts.models import Token, User


def people() -> QuerySet[User]:
    """Return everybody by name, without service accounts."""
    return User.objects.filter(kind=Kind.PERSON).order_by("full_name", "id")


def accounts_of(person: User) -> list[User]:
    """Return the person and the service accounts that they answer for."""
    return [person, *person.service_accounts.order_by("full_name")]


def tokens_for(person: User) -> QuerySet[Token]:
    """Return the tokens of a person and of their service accounts, newest first.

    Those that a pipeline got by itself are many and soon over; they are shown while they live.
    """
    mine = Q(user=person) | Q(user__owner=person)
    over = Q(created_by__kind=Kind.SERVICE, expires_at__lte=timezone.now())
    return Token.objects.filter(mine).exclude(over).select_related("user", "user__owner").order_by("-id")


def token_of(person: User, pk: UUID) -> Token:
    """Load one's own token; raises Http404 for anybody else's."""
    found = tokens_for(person).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found
