"""The part ``card`` of a pack: what people write on a model card, and which standard asks for which field (M9.2)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.policies.vocabulary import Fact

OWN_FACTS: tuple[Fact, ...] = ()
#: What marks a need that evidence serves, and what may stand behind it; apps.modelcards.document tells when it is there.
EVIDENCE = "evidence:"
EVIDENCE_PARTS = frozenset(
    {
        "version",
        "artifacts",
        "lineage",
        "people",
        "run",
        "parameters",
        "environment",
        "evaluation",
        "metrics",
        "intervals",
        "threshold",
        "slices",
        "crossings",
        "fairness",
        "calibration",
        "bias_audit",
        "data",
        "datasets",
        "features",
        "brief",
        "risk",
        "checks",
        "checklists",
        "rubric",
        "costs",
        "gates",
        "signatures",
        "monitoring",
        "history",
    }
)


@dataclass(frozen=True)
class Group:
    """Fields that are written together."""

    key: str
    title: str


@dataclass(frozen=True)
class CardField:
    """One field that people write.

    A required one that nobody wrote makes the card incomplete; ``when`` is CEL over evidence and makes it required only
    where it holds. ``filled_from`` names the evidence that is shown while nobody wrote anything, ``rests_on`` the parts
    of the evidence that a text must be read against again when they change. One that is not ``carried`` tells of one
    version alone: the card of the next begins without it.
    """

    key: str
    title: str
    help: str
    group: str = ""
    kind: str = "text"
    options: tuple[str, ...] = ()
    required: bool = False
    when: str = ""
    filled_from: str = ""
    rests_on: tuple[str, ...] = ()
    carried: bool = True

    @property
    def expression(self) -> str:
        """What the judge is asked where the field is required by circumstances."""
        return self.when


@dataclass(frozen=True)
class StandardItem:
    """One thing that a standard asks for; served when every need is there: a field, or ``evidence:`` and a part."""

    id: str
    title: str
    needs: tuple[str, ...]


@dataclass(frozen=True)
class Standard:
    """A standard by its items, named in our own words."""

    key: str
    title: str
    edition: str
    items: tuple[StandardItem, ...]


@dataclass(frozen=True)
class BiasAudit:
    """How the attributes of a bias audit are called (6 RCNY 5-301); a group under ``smallest_share`` may be left out."""

    sex: tuple[str, ...] = ()
    race: tuple[str, ...] = ()
    smallest_share: float = 0.02
    valid_days: int = 365


@dataclass(frozen=True)
class Card:
    """What the pack says of model cards; one that says nothing gets ``DEFAULT``."""

    groups: tuple[Group, ...] = ()
    fields: tuple[CardField, ...] = ()
    standards: tuple[Standard, ...] = ()
    bias_audit: BiasAudit = field(default_factory=BiasAudit)
    #: Rows that a group has at least, for its figures to be read by people without an account.
    smallest_public_group: int = 10
    #: In which people write the texts, as BCP 47.
    language: str = "en"

    def field_of(self, key: str) -> CardField | None:
        """Return a field by its key."""
        return next((one for one in self.fields if one.key == key), None)


#: For a policy that says nothing of cards: the eight fields that there were before packs could name them.
DEFAULT = Card(
    groups=(Group("card", "Card"),),
    fields=tuple(
        CardField(key, title, about, "card", required=key != "caveats")
        for key, title, about in (
            ("description", "Description", "What the model does, in a paragraph for somebody new to it."),
            ("intended_use", "Intended use", "Who may use it, for which decisions."),
            (
                "out_of_scope",
                "Out-of-scope uses",
                "What it must not be used for, as plainly as the above.",
            ),
            ("training_data", "Training data", "Source, size, date range, and known biases of the data."),
            ("limitations", "Limitations", "Where it is known to fail."),
            (
                "ethical_considerations",
                "Ethical considerations",
                "Whom it can harm, and what is done about it.",
            ),
            ("maintenance", "Maintenance", "Retraining schedule, monitoring, whom to call."),
            ("caveats", "Caveats and recommendations", "Anything else a reader must know."),
        )
    ),
)


def of(entry: Mapping[str, Any]) -> Card:
    """Build the part from data that was checked before."""
    audit = entry.get("bias_audit", {})
    return Card(
        tuple(Group(**one) for one in entry["groups"]),
        tuple(
            CardField(
                **one | {"options": tuple(one.get("options", ())), "rests_on": tuple(one.get("rests_on", ()))}
            )
            for one in entry["fields"]
        ),
        tuple(
            Standard(
                one["key"],
                one["title"],
                one["edition"],
                tuple(StandardItem(item["id"], item["title"], tuple(item["needs"])) for item in one["items"]),
            )
            for one in entry["standards"]
        ),
        BiasAudit(**audit | {name: tuple(audit.get(name, ())) for name in ("sex", "race")}),
        entry.get("smallest_public_group", Card.smallest_public_group),
        entry.get("language", "en"),
    )


def faults(entry: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield path and sentence of what the schema cannot say."""
    groups = {one["key"] for one in entry["groups"]}
    fields = {one["key"] for one in entry["fields"]}
    yield from _twice(entry["groups"], "key", ("groups",))
    yield from _twice(entry["fields"], "key", ("fields",))
    yield from _twice(entry["standards"], "key", ("standards",))
    for index, one in enumerate(entry["fields"]):
        if one["group"] not in groups:
            known = ", ".join(sorted(groups))
            yield ("fields", index, "group"), f"There is no group “{one['group']}”. There are: {known}."
        if one.get("kind") == "choice" and not one.get("options"):
            yield ("fields", index, "kind"), "A choice needs options. List them."
        if one.get("required") and one.get("when"):
            yield ("fields", index, "when"), "A field that is always required needs no when. Leave one out."
    for place, standard in enumerate(entry["standards"]):
        yield from _twice(standard["items"], "id", ("standards", place, "items"))
        for index, item in enumerate(standard["items"]):
            for number, need in enumerate(item["needs"]):
                if fault := _need_fault(need, fields):
                    yield ("standards", place, "items", index, "needs", number), fault


def _need_fault(need: str, fields: set[str]) -> str:
    if need.startswith(EVIDENCE):
        if need.removeprefix(EVIDENCE) in EVIDENCE_PARTS:
            return ""
        return f"No part of the evidence is called “{need}”. There are: {', '.join(sorted(EVIDENCE_PARTS))}."
    return "" if need in fields else f"The card has no field “{need}”. Add it, or name another."


def _twice(
    rows: list[Mapping[str, Any]], name: str, path: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    seen: set[str] = set()
    for index, row in enumerate(rows):
        if row[name] in seen:
            yield (*path, index, name), f"“{row[name]}” stands here twice. Give each a {name} of its own."
        seen.add(row[name])
