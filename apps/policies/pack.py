"""Policy packs: YAML text in, frozen dataclasses out, and every fault with its line."""

import difflib
import json
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from apps.policies import conditions, exceptions
from apps.policies.checklists import Checklist, checklist_of
from apps.policies.conditions import Conditional
from apps.policies.criteria import Criterion as Criterion
from apps.policies.criteria import criterion_faults, criterion_of, expression_faults
from apps.policies.exceptions import Exceptions
from apps.policies.method import PARTS, Method, method_faults, method_of, own_facts
from apps.policies.pipeline import CheckRule, check_rules, required_at, undeclared
from apps.policies.rubric import Rubric, rubric_of
from apps.policies.timing import Timing, timing_of
from apps.policies.vocabulary import Vocabulary

SCHEMAS = Path(__file__).with_name("schemas")
PRODUCTION = "production"
#: Kinds of transition that somebody asks for; replace, rollback and suspend follow from another act.
ASKED_FOR = frozenset({"promote", "retire"})
_SCALARS = yaml.SafeLoader("")


@dataclass(frozen=True)
class Stage:
    """A stage of versions; ``aliases`` are the names by which tools that speak of aliases mean production."""

    key: str
    title: str
    initial: bool = False
    terminal: bool = False
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class TransitionRule:
    from_stage: str
    to_stage: str
    kind: str
    gate: str = ""


@dataclass(frozen=True)
class Quorum:
    """So many signatures of a role; where ``when`` (CEL) does not hold, they are not asked for."""

    role: str
    count: int
    when: str = ""

    def __str__(self) -> str:
        return f"{self.count} {self.role}" + (f" (when {self.when})" if self.when else "")


@dataclass(frozen=True)
class Gate:
    key: str
    title: str
    criteria: tuple[Criterion, ...]
    approvals: tuple[Quorum, ...] = ()
    automatic: bool = False
    meanings: tuple[str, ...] = ()
    second_factor: bool = False
    timing: Timing = field(default_factory=Timing)


@dataclass(frozen=True)
class Pack:
    """A whole policy, ready to be asked."""

    slug: str
    title: str
    stages: tuple[Stage, ...]
    transitions: tuple[TransitionRule, ...]
    gates: tuple[Gate, ...]
    checklists: tuple[Checklist, ...] = ()
    rubric: Rubric | None = None
    checks: tuple[CheckRule, ...] = ()
    exceptions: Exceptions = field(default_factory=Exceptions)
    conditional: Conditional = field(default_factory=Conditional)
    method: Method = field(default_factory=Method)

    @cached_property
    def initial_stage(self) -> str:
        return next((stage.key for stage in self.stages if stage.initial), self.stages[0].key)

    def stage_title(self, key: str) -> str:
        return next((stage.title for stage in self.stages if stage.key == key), key)

    def gate(self, key: str) -> Gate | None:
        return next((gate for gate in self.gates if gate.key == key), None)

    def transition(self, from_stage: str, to_stage: str) -> TransitionRule | None:
        """Return the rule for this move, or None when the policy does not allow it."""
        pairs = ((rule.from_stage, rule.to_stage, rule) for rule in self.transitions)
        return next((rule for start, end, rule in pairs if (start, end) == (from_stage, to_stage)), None)

    def moves_from(self, stage: str) -> list[TransitionRule]:
        """Return the moves that can be asked for; the others are consequences of an act."""
        return [rule for rule in self.transitions if rule.from_stage == stage and rule.kind in ASKED_FOR]

    def step_towards(self, from_stage: str, to_stage: str) -> TransitionRule | None:
        """Return the first move to ask for on the shortest way to a stage: at once, or over promotions; None without a way."""
        direct = self.transition(from_stage, to_stage)
        if direct is not None and direct.kind in ASKED_FOR:
            return direct
        firsts = [rule for rule in self.moves_from(from_stage) if rule.kind == "promote"]
        seen = {from_stage}
        ways = [(rule.to_stage, rule) for rule in firsts]
        while ways:
            stage, first = ways.pop(0)
            if stage == to_stage:
                return first
            if stage not in seen:
                seen.add(stage)
                ways += [(rule.to_stage, first) for rule in self.moves_from(stage) if rule.kind == "promote"]
        return None

    @cached_property
    def production_aliases(self) -> tuple[str, ...]:
        """The aliases of the version in production: the stage's own key, and those that the policy names."""
        named = (name for one in self.stages if one.key == PRODUCTION for name in one.aliases)
        return tuple(dict.fromkeys((PRODUCTION, *named)))

    @cached_property
    def _production_names(self) -> frozenset[str]:
        return frozenset(name.casefold() for name in self.production_aliases)

    def means_production(self, alias: str) -> bool:
        """Tell whether an alias is one of production, in capitals or not."""
        return alias.casefold() in self._production_names

    def way_out(self, kind: str) -> str | None:
        """Return where a version goes that leaves production by a transition of this kind."""
        return next(
            (one.to_stage for one in self.transitions if one.from_stage == PRODUCTION and one.kind == kind),
            None,
        )

    def checklist(self, key: str) -> Checklist | None:
        return next((entry for entry in self.checklists if entry.key == key), None)


