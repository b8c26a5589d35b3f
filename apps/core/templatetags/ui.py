"""Template tags of the portal: icons, states in words, times, digests and figures."""

import datetime
from functools import lru_cache
from typing import Any, cast

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from lucide.templatetags.lucide import lucide

register = template.Library()

#: State -> (word, icon, tone). The word always stands beside the colour.
STATES: dict[str, tuple[str, str, str]] = {
    "pass": ("Passes", "circle-check", "good"),
    "fail": ("Fails", "circle-x", "bad"),
    "inconclusive": ("Not enough evidence", "scale", "warn"),
    "missing": ("Evidence missing", "circle-question-mark", "warn"),
    "waived": ("Waived", "ticket-check", "warn"),
    "set_aside": ("Set aside", "eye-off", "warn"),
    "stopped": ("Stopped", "octagon-x", "bad"),
    "deleted": ("Deleted", "trash-2", "warn"),
    "gone": ("No longer so", "circle-check", "good"),
    "draft": ("Draft", "file-pen", "neutral"),
    "in_review": ("In review", "hourglass", "info"),
    "proposed": ("Proposed", "hourglass", "info"),
    "published": ("Published", "circle-check", "good"),
    "asked": ("Asked for", "hourglass", "info"),
    "granted": ("Granted", "ticket-check", "warn"),
    "revoked": ("Revoked", "ticket-x", "neutral"),
    "ended": ("Ended", "ticket-x", "neutral"),
    "open": ("Waits for approval", "hourglass", "info"),
    "refused": ("Refused by the gate", "shield-x", "bad"),
    "promoted": ("Promoted", "circle-check", "good"),
    "rejected": ("Rejected", "circle-x", "bad"),
    "withdrawn": ("Withdrawn", "undo-2", "neutral"),
    "stale": ("Stale", "clock-alert", "warn"),
    "scheduled": ("Valid", "calendar-check", "good"),
    "due": ("Re-review is open", "calendar-clock", "warn"),
    "overdue": ("Re-review is overdue", "clock-alert", "bad"),
    "confirmed": ("Confirmed", "calendar-check", "good"),
    "finding": ("Closed with a finding", "shield-x", "bad"),
    "moot": ("Left the stage", "calendar-x", "neutral"),
    "approve": ("Approved", "signature", "good"),
    "reject": ("Rejected", "circle-x", "bad"),
    "ask_changes": ("Changes asked", "message-square-warning", "warn"),
    "queued": ("Waiting", "hourglass", "info"),
    "running": ("Running", "loader-circle", "info"),
    "pending": ("Scheduled", "calendar-clock", "info"),
    "killed": ("Killed", "circle-stop", "bad"),
    "complete": ("Complete", "circle-check", "good"),
    "finished": ("Finished", "circle-check", "good"),
    "succeeded": ("Done", "circle-check", "good"),
    "failed": ("Failed", "circle-x", "bad"),
    "passed": ("Passed", "circle-check", "good"),
    "expired": ("Expired", "clock-alert", "warn"),
    "superseded": ("Replaced", "history", "neutral"),
    "safe": ("Runs nothing", "shield-check", "good"),
    "unknown": ("Unknown format", "circle-question-mark", "warn"),
    "suspicious": ("Suspicious", "shield-alert", "bad"),
    "unreadable": ("Unreadable", "file-x", "bad"),
    "dangerous": ("Dangerous", "biohazard", "bad"),
    "failure": ("Failed", "circle-x", "bad"),
    "error": ("Error", "circle-x", "bad"),
    "warning": ("Warning", "triangle-alert", "warn"),
    "note": ("Note", "info", "info"),
    "none": ("None", "circle-minus", "neutral"),
    "quarantined": ("Quarantined", "biohazard", "bad"),
    "cancelled": ("Stopped", "circle-stop", "neutral"),
    "waiting": ("Tried again later", "clock-alert", "warn"),
    "sent": ("Delivered", "circle-check", "good"),
    "dead": ("Given up", "circle-x", "bad"),
    "skipped": ("Not sent", "circle-minus", "neutral"),
    "yes": ("Yes", "circle-check", "good"),
    "no": ("No", "circle-x", "bad"),
    "not_applicable": ("Not applicable", "circle-minus", "neutral"),
    "development": ("Development", "hammer", "neutral"),
    "staging": ("Staging", "flask-conical", "info"),
    "production": ("Production", "rocket", "good"),
    "archived": ("Archived", "archive", "neutral"),
}


