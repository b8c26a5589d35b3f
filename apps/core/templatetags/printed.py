"""Words of a document on paper: figures, times, and the beginning of a long text."""

import re
from collections.abc import Mapping
from html import unescape
from typing import Any

from django import template
from django.utils.html import strip_tags
from django.utils.text import Truncator

from apps.core.charts.drawing import interval
from apps.core.markdown import render

register = template.Library()
_SPACE = re.compile(r"\s+")
_CODE = re.compile(r"^[a-z_]+: ")


@register.filter
def figure(one: Mapping[str, Any]) -> str:
    """Return a figure with its interval, "0.871 [0.861, 0.881]"."""
    return interval(one["value"], one.get("low"), one.get("high"))


@register.filter
def value(number: float | None) -> str:
    """Return a number as figures are written, or a dash."""
    return interval(number, None, None) if number is not None else "–"


@register.filter
def amount(number: float | None) -> str:
    """Return a count or a sum with separators of thousands, as few decimals as it has, or a dash."""
    if number is None:
        return "–"
    return f"{number:,.0f}" if float(number).is_integer() else f"{number:,.4g}"


@register.filter
def moment(text: str | None) -> str:
    """Return an RFC 3339 time of the document as "2026-11-26 08:00 UTC", or a dash."""
    return f"{text[:10]} {text[11:16]} UTC" if text else "–"


@register.filter
def sentence(reason: str) -> str:
    """Return why a figure has no value without the code that stands before the words."""
    return _CODE.sub("", reason, count=1)


@register.filter
def excerpt(text: str, words: int) -> str:
    """Return the first words of people's Markdown as plain text, for a page that must hold more than this."""
    # Only as much is read as can count: a field of 200 kB is not laid out to be thrown away.
    plain = unescape(strip_tags(render(text[: words * 40])))
    return Truncator(_SPACE.sub(" ", plain).strip()).words(words, truncate=" …")
