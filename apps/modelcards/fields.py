"""Which fields a model card has, and which of them must be written: policy data (M9.2; the part ``card`` of a pack)."""

from collections.abc import Mapping
from typing import Any

from apps.policies.criteria import Criterion
from apps.policies.judge import State, judge
from apps.policies.method.card import Card, CardField
from apps.policies.queries import pack_of
from apps.projects.models import Project

#: Characters of a text, and of a field that is one line.
LONGEST = 20_000
LONGEST_LINE = 300


def card_part(project: Project) -> Card:
    """Return what the project's policy says of cards; one that says nothing has the fields of the method's default."""
    return pack_of(project.policy_revision).method.card


def is_required(field: CardField, facts: Mapping[str, Any]) -> bool:
    """Tell whether a field must be written: always, or where its ``when`` holds on the facts."""
    if not field.when:
        return field.required
    return judge(Criterion(field.key, field.title, field.when), facts).state == State.PASS


def missing(part: Card, written: Mapping[str, str], facts: Mapping[str, Any]) -> list[str]:
    """Return the keys of the required fields that nobody wrote."""
    return [
        field.key
        for field in part.fields
        if not written.get(field.key, "").strip() and is_required(field, facts)
    ]
