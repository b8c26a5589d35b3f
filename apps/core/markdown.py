"""People's Markdown as safe HTML: no raw HTML in, and a second sieve on the way out (guarantee 27)."""

import re
from collections.abc import Sequence

import nh3
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

_TAGS = {
    "p",
    "em",
    "strong",
    "ul",
    "ol",
    "li",
    "code",
    "pre",
    "blockquote",
    "a",
    "h3",
    "h4",
    "h5",
    "br",
    "hr",
} | {*("table", "thead", "tbody", "tr", "th", "td")}
_PARSER = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")

#: A row of a table is filled up to the width of its head: 10 kB of text could become a hundred thousand cells. A table of
#: ten columns and four hundred rows is long to read; so many are laid out in tens of milliseconds.
MOST_CELLS = 4_000
#: Each open bracket is tried as a link, up to the end of the text.
MOST_BRACKETS = 1_000
#: Characters of addresses and titles: what a reference says once is written out wherever it is used.
MOST_IN_LINKS = 200_000
_LINE = re.compile(r"\r\n?|\n")
_UNDER_HEAD = frozenset("|:- \t>")
_TOO_MUCH = "This text holds more tables or links than can be laid out. Here is its source."


def render(text: str) -> SafeString:
    """Return ``text`` as HTML without images, scripts, styles or raw HTML; links get rel=nofollow.

    A text that would grow to many times its size is shown as its source.
    """
    if most_cells(text) > MOST_CELLS or text.count("[") > MOST_BRACKETS:
        return _source(text)
    tree = _PARSER.parse(text)
    if _in_links(tree) > MOST_IN_LINKS:
        return _source(text)
    for token in tree:
        if token.type in {"heading_open", "heading_close"}:
            # The page has its own h1 and h2.
            token.tag = f"h{min(5, int(token.tag[1]) + 2)}"
    html = _PARSER.renderer.render(tree, _PARSER.options, {})
    clean = nh3.clean(
        html,
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener",
    )
    return mark_safe(clean)


def most_cells(text: str) -> int:
    """Return how many cells the tables of a text have at most; it is known before anything is built."""
    cells = columns = lines = 0
    for line in [*_LINE.split(text), ""]:
        if line.strip():
            lines += 1
            if _UNDER_HEAD.issuperset(line) and "-" in line:
                columns = max(columns, line.strip("> \t|").count("|") + 1)
        else:
            cells, columns, lines = cells + columns * lines, 0, 0
    return cells


def _in_links(tree: Sequence[Token]) -> int:
    return sum(
        len(str(value)) for block in tree for one in block.children or () for value in one.attrs.values()
    )


def _source(text: str) -> SafeString:
    return format_html("<p><em>{}</em></p><pre>{}</pre>", _TOO_MUCH, text)