@register.simple_tag
def icon(name: str, size: int = 16) -> SafeString:
    """Return an inline Lucide icon; decoration, so it is hidden from assistive technology."""
    return _drawn(name, size)


@lru_cache(maxsize=512)
def _drawn(name: str, size: int) -> SafeString:
    drawn = lucide(name, size=size, aria_hidden="true", focusable="false", **{"class": "icon"})
    return cast(SafeString, drawn)


@register.simple_tag
def state(name: Any, word: str = "") -> SafeString:
    """Return a state as a pill with word and icon."""
    key = str(name)
    known, symbol, tone = STATES.get(key, (key.replace("_", " ").capitalize(), "circle-dot", "neutral"))
    return format_html('<span class="pill pill-{}">{}{}</span>', tone, icon(symbol, 14), word or known)


@register.filter
def state_word(name: Any) -> str:
    """Return the word of a state."""
    return STATES.get(str(name), (str(name).replace("_", " ").capitalize(), "", ""))[0]


@register.filter
def tone(name: Any) -> str:
    """Return the tone of a state: good, bad, warn, info, neutral."""
    return STATES.get(str(name), ("", "", "neutral"))[2]


@register.simple_tag
def when(moment: datetime.datetime | None) -> SafeString | str:
    """Return a moment as relative text, with the absolute UTC time in the element."""
    if moment is None:
        return "–"
    utc = moment.astimezone(datetime.UTC)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', utc.isoformat(), f"{utc:%Y-%m-%d %H:%M:%S} UTC", _ago(utc)
    )


def _ago(moment: datetime.datetime) -> str:
    seconds = (timezone.now() - moment).total_seconds()
    if seconds < 45:
        return "just now"
    for size, unit in ((86_400 * 30, ""), (86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            if not unit:
                return f"{moment:%d %b %Y}"
            count = int(seconds // size)
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "1 minute ago"


@register.simple_tag
def digest(value: str | None) -> SafeString | str:
    """Return a digest: its first twelve digits, the whole in the title, and a copy button where scripts run."""
    if not value:
        return "–"
    return format_html(
        '<span class="digest"><code title="{}">{}</code>'
        '<button type="button" class="copy" data-copy="{}" hidden>{}<span class="sr">Copy {}</span></button></span>',
        value,
        value[:12],
        value,
        icon("copy", 14),
        value[:12],
    )


@register.filter
def figure(value: Any, digits: int = 3) -> str:
    """Return a figure with its interval: "0.871 [0.861, 0.881]"; an undefined one says so."""
    if isinstance(value, dict):
        if value.get("value") is None:
            return "not applicable"
        if value.get("low") is None:
            return f"{value['value']:.{digits}f}"
        return f"{value['value']:.{digits}f} [{value['low']:.{digits}f}, {value['high']:.{digits}f}]"
    if value is None or value == "":
        return "–"
    return f"{value:.{digits}f}" if isinstance(value, float) else str(value)


@register.filter
def percent(value: float | None) -> str:
    """Return a share as percent."""
    return "–" if value is None else f"{value:.0%}"


@register.filter
def signed(value: float | None) -> str:
    """Return a difference with its sign: +0.012, −3.4."""
    return "–" if value is None else f"{value:+.4g}".replace("-", "−")


@register.filter
def lasting(seconds: float | None) -> str:
    """Return a time span in its largest unit: 42 s, 3.5 min, 1.2 h."""
    if seconds is None:
        return "–"
    if seconds < 90:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.3g} min" if seconds < 5400 else f"{seconds / 3600:.3g} h"


@register.filter
def rows(value: float | None) -> str:
    """Return a count with its thousands apart; sums of weights are rounded."""
    return "–" if value is None else f"{value:,.0f}"


@register.filter
def money(value: Any) -> str:
    """Return an amount with two decimals."""
    return "–" if value is None else f"{value:,.2f}"


@register.filter
def words(value: str) -> str:
    """Return a key as words."""
    return str(value).replace("_", " ")


@register.filter
def of(mapping: dict[str, Any], key: str) -> Any:
    """Look a key up."""
    return mapping.get(key)


@register.filter
def fact(value: Any) -> str:
    """Return a fact's value as people read it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return ", ".join(fact(entry) for entry in value) or "empty"
    if isinstance(value, dict):
        return f"{len(value)} entries"
    return "not there" if value is None else str(value)


@register.filter
def attribute(row: Any, name: str) -> Any:
    """Return a field of a row by its name, such as a dimension of a policy; nothing where it has none."""
    return getattr(row, name, "") if not name.startswith("_") else ""
