"""Words of the card's document on paper."""

from collections.abc import Mapping
from typing import Any

from django import template

from apps.evaluations.wording import interval

register = template.Library()


@register.filter
def figure(one: Mapping[str, Any]) -> str:
    """Return a figure with its interval, "0.871 [0.861, 0.881]"."""
    return interval(one["value"], one.get("low"), one.get("high"))


@register.filter
def value(number: float | None) -> str:
    """Return a number as figures are written, or a dash."""
    return interval(number, None, None) if number is not None else "–"


@register.filter
def moment(text: str | None) -> str:
    """Return an RFC 3339 time of the document as "2026-11-26 08:00 UTC", or a dash."""
    return f"{text[:10]} {text[11:16]} UTC" if text else "–"
