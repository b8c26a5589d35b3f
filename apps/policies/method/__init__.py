"""The parts of a pack that carry the method beyond gates: one module a part, named like its key in the YAML.

Each module has a frozen dataclass, ``of(entry)`` that builds it from data that was checked before, ``faults(entry)``
that yields the path and sentence of what its schema (``schemas/<key>.json``) cannot say, and ``OWN_FACTS``: names that
only expressions of this part may read, beside the vocabulary of evidence.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from apps.policies.method import card, commands, costs, data, experiments, findings, framing, guides, platform
from apps.policies.method.card import DEFAULT as CARD_DEFAULT
from apps.policies.method.card import Card
from apps.policies.method.commands import Commands
from apps.policies.method.costs import Costs
from apps.policies.method.data import Data
from apps.policies.method.experiments import Experiments
from apps.policies.method.findings import Findings
from apps.policies.method.framing import Framing
from apps.policies.method.guides import Guides
from apps.policies.method.platform import Platform
from apps.policies.vocabulary import Vocabulary

Path = tuple[str | int, ...]
PARTS: dict[str, ModuleType] = {
    "framing": framing,
    "data": data,
    "experiments": experiments,
    "guides": guides,
    "findings": findings,
    "costs": costs,
    "platform": platform,
    "commands": commands,
    "card": card,
}


@dataclass(frozen=True)
class Method:
    """What a pack says of each part; a part that it does not mention is empty."""

    framing: Framing = field(default_factory=Framing)
    data: Data = field(default_factory=Data)
    experiments: Experiments = field(default_factory=Experiments)
    guides: Guides = field(default_factory=Guides)
    findings: Findings = field(default_factory=Findings)
    costs: Costs = field(default_factory=Costs)
    platform: Platform = field(default_factory=Platform)
    commands: Commands = field(default_factory=Commands)
    card: Card = CARD_DEFAULT


def method_of(document: Mapping[str, Any]) -> Method:
    """Build the parts from a pack's data that was checked before."""
    return Method(**{key: part.of(document[key]) for key, part in PARTS.items() if key in document})


def method_faults(document: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Yield path and sentence of each fault that the schemas of the parts cannot say."""
    for key, part in PARTS.items():
        if key in document:
            for path, sentence in part.faults(document[key]):
                yield (key, *path), sentence


def own_facts(key: str) -> Vocabulary:
    """Return the facts that only expressions under this key of the pack may read."""
    part = PARTS.get(key)
    return Vocabulary(tuple(part.OWN_FACTS) if part else ())
