"""Policy files on disk, and the vocabulary that they are checked against."""

import importlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django.conf import settings

from apps.policies.vocabulary import Vocabulary, vocabulary_of

PACKS = Path(__file__).parent / "packs"


@cache
def vocabulary() -> Vocabulary:
    """Join the vocabularies of the apps named in settings.EVIDENCE_MODULES and LIVE_FACT_MODULES."""
    names = [*settings.EVIDENCE_MODULES, *settings.LIVE_FACT_MODULES]
    return vocabulary_of(importlib.import_module(name).VOCABULARY for name in names)


def pack_files() -> Iterator[Path]:
    """Yield the built-in packs and the organisation's own."""
    for folder in (PACKS, *map(Path, settings.POLICY_PACK_DIRS)):
        yield from sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])