@dataclass(frozen=True)
class Problem:
    """One fault of a pack's text; lines and columns count from 1."""

    line: int
    column: int
    sentence: str

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.sentence}"


class PackInvalid(ValueError):
    """The text is no usable pack; ``problems`` has every fault."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = problems


@dataclass
class _Source:
    """Plain data, with the place of each value by its path."""

    data: Any = None
    places: dict[tuple[str | int, ...], tuple[int, int]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def fault(self, path: tuple[str | int, ...], sentence: str) -> None:
        known = next(
            (self.places[path[:n]] for n in range(len(path), -1, -1) if path[:n] in self.places), (1, 1)
        )
        self.problems.append(Problem(*known, sentence))


@lru_cache(maxsize=32)
def parse_pack(text: str, vocabulary: Vocabulary | None = None) -> Pack:
    """Read a pack; raises PackInvalid with every fault and its line. Without a vocabulary, facts are not checked."""
    source = _read(text)
    if not source.problems:
        for error in sorted(
            _validator().iter_errors(source.data), key=lambda one: [str(p) for p in one.absolute_path]
        ):
            _schema_fault(source, error)
    if not source.problems:
        _check_references(source)
        for path, sentence in (
            *criterion_faults(source.data, vocabulary),
            *expression_faults(source.data, vocabulary, own_facts),
        ):
            source.fault(path, sentence)
    if source.problems:
        raise PackInvalid(sorted(source.problems, key=lambda problem: (problem.line, problem.column)))
    return from_document(source.data)


def document_of(text: str) -> dict[str, Any]:
    """Return the text's plain data, a copy of the caller's own; call it after parse_pack."""
    return deepcopy(_kept_document(text))


@lru_cache(maxsize=32)
def _kept_document(text: str) -> dict[str, Any]:
    """Reading takes a tenth of a second, and who publishes or compares asks for the same text again and again."""
    return dict(_read(text).data)


def _read(text: str) -> _Source:
    source = _Source()
    try:
        node = _composed(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        source.problems.append(Problem(*place, f"This is not YAML: {error.problem or error.context}."))
        return source
    if node is None:
        source.problems.append(Problem(1, 1, "The file is empty. Write a pack."))
        return source
    source.data = _plain(node, (), source)
    return source


def _composed(text: str) -> yaml.Node | None:
    """Compose with libyaml, which is ten times as fast; where it fails, PyYAML's own parser names the place better."""
    try:
        return yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError:
        return yaml.compose(text, Loader=yaml.SafeLoader)


def _plain(node: yaml.Node, path: tuple[str | int, ...], source: _Source) -> Any:
    source.places.setdefault(path, (node.start_mark.line + 1, node.start_mark.column + 1))
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            place = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            if key in found:
                source.problems.append(
                    Problem(*place, f"The key '{key}' stands here twice. Remove one of them.")
                )
            source.places[(*path, key)] = place
            found[key] = _plain(value_node, (*path, key), source)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_plain(child, (*path, index), source) for index, child in enumerate(node.value)]
    return _SCALARS.construct_object(node)


@cache
def _validator() -> Draft202012Validator:
    whole = json.loads((SCHEMAS / "pack.json").read_text())
    parts = {key: json.loads((SCHEMAS / f"{key}.json").read_text()) for key in PARTS}
    return Draft202012Validator({**whole, "properties": {**whole["properties"], **parts}})


