"""Blocks as Markdown that other programs may render: raw HTML of people is made harmless, their headings stay beneath ours."""

import re
from collections.abc import Iterable

from markdown_it import MarkdownIt
from markdown_it.token import Token

from apps.modelcards.exporting.blocks import Block, Heading, Prose, Table

_PARSER = MarkdownIt("commonmark").enable("table")
#: What a text must have to hold a tag, a heading or a block of code.
_STRUCTURE = re.compile(r"<|```|~~~|^\s*(?:#|=+\s*$|-+\s*$)", re.MULTILINE)
_TAG = re.compile(r"<(?=[A-Za-z/!?])(?!https?://[^\s<>]*>|mailto:[^\s<>]*>)")
_SPECIAL = re.compile(r"([\\`*_\[\]>|#~&!])")


def escaped(text: str) -> str:
    """Return plain text as Markdown that shows it, on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split())).replace("<", "&lt;")


def settled(text: str, *, beneath: int) -> str:
    """Return a person's Markdown without raw HTML, its headings at least one level beneath ``beneath``."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    if not _STRUCTURE.search(text):
        return text
    lines = text.split("\n")
    tokens = [one for one in _PARSER.parse(text) if one.level == 0 and one.map]
    fenced = {line for one in tokens if one.type == "fence" for line in range(*(one.map or ()))}
    # Also where this parser sees no tag: another one may.
    lines = [line if place in fenced else _TAG.sub("&lt;", line) for place, line in enumerate(lines)]
    if tokens and tokens[-1].type == "fence" and not _is_closed(tokens[-1], lines[-1]):
        # A block left open would swallow what follows.
        lines.append(tokens[-1].markup)
    for token in reversed([one for one in tokens if one.type == "heading_open"]):
        first, after = token.map or (0, 0)
        if token.markup.startswith("#"):
            title = re.sub(r"^\s*#+\s*|\s#+$", "", lines[first])
        else:
            title = " ".join(line.strip() for line in lines[first : after - 1])
        lines[first:after] = [f"{'#' * min(6, int(token.tag[1]) + beneath)} {title}".rstrip()]
    return "\n".join(lines)


def _is_closed(fence: Token, last: str) -> bool:
    mark = last.strip()
    first, after = fence.map or (0, 0)
    return after - first > 1 and len(mark) >= len(fence.markup) and set(mark) == {fence.markup[0]}


def markdown_of(blocks: Iterable[Block]) -> str:
    """Return blocks as Markdown."""
    found: list[str] = []
    level = 1
    for block in blocks:
        if isinstance(block, Heading):
            level = block.level
            found.append(f"{'#' * block.level} {escaped(block.text)}")
        elif isinstance(block, Prose):
            found.append(settled(block.text, beneath=level))
        else:
            found.append(_table(block))
    return "\n\n".join(found) + "\n"


def _table(block: Table) -> str:
    rows = ["| " + " | ".join(escaped(cell) for cell in row) + " |" for row in (block.head, *block.rows)]
    rows.insert(1, "|" + " --- |" * len(block.head))
    return "\n".join([f"**{escaped(block.caption)}**", "", *rows])
