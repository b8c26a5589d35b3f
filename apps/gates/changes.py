"""What is different between what a request was judged on and what is so now, in sentences."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.evidence.services import Evidence, differences
from apps.gates.models import Promotion
from apps.gates.stricter import evidence_under
from apps.policies.loading import vocabulary

#: Words for the first step of a fact's path, which is the app that gave it.
TITLES = {
    "evaluation": "Evaluation",
    "checks": "Checks",
    "checklists": "Checklists",
    "rubric": "Rubric",
    "card": "Model card",
    "costs": "Costs",
    "data": "Data",
    "brief": "Problem brief",
    "project": "Project",
    "platform": "Platform",
    "champion": "Version in production",
    "reviews": "Re-reviews",
}


@dataclass(frozen=True)
class Change:
    """One fact that is not what it was."""

    path: str
    meaning: str
    unit: str
    before: Any
    after: Any

    @property
    def sentence(self) -> str:
        """Say it with the vocabulary's meaning and unit."""
        unit = f" {self.unit}" if self.unit and self.unit != "–" else ""
        if self.before is None:
            return f"{self.meaning} was not known and is {worded(self.after)}{unit}."
        if self.after is None:
            return f"{self.meaning} was {worded(self.before)}{unit} and is not known any more."
        return f"{self.meaning} was {worded(self.before)}{unit} and is {worded(self.after)}{unit}."


@dataclass(frozen=True)
class Group:
    """The changes of one part of the evidence."""

    title: str
    changes: list[Change]


@dataclass(frozen=True)
class Staleness:
    """Whether signing now would close the request as stale, and why; another ``policy`` alone does not."""

    digest_then: str
    digest_now: str
    policy: str = ""
    stage: str = ""
    groups: list[Group] = field(default_factory=list)

    @property
    def is_stale(self) -> bool:
        return bool(self.stage) or self.digest_then != self.digest_now

    @property
    def count(self) -> int:
        return sum(len(group.changes) for group in self.groups)


def worded(value: Any) -> str:
    """Return a fact's value as people read it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return ", ".join(worded(one) for one in value) or "empty"
    if isinstance(value, dict):
        return "; ".join(f"{key} {worded(one)}" for key, one in sorted(value.items())) or "empty"
    return "not known" if value is None else str(value)


def staleness_of(promotion: Promotion, evidence: Evidence | None = None) -> Staleness:
    """Compare a request with the evidence, policy and stage of now; reads only."""
    now = evidence or evidence_under(promotion.version, promotion.policy_revision)
    revision = promotion.version.model.project.policy_revision
    policy = stage = ""
    if promotion.policy_revision_id != revision.pk:
        policy = (
            f"The project follows {revision.pack.slug} revision {revision.number} now; this request keeps "
            f"revision {promotion.policy_revision.number}, under which it was opened."
        )
    if promotion.version.stage != promotion.from_stage:
        stage = f"The version was in {promotion.from_stage} and is in {promotion.version.stage}."
    return Staleness(
        promotion.evidence_digest,
        now.digest,
        policy,
        stage,
        grouped(promotion.snapshot.document, now.document),
    )


def grouped(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Group]:
    """Return the changes between two documents by part, each with the meaning that the vocabulary gives it."""
    return grouped_changes(differences(before, after))


def grouped_changes(changed: Iterable[Mapping[str, Any]]) -> list[Group]:
    """Return changes (path, before, after) by part, with meaning and unit."""
    known = vocabulary()
    groups: dict[str, list[Change]] = {}
    for path, before, after in (leaf for one in changed for leaf in _leaves(**one)):
        fact = known.fact_of(path)
        words = path.replace("_", " ").replace(".", ", ")
        meaning = f"{fact.meaning.rstrip('.')} ({path})" if fact else words[:1].upper() + words[1:]
        change = Change(path, meaning, fact.unit if fact else "", before, after)
        first = path.split(".", 1)[0]
        groups.setdefault(TITLES.get(first, first.replace("_", " ").capitalize()), []).append(change)
    return [Group(title, changes) for title, changes in groups.items()]


def _leaves(path: str, before: Any, after: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield the single facts of a branch that came or went as a whole."""
    if isinstance(before or {}, Mapping) and isinstance(after or {}, Mapping) and (before or after):
        old, new = before or {}, after or {}
        for key in sorted({*old, *new}):
            yield from _leaves(f"{path}.{key}", old.get(key), new.get(key))
    else:
        yield path, before, after
