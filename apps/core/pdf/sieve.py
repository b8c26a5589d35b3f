"""What is put right in the tree of a document before it is laid out."""

import re
from typing import Any

from apps.core.addresses import leads_outside
from apps.core.pdf.glyphs import visible

_HEADING = re.compile(r"^h([1-6])$")
#: Attributes that end up as text on a page, in bookmarks or in alternative texts.
_TEXTS = ("alt", "title", "data-running", "data-footer")
#: A word of hundreds of characters without a place to break takes the engine minutes to lay out.
_ENDLESS = re.compile(r"\S{200,}")
_PIECE = 20


def prepare(root: Any, *, lacking: frozenset[str]) -> None:
    """Write out characters without a glyph, let endless words break, close gaps in the levels of headings, and links.

    A link to a file, to this machine or into a private network leads a reader elsewhere than its author: it stays text.
    """
    above: list[int] = []
    for element in root.iter():
        if element.text:
            element.text = _sound(element.text, lacking)
        if element.tail:
            element.tail = _sound(element.tail, lacking)
        if not isinstance(element.tag, str):
            continue
        for name in _TEXTS:
            if name in element.attrib:
                element.attrib[name] = visible(element.attrib[name], lacking=lacking)
        if element.tag == "a" and not _may_be_followed(element.attrib.get("href", "#")):
            del element.attrib["href"]
        if found := _HEADING.match(element.tag):
            element.tag = f"h{_level(int(found[1]), above)}"


def _may_be_followed(address: str) -> bool:
    """Tell whether a link may be followed from paper: within the document, by mail, or to an address of the internet."""
    return address.startswith(("#", "mailto:")) or leads_outside(address)


def _level(wanted: int, above: list[int]) -> int:
    """Return the level of a heading one beneath the nearest that stands over it (PDF/UA-1, 7.4.2: none is skipped)."""
    while above and above[-1] >= wanted:
        above.pop()
    above.append(wanted)
    return len(above)


def _sound(text: str, lacking: frozenset[str]) -> str:
    return _ENDLESS.sub(_broken, visible(text, lacking=lacking))


def _broken(word: re.Match[str]) -> str:
    text = word[0]
    return "\u200b".join(text[start : start + _PIECE] for start in range(0, len(text), _PIECE))
