"""The card as Markdown and as one HTML file: the same blocks, so the same is told and the same is lost."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from apps.core.canonical import canonical_json
from apps.core.markdown import render
from apps.modelcards.exporting import governed, narrative
from apps.modelcards.exporting.blocks import Block, Heading, Prose, Table
from apps.modelcards.exporting.reading import Export, Part, Reading
from apps.modelcards.exporting.writing import escaped, markdown_of

_STYLE = """:root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;margin:1rem 0}caption{text-align:start;font-weight:600}
th,td{border:1px solid #8888;padding:.25rem .5rem;text-align:start;vertical-align:top;overflow-wrap:anywhere}
th[scope=col]{overflow-wrap:normal}
.wide{overflow-x:auto}pre{overflow-x:auto}footer{margin-top:3rem;font-size:.875rem}"""
#: Nothing is loaded and nothing runs, also where somebody puts the file on a server.
_CSP = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"


def blocks_of(root: Part) -> list[Block]:
    """Return all that a card tells."""
    return [
        *about(root),
        *narrative.written(root),
        *narrative.evaluations(root),
        *narrative.bias_audit(root),
        *narrative.data(root),
        *governed.purpose(root),
        *governed.judged(root),
        *governed.approved(root),
        *governed.standards(root),
        *governed.history(root),
        *origins(root),
    ]


def about(root: Part) -> list[Block]:
    """Return the first chapter."""
    return [Heading(2, "About"), *narrative.about(root)]


def origins(root: Part) -> list[Block]:
    """Return the last chapter: where each field comes from."""
    found = narrative.provenance(root)
    return [Heading(2, "Where the fields come from"), *found] if found else []


def title_of(root: Part) -> str:
    """Return what the card is called."""
    return f"Model card: {root.part('version').text('name')}"


def markdown(document: Mapping[str, Any]) -> Export:
    """Return the card as plain Markdown (CommonMark with tables)."""
    reading = Reading(document)
    text = f"# {escaped(title_of(reading.root))}\n\n{markdown_of(blocks_of(reading.root))}\n{made_from(reading)}\n"
    return reading.export(text.encode(), "text/markdown; charset=utf-8", "card.md")


def made_from(reading: Reading) -> str:
    """Return the line that ties a file to the card it was made from."""
    return f"Made from the card with the SHA-256 `{reading.digest}`."


def html(document: Mapping[str, Any]) -> Export:
    """Return the card as one HTML file that loads nothing."""
    reading = Reading(document)
    root = reading.root
    page = page_of(
        title_of(root), blocks_of(root), language=root.part("card").text("language"), reading=reading
    )
    return reading.export(page.encode(), "text/html; charset=utf-8", "card.html")


def page_of(title: str, blocks: Iterable[Block], *, language: str, reading: Reading) -> str:
    """Return blocks as a whole HTML page."""
    body = "\n".join(_html(block) for block in blocks)
    return (
        f'<!doctype html>\n<html lang="{escape(language or "en")}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(_CSP)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        f'<h1 dir="auto">{escape(title)}</h1>\n{body}\n</main>\n'
        f"<footer>Made from the card with the SHA-256 <code>{reading.digest}</code>.</footer>\n</body>\n</html>\n"
    )


def _html(block: Block) -> str:
    if isinstance(block, Heading):
        return f'<h{block.level} dir="auto">{escape(block.text)}</h{block.level}>'
    if isinstance(block, Prose):
        # The sieve leaves a head of a person's table without attributes; it heads its column.
        prose = render(block.text).replace("<th>", '<th scope="col">')
        return f'<div dir="auto">{prose}</div>'
    return _html_table(block)


def _html_table(block: Table) -> str:
    head = "".join(f'<th scope="col">{escape(one)}</th>' for one in block.head)
    rows = "\n".join(
        f'<tr><th scope="row" dir="auto">{escape(row[0])}</th>'
        + "".join(f'<td dir="auto">{escape(one)}</td>' for one in row[1:])
        + "</tr>"
        for row in block.rows
    )
    # A table that is wider than the screen scrolls by itself, with the keyboard too.
    return (
        f'<div class="wide" tabindex="0" role="group" aria-label="{escape(block.caption)}"><table>'
        f'<caption dir="auto">{escape(block.caption)}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody></table></div>"
    )


def json(document: Mapping[str, Any]) -> Export:
    """Return the document itself as canonical JSON (RFC 8785); its SHA-256 is the card's digest."""
    reading = Reading(document)
    content = canonical_json(reading.root.everything())
    return reading.export(content, "application/json", "card.json")
