"""Which characters the fonts of mlgov have, and what stands for the others: visibly, never an empty box.

A PDF/A may not draw the glyph for "nothing there" at all (ISO 19005-3, 6.2.11.8), and a reader must see that
something stood there: U+1F9FF becomes ``[U+1F9FF]``.
"""

import unicodedata
from bisect import bisect_right
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "fonts"
CONFIGURATION = FOLDER / "fonts.conf"
#: The child must have been started with this, so that fontconfig knows no font but ours.
ENVIRONMENT = {"FONTCONFIG_FILE": str(CONFIGURATION), "LC_ALL": "C.UTF-8", "PANGO_LANGUAGE": "en"}
#: What reorders text around it without being seen: a reader must see that it is there.
OVERRIDES = {"\u202d", "\u202e"}
#: Drawn by nothing and needed by scripts and emoji: joiners, marks of direction, variation selectors.
UNSEEN = {
    "\u00ad",
    "\u034f",
    "\u061c",
    "\u200b",
    "\u200c",
    "\u200d",
    "\u200e",
    "\u200f",
    "\u2060",
    "\ufeff",
} | {
    *("\u202a", "\u202b", "\u202c", "\u2066", "\u2067", "\u2068", "\u2069"),
    *map(chr, range(0xFE00, 0xFE10)),
}


@cache
def _ranges() -> tuple[list[int], list[int]]:
    lines = (FOLDER / "coverage.txt").read_text().split()
    pairs = [line.split("-") for line in lines]
    return [int(first, 16) for first, _ in pairs], [int(last, 16) for _, last in pairs]


@cache
def has(char: str) -> bool:
    """Say whether a character can be drawn, or needs no drawing."""
    if char.isspace() or char in UNSEEN:
        return True
    if char in OVERRIDES or unicodedata.category(char) in {"Cc", "Cs"}:
        return False
    firsts, lasts = _ranges()
    place = bisect_right(firsts, ord(char)) - 1
    return place >= 0 and ord(char) <= lasts[place]


def visible(text: str, *, lacking: frozenset[str] = frozenset()) -> str:
    """Return ``text`` with what has no glyph written as its code point; ``lacking`` names more that have none.

    What can be composed or taken apart into characters that are there is, first: "ǟ" may be "a" with two marks, and
    a Korean syllable its letters.
    """
    if text.isascii() and text.isprintable():
        return text
    text = unicodedata.normalize("NFC", text)
    return "".join(
        char if has(char) and char not in lacking else _stand_in(char, lacking=lacking) for char in text
    )


def _stand_in(char: str, *, lacking: frozenset[str]) -> str:
    parts = unicodedata.normalize("NFKD", char)
    if parts != char and all(has(part) and part not in lacking for part in parts):
        return parts
    return f"[U+{ord(char):04X}]"
