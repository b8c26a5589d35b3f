"""The pen: escaped SVG elements with literal colours and class names."""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Any

from django.utils.safestring import SafeString, mark_safe

#: Class name -> the PDF's literal colour; the page's style sheet has the same names for both schemes.
COLOURS = {
    "c-ink": "#1d2330",
    "c-muted": "#5b6474",
    "c-line": "#d5dae3",
    "c-accent": "#2f5bd7",
    "c-accent-soft": "#c9d6fa",
    "c-good": "#1a7f4b",
    "c-bad": "#b3261e",
    "c-warn": "#8a5a00",
    "c-soft": "#eef1f6",
}
FONT = "Inter, 'Noto Sans', 'DejaVu Sans', sans-serif"


@dataclass(frozen=True)
class Chart:
    """A drawing, the sentence that reads it, and the same numbers as a table."""

    svg: SafeString
    title: str
    reading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def number(value: float | None, digits: int = 3) -> str:
    """Return a number as it is printed; nothing is a dash."""
    return "–" if value is None else f"{value:.{digits}f}"


def interval(value: float | None, low: float | None, high: float | None) -> str:
    """Return "0.871 [0.861, 0.881]"."""
    if value is None:
        return "not applicable"
    return number(value) if low is None or high is None else f"{value:.3f} [{low:.3f}, {high:.3f}]"


def element(name: str, inside: str = "", **attributes: object) -> str:
    """Return one element; underscores in attribute names become hyphens, ``paint`` and ``stroke_class`` set colours."""
    paint, stroke = attributes.pop("paint", None), attributes.pop("stroke_class", None)
    classes = []
    if paint:
        attributes["fill"] = COLOURS[str(paint)]
        classes.append(f"{paint}-fill")
    if stroke:
        attributes["stroke"] = COLOURS[str(stroke)]
        classes.append(f"{stroke}-stroke")
    if classes:
        attributes["class"] = " ".join(classes)
    parts = "".join(f' {key.replace("_", "-")}="{escape(_text(value))}"' for key, value in attributes.items())
    return f"<{name}{parts}>{inside}</{name}>" if inside else f"<{name}{parts}/>"


def _text(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def text(
    x: float,
    y: float,
    content: str,
    *,
    paint: str = "c-ink",
    anchor: str = "start",
    size: int = 12,
    bold: int = 400,
) -> str:
    """Return a piece of text, escaped."""
    return element(
        "text",
        escape(content),
        x=x,
        y=y,
        paint=paint,
        text_anchor=anchor,
        font_size=size,
        font_weight=bold,
        font_family=FONT,
    )


def line(
    x1: float, y1: float, x2: float, y2: float, *, stroke: str = "c-line", width: float = 1, dash: str = ""
) -> str:
    """Return a line."""
    extra = {"stroke_dasharray": dash} if dash else {}
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke_class=stroke, stroke_width=width, **extra)


def rect(
    x: float,
    y: float,
    width: float,
    height: float,
    *,
    paint: str,
    stroke: str | None = None,
    radius: float = 2,
) -> str:
    """Return a rectangle."""
    extra: dict[str, Any] = {"stroke_class": stroke, "stroke_width": 1} if stroke else {}
    return element(
        "rect", x=x, y=y, width=max(width, 0.0), height=max(height, 0.0), rx=radius, paint=paint, **extra
    )


def dot(x: float, y: float, *, paint: str = "c-accent", radius: float = 4) -> str:
    """Return a dot."""
    return element("circle", cx=x, cy=y, r=radius, paint=paint)


def path(
    points: Iterable[tuple[float, float]], *, stroke: str = "c-accent", width: float = 2, dash: str = ""
) -> str:
    """Return a line through points."""
    steps = " ".join(f"{'M' if index == 0 else 'L'}{x:.1f} {y:.1f}" for index, (x, y) in enumerate(points))
    extra = {"stroke_dasharray": dash} if dash else {}
    return element(
        "path",
        d=steps,
        fill="none",
        stroke_class=stroke,
        stroke_width=width,
        stroke_linejoin="round",
        **extra,
    )


def drawing(parts: Iterable[str], *, width: int, height: int, title: str) -> SafeString:
    """Return the whole SVG; ``title`` is the sentence that stands for it."""
    body = element("title", escape(title)) + "".join(parts)
    return mark_safe(
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}">{body}</svg>'
    )


def shorten(content: str, longest: int = 26) -> str:
    """Return a label that fits its column."""
    return content if len(content) <= longest else content[: longest - 1] + "…"
