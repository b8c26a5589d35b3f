"""Collect what is known about a version into one canonical document."""

import importlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from django.conf import settings

from apps.core.canonical import canonical_json
from apps.core.db import service
from apps.evidence import keeping
from apps.evidence.models import Snapshot
from apps.policies.verdicts import Source
from apps.projects.models import Project
from apps.registry.models import Version

SCHEMA = 1


@dataclass(frozen=True)
class Evidence:
    """The document of a version's facts, and its SHA-256."""

    document: dict[str, Any]
    digest: str


class FactsClash(ValueError):
    """Two apps gave one fact."""


def collect(version: Version, *, before: str = "") -> Evidence:
    """Read the facts of every module in settings.EVIDENCE_MODULES, or of those that stand before one; writes nothing.

    The document says nothing that changes by itself (the time, the stage), so that its digest changes only when
    something was learnt. One exception: figures of costs are those of a calendar month, and begin anew with it.
    """
    kept = keeping.kept(version, f"evidence:{before}", lambda now: _collected(now, before))
    # Through JSON and back: judged, stored and shown is exactly what was hashed.
    return Evidence(json.loads(kept.content), kept.digest)


def _collected(version: Version, before: str) -> bytes:
    document: dict[str, Any] = {"schema": SCHEMA}
    for name in takewhile(lambda one: one != before, settings.EVIDENCE_MODULES):
        _merge(document, importlib.import_module(name).facts(version, document), name)
    return canonical_json(document)


def collect_project(project: Project) -> dict[str, Any]:
    """Return what is known of a project without any version: the ``facts_of_project`` of the modules that have them."""
    document: dict[str, Any] = {"schema": SCHEMA}
    for name in settings.EVIDENCE_MODULES:
        facts = getattr(importlib.import_module(name), "facts_of_project", None)
        if facts is not None:
            _merge(document, facts(project), name)
    return dict(json.loads(canonical_json(document)))


def sources(version: Version) -> list[Source]:
    """Return where the facts of a version come from, as the same modules tell; longer prefixes are nearer."""
    return [
        one for name in settings.EVIDENCE_MODULES for one in importlib.import_module(name).sources(version)
    ]


@service
def snapshot(version: Version) -> Snapshot:
    """Keep the evidence of now; the same evidence is kept once."""
    evidence = collect(version)
    kept, _ = Snapshot.objects.get_or_create(
        version=version, digest=evidence.digest, defaults={"document": evidence.document}
    )
    return kept


def _merge(into: dict[str, Any], facts: Mapping[str, Any], source: str) -> None:
    for key, value in facts.items():
        if key not in into:
            into[key] = value
        elif isinstance(into[key], dict) and isinstance(value, Mapping):
            _merge(into[key], value, source)
        else:
            raise FactsClash(f"{source} gives the fact {key}, which another app gave already.")


def differences(before: Mapping[str, Any], after: Mapping[str, Any], path: str = "") -> list[dict[str, Any]]:
    """Return what changed between two documents: path, before, after; sorted by path."""
    found: list[dict[str, Any]] = []
    for key in sorted({*before, *after}):
        here = f"{path}.{key}" if path else key
        old, new = before.get(key), after.get(key)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            found += differences(old, new, here)
        elif old != new:
            found.append({"path": here, "before": old, "after": new})
    return found