def _schema_fault(source: _Source, error: Any) -> None:
    path = tuple(error.absolute_path)
    where = "/".join(str(part) for part in path) or "the pack"
    if error.validator != "additionalProperties":
        source.fault(path, f"{where}: {error.message}.")
        return
    allowed = sorted(error.schema["properties"])
    for key in sorted(set(error.instance) - set(allowed)):
        near = difflib.get_close_matches(key, allowed, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else f" Allowed here: {', '.join(allowed)}."
        source.fault((*path, key), f"{where}: '{key}' means nothing here.{hint}")


def _check_references(source: _Source) -> None:
    data = source.data
    stages = {stage["key"] for stage in data["stages"]}
    gates = {gate["key"] for gate in data["gates"]}
    if PRODUCTION not in stages:
        source.fault(
            ("stages",), "There must be a stage 'production': it holds one version of a model at most."
        )
    if not any(rule["from"] == PRODUCTION and rule["kind"] == "replace" for rule in data["transitions"]):
        source.fault(("transitions",), "There must be a transition of kind 'replace' out of production.")
    for name in ("stages", "gates", "checklists", "checks"):
        _check_unique(source, (name,), data.get(name, []))
    for index, stage in enumerate(data["stages"]):
        if stage.get("aliases") and stage["key"] != PRODUCTION:
            source.fault(
                ("stages", index, "aliases"), "Only production has aliases: it holds one version of a model."
            )
    _check_transitions(source, stages, gates)
    _check_gates(source)
    for faults in (
        exceptions.faults(data),
        conditions.faults(data),
        undeclared(data, gates),
        method_faults(data),
    ):
        for place, sentence in faults:
            source.fault(place, sentence)


def _check_transitions(source: _Source, stages: set[str], gates: set[str]) -> None:
    for index, rule in enumerate(source.data["transitions"]):
        path = ("transitions", index)
        for end in ("from", "to"):
            if rule[end] not in stages:
                source.fault(
                    (*path, end), f"There is no stage '{rule[end]}'. Stages are {', '.join(sorted(stages))}."
                )
        if "gate" in rule and rule["gate"] not in gates:
            source.fault(
                (*path, "gate"), f"There is no gate '{rule['gate']}'. Gates are {', '.join(sorted(gates))}."
            )
        if rule["kind"] == "promote" and "gate" not in rule:
            source.fault(path, "A promotion needs a gate. Name one.")


def _check_gates(source: _Source) -> None:
    data = source.data
    for index, gate in enumerate(data["gates"]):
        _check_unique(source, ("gates", index, "criteria"), gate["criteria"])
        if not gate.get("approvals") and not gate.get("automatic"):
            source.fault(
                ("gates", index),
                f"The gate '{gate['key']}' names nobody who approves. Add approvals, or say 'automatic: true'.",
            )
        if gate.get("approvals") and all("when" in one for one in gate["approvals"]):
            source.fault(
                ("gates", index, "approvals"),
                f"Every approval of the gate '{gate['key']}' has a 'when', so that it may be that nobody approves. "
                "Leave one without.",
            )
        if gate.get("approvals") and not gate.get("meanings"):
            source.fault(
                ("gates", index), f"The gate '{gate['key']}' needs 'meanings': what a signature says."
            )
    for index, checklist in enumerate(data.get("checklists", [])):
        _check_unique(source, ("checklists", index, "items"), checklist["items"])
    if rubric := data.get("rubric"):
        _check_unique(source, ("rubric", "dimensions"), rubric["dimensions"])
        total = sum(dimension["weight"] for dimension in rubric["dimensions"])
        if total != 100:
            source.fault(("rubric", "dimensions"), f"The weights add up to {total}; they must add up to 100.")


def _check_unique(source: _Source, path: tuple[str | int, ...], entries: list[dict[str, Any]]) -> None:
    keys = [entry["key"] for entry in entries]
    for index, key in enumerate(keys):
        if key in keys[:index]:
            source.fault((*path, index, "key"), f"The key '{key}' is used twice here.")


def from_document(data: dict[str, Any]) -> Pack:
    """Build the dataclasses from data that was checked before."""
    rules = check_rules(data.get("checks", []))
    return Pack(
        slug=data["slug"],
        title=data["title"],
        stages=tuple(
            Stage(**{**entry, "aliases": tuple(entry.get("aliases", ()))}) for entry in data["stages"]
        ),
        transitions=tuple(
            TransitionRule(rule["from"], rule["to"], rule["kind"], rule.get("gate", ""))
            for rule in data["transitions"]
        ),
        gates=tuple(_gate(entry, required_at(entry["key"], rules)) for entry in data["gates"]),
        checks=rules,
        checklists=tuple(checklist_of(entry) for entry in data.get("checklists", [])),
        rubric=rubric_of(data["rubric"]) if "rubric" in data else None,
        exceptions=exceptions.from_document(data),
        conditional=conditions.from_document(data),
        method=method_of(data),
    )


def _gate(entry: dict[str, Any], required: list[dict[str, Any]]) -> Gate:
    return Gate(
        key=entry["key"],
        title=entry["title"],
        criteria=tuple(criterion_of(one) for one in [*entry["criteria"], *required]),
        approvals=tuple(Quorum(**one) for one in entry.get("approvals", [])),
        automatic=entry.get("automatic", False),
        meanings=tuple(entry.get("meanings", [])),
        second_factor=entry.get("signing", {}).get("second_factor", False),
        timing=timing_of(entry),
    )
