"""Judge what the portal finds wrong with a project. Reads alone; what comes of it is written by the services."""

import importlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from apps.data.queries import clock_facts
from apps.evidence.services import collect, collect_project
from apps.experiments.queries import ended_runs_of, tried_approaches_of
from apps.findings.enums import FindingKind
from apps.policies.criteria import Criterion
from apps.policies.judge import State, Verdict, judge
from apps.policies.queries import pack_of
from apps.projects.models import Project
from apps.projects.queries import kill_criteria_of
from apps.registry.enums import PRODUCTION
from apps.registry.models import Version
from apps.registry.queries import watched_versions_of

#: A version, or none, with the facts that rules judge.
Look = tuple[Version | None, dict[str, Any]]


@dataclass(frozen=True)
class Rule:
    """A rule that finds something: its criterion, its kind, and which versions it looks at."""

    criterion: Criterion
    kind: FindingKind
    subject: str

    @property
    def key(self) -> str:
        return self.criterion.key


@dataclass(frozen=True)
class Judgement:
    """What a rule says of a project: ``holds`` True, False, or None where evidence is missing everywhere.

    ``unsettled`` are the versions (None: the project itself) for which evidence is missing.
    """

    rule: Rule
    holds: bool | None
    verdict: Verdict
    version: Version | None = None
    unsettled: frozenset[UUID | None] = frozenset()

    def clears(self, version_id: UUID | None) -> bool:
        """Tell whether what was found of this version is no longer so, by evidence and not for want of it."""
        return self.holds is False and version_id not in self.unsettled

    def to_json(self) -> dict[str, Any]:
        """Return the judgement as plain JSON."""
        criterion = self.rule.criterion
        return {
            "key": self.rule.key,
            "kind": str(self.rule.kind),
            "title": criterion.title,
            "method": criterion.method,
            "holds": self.holds,
            "reason": self.verdict.reason,
            "version": str(self.version.pk) if self.version else None,
            "of": str(self.version) if self.version else "",
        }


def rules_of(project: Project) -> list[Rule]:
    """Return the mistakes of the project's policy, and its kill criteria with the project's own."""
    mistakes = pack_of(project.policy_revision).method.findings.mistakes
    return [
        *(Rule(one, FindingKind.KILL, "watched") for one in kill_criteria_of(project)),
        *(Rule(one.rule, FindingKind.MISTAKE, one.subject) for one in mistakes),
    ]


def judge_project(project: Project) -> list[Judgement]:
    """Judge every rule on the evidence of now: of the newest version of each model, and of those in production."""
    rules = rules_of(project)
    if not rules:
        return []
    own = {"ended_runs": ended_runs_of(project), "approaches": tried_approaches_of(project)}
    whole = {"project": own, **clock_facts(project, timezone.now())}
    alone = _with(collect_project(project), whole)
    versions = watched_versions_of(project)
    newest = {version.model_id: version.pk for version in versions}
    documents: list[Look] = [(version, _document(version, whole)) for version in versions]
    looks: dict[str, list[Look]] = {
        "project": [(None, alone)],
        "watched": documents or [(None, alone)],
        "newest": [
            (one, facts) for one, facts in documents if one is not None and newest[one.model_id] == one.pk
        ]
        or [(None, alone)],
        "production": [
            (one, facts) for one, facts in documents if one is not None and one.stage == PRODUCTION
        ],
    }
    return [_judged(rule, looks[rule.subject]) for rule in rules]


def _document(version: Version, whole: dict[str, Any]) -> dict[str, Any]:
    document = {**_with(collect(version).document, whole), "subject": {"stage": version.stage}}
    for name in settings.LIVE_FACT_MODULES:
        document.update(importlib.import_module(name).facts(version, document))
    return document


def _with(document: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    """Return the document with what only rules of findings know: of the whole project, and of the clock."""
    return {
        **document,
        "project": {**document.get("project", {}), **whole["project"]},
        "clock": whole["clock"],
    }


def _judged(rule: Rule, looks: Iterable[Look]) -> Judgement:
    """Take the first version for which the rule holds; it does not hold where at least one version says so."""
    found = [(version, judge(rule.criterion, facts)) for version, facts in looks]
    unsettled = frozenset(
        version.pk if version else None
        for version, verdict in found
        if verdict.state not in {State.PASS, State.FAIL}
    )
    for state, holds in ((State.PASS, True), (State.FAIL, False), (State.MISSING, None)):
        for version, verdict in found:
            if verdict.state == state:
                return Judgement(rule, holds, verdict, version, unsettled)
    return Judgement(rule, False, Verdict(State.FAIL, (), (), "There is nothing to look at."))
