"""Which fields a model card has, and which of them must be written: policy data (M9.2; the part ``card`` of a pack)."""

from collections.abc import Mapping
from typing import Any

from apps.core.errors import Invalid
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


def demand_text(part: Card, key: str, text: str) -> None:
    """Raise Invalid for a field that the policy does not know, and for a text that it cannot hold."""
    field = part.field_of(key)
    if field is None:
        known = ", ".join(one.key for one in part.fields)
        raise Invalid(f"The card has no field {key}. It has: {known}.", code="unknown_field")
    longest = LONGEST if field.kind == "text" else LONGEST_LINE
    if len(text) > longest:
        raise Invalid(
            f"{field.title} has {len(text):,} characters; the limit is {longest:,}. Shorten it.",
            code="too_long",
            field=key,
        )
    if "\x00" in text:
        raise Invalid(
            f"{field.title} holds a character that cannot be kept (NUL).", code="bad_text", field=key
        )
    if field.kind != "text" and len(text.splitlines()) > 1:
        raise Invalid(f"{field.title} is one line. Leave out the line breaks.", code="bad_text", field=key)
    if field.kind == "choice" and text and text not in field.options:
        options = ", ".join(field.options)
        raise Invalid(f"{field.title} is one of: {options}.", code="unknown_option", field=key)
