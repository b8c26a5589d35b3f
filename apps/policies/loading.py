"""Policy files on disk, and the vocabulary that they are checked against."""

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings

from apps.policies.vocabulary import Vocabulary, vocabulary_of

PACKS = Path(__file__).parent / "packs"
STANDARD = PACKS / "standard"
SUFFIXES = frozenset({".yaml", ".yml"})


@cache
def vocabulary() -> Vocabulary:
    """Join the vocabularies of the apps named in settings.EVIDENCE_MODULES and LIVE_FACT_MODULES."""
    names = [*settings.EVIDENCE_MODULES, *settings.LIVE_FACT_MODULES]
    return vocabulary_of(importlib.import_module(name).VOCABULARY for name in names)


@dataclass(frozen=True)
class PackFile:
    """A pack on disk: one file, or a folder whose files, joined by name, are one text."""

    path: Path
    parts: tuple[Path, ...]

    @property
    def name(self) -> str:
        return self.path.name

    def read(self) -> str:
        """Return the text; raises UnicodeDecodeError when it is none."""
        return "".join(part.read_text(encoding="utf-8") for part in self.parts)

    def place(self, line: int) -> tuple[str, int]:
        """Return the file, and the line in it, of a line of the whole text."""
        for part in self.parts:
            length = part.read_text(encoding="utf-8").count("\n")
            if line <= length or part == self.parts[-1]:
                break
            line -= length
        return str(part.relative_to(self.path.parent)), line


def pack_files() -> Iterator[PackFile]:
    """Yield the built-in packs and the organisation's own; a folder that holds YAML files is one pack."""
    for folder in (PACKS, *map(Path, settings.POLICY_PACK_DIRS)):
        for path in sorted(folder.glob("*")):
            if path.is_dir() and (parts := _yaml_in(path)):
                yield PackFile(path, parts)
            elif path.suffix in SUFFIXES:
                yield PackFile(path, (path,))


def standard_text() -> str:
    """Return the text of the built-in pack."""
    return PackFile(STANDARD, _yaml_in(STANDARD)).read()


def _yaml_in(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted(one for one in folder.glob("*") if one.suffix in SUFFIXES))
