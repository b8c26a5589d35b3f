"""Telling people what becomes of a draft: the app above does it, in the same transaction."""

from importlib import import_module

from django.conf import settings

from apps.accounts.models import User
from apps.policies.models import Draft


def tell(draft: Draft, *, by: User) -> None:
    """Say that the draft is in a new state; settings.POLICY_TELLS names who tells whom."""
    module, _, name = settings.POLICY_TELLS.partition(":")
    getattr(import_module(module), name)(draft, by=by)
