"""Make the font files of this folder anew from the originals: ``python -m apps.core.pdf.fonts.make ORIGINALS``.

ORIGINALS is a folder with the files that README.md lists. Each becomes one static font without hints, with the
characters that are kept, and ``coverage.txt`` says which characters the folder has at all. Needed by nobody who runs
or tests mlgov; it stands here so that anybody can see what was done to the originals, and do it to newer ones.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

FOLDER = Path(__file__).parent
COVERAGE = FOLDER / "coverage.txt"
#: Every script of its own, one weight each.
SCRIPTS = (
    "Arabic Armenian Bengali Devanagari Georgian Gujarati Gurmukhi Hebrew Kannada Khmer Lao Malayalam Myanmar "
    "Oriya Sinhala Tamil Telugu Thai"
)
#: Arrows, technical signs, shapes, dingbats, and what came to them later.
SIGNS = (
    *range(0x2190, 0x2200),
    *range(0x2300, 0x2400),
    *range(0x2460, 0x2800),
    *range(0x2B00, 0x2C00),
    *range(0x1F780, 0x1F800),
)
#: What program text, digests and names of files are written in.
CODE = (*range(0x20, 0x250), *range(0x370, 0x530), *range(0x2000, 0x2700))
MATHS = (
    *range(0x2070, 0x20A0),
    *range(0x2100, 0x2400),
    *range(0x27C0, 0x27F0),
    *range(0x2900, 0x2B00),
    *range(0x1D400, 0x1D800),
)
REGULAR, BOLD = 400, 700
FIRST_EASTERN = 0x2E80
SPACES = (0x20, 0xA0)


def common_ideographs() -> set[int]:
    """Return the first levels of GB 2312 and JIS X 0208 with their kana and signs, and the syllables of KS X 1001."""
    kept: set[int] = set()
    for encoding, rows in (
        ("gb2312", [*range(0xA1, 0xA4), *range(0xB0, 0xD8)]),
        ("euc_jp", [*range(0xA1, 0xA6), *range(0xB0, 0xD0)]),
        ("euc_kr", [*range(0xA4, 0xA5), *range(0xB0, 0xC9)]),
    ):
        for high in rows:
            for low in range(0xA1, 0xFF):
                kept.update(ord(char) for char in bytes((high, low)).decode(encoding, errors="ignore"))
    return {point for point in kept if point >= FIRST_EASTERN}


def make(
    original: Path,
    name: str,
    *,
    weight: int = REGULAR,
    number: int = -1,
    kept: Iterable[int] | None = None,
) -> None:
    """Write one static font with the characters in ``kept`` (all when None)."""
    font = TTFont(original, fontNumber=number, recalcTimestamp=False)
    options = Options(hinting=False, name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14], notdef_outline=True)
    options.drop_tables += ["MATH", "STAT", "BASE", "VORG", "vhea", "vmtx"]
    if number >= 0:
        # Vertical, narrow and historic forms are not asked for, and would be half of the file.
        options.layout_features = []
    family = font["name"].getBestFamilyName()
    subsetter = Subsetter(options)
    # Layout puts the spaces between signs into the font of the signs.
    subsetter.populate(unicodes=set(font.getBestCmap()) & {*(kept or font.getBestCmap()), *SPACES})
    subsetter.subset(font)
    if "fvar" in font:
        axes = {axis.axisTag: weight if axis.axisTag == "wght" else None for axis in font["fvar"].axes}
        font = instantiateVariableFont(font, axes, inplace=True)
        _declare(font, family, weight)
    font.save(FOLDER / name)
    if "CFF " in font:
        _number_anew(FOLDER / name)


def _number_anew(path: Path) -> None:
    """Give each glyph of a CID-keyed font its own index as CID: PDF writers that show glyphs by index rely on it."""
    font = TTFont(path, recalcTimestamp=False)
    top = font["CFF "].cff.topDictIndex[0]
    names = [".notdef", *(f"cid{number:05d}" for number in range(1, len(top.charset)))]
    top.CharStrings.charStrings = {
        new: top.CharStrings.charStrings[old] for new, old in zip(names, top.charset, strict=True)
    }
    top.charset = names
    font.save(path)


def _declare(font: TTFont, family: str, weight: int) -> None:
    """Say in a static font which family and weight it is: the variable original tells of its lightest, or of all."""
    font["OS/2"].usWeightClass = weight
    italic = bool(font["head"].macStyle & 2)
    style = "Bold" if weight == BOLD else "Italic" if italic else "Regular"
    if weight == BOLD:
        font["OS/2"].fsSelection = (font["OS/2"].fsSelection & ~0x40) | 0x20
        font["head"].macStyle |= 1
    texts = {1: family, 2: style, 4: f"{family} {style}", 6: f"{family.replace(' ', '')}-{style}"}
    for record in font["name"].names:
        record.string = texts.get(record.nameID, str(record))


def write_coverage() -> None:
    """Write the characters of all fonts as ranges, one a line."""
    lines, begin, last = [], -1, -2
    for point in [*sorted(characters()), sys.maxunicode + 2]:
        if point != last + 1:
            if begin >= 0:
                lines.append(f"{begin:04X}-{last:04X}")
            begin = point
        last = point
    COVERAGE.write_text("\n".join(lines) + "\n")


def characters() -> set[int]:
    """Return the code points that the fonts of this folder have."""
    known: set[int] = set()
    for path in font_files():
        with TTFont(path, lazy=True) as font:
            known |= set(font.getBestCmap())
    return known


def font_files() -> list[Path]:
    """Return the font files of this folder."""
    return sorted([*FOLDER.glob("*.ttf"), *FOLDER.glob("*.otf")])


def main(originals: Path) -> None:
    """Make all of them."""
    for source, name, weight in (
        ("NotoSans[wght].ttf", "NotoSans-Regular.ttf", REGULAR),
        ("NotoSans[wght].ttf", "NotoSans-Bold.ttf", BOLD),
        ("NotoSans-Italic[wght].ttf", "NotoSans-Italic.ttf", REGULAR),
        ("NotoEmoji[wght].ttf", "NotoEmoji-Regular.ttf", REGULAR),
    ):
        make(originals / source, name, weight=weight)
    make(originals / "NotoSansMono-Regular.ttf", "NotoSansMono-Regular.ttf", kept=CODE)
    for script in SCRIPTS.split():
        make(originals / f"NotoSans{script}[wght].ttf", f"NotoSans{script}-Regular.ttf")
    make(originals / "NotoSansSymbols2-Regular.ttf", "NotoSansSymbols2-Regular.ttf", kept=SIGNS)
    make(originals / "NotoSansMath-Regular.ttf", "NotoSansMath-Regular.ttf", kept=MATHS)
    make(
        originals / "NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf", number=2, kept=common_ideographs()
    )
    write_coverage()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
