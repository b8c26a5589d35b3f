"""The model card as a printed document: what its pages say beyond the document itself, and the files in it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.template.loader import render_to_string

from apps.core.canonical import canonical_json
from apps.core.pdf.documents import Attachment, Document, Relationship
from apps.evaluations.wording import interval
from apps.modelcards.content import CardContent
from apps.modelcards.exporting import FORMATS

STYLE = Path(__file__).with_name("card_pdf.css")
CYCLONEDX = "cyclonedx-1.7"
#: So many figures stand on the first pages, so many rows of a table in the pages; all are in the attached card.json.
KEY_FIGURES = 3
MOST_ROWS = 60
TONES = {"pass": "good", "waived": "warn", "fail": "bad", "unknown": "warn"}
WORDS = {
    "pass": "The gate passed",
    "waived": "The gate passed with waivers",
    "fail": "The gate did not pass",
    "unknown": "The gate could not tell",
}


@dataclass(frozen=True)
class Box:
    """A verdict in words; ``tone`` is what its colour says again."""

    tone: str
    title: str
    text: str


@dataclass(frozen=True)
class KeyFigure:
    """A figure of the first pages: the value large, its interval and rows beneath."""

    title: str
    value: str
    beneath: str


def document_of(card: CardContent, *, proof: Mapping[str, Any] | None) -> Document:
    """Return what the PDF of a card is made of."""
    html = render_to_string("modelcards/pdf.html", context_of(card, proof=proof))
    return Document(
        html, identifier=card.digest, style=STYLE.read_text(), attachments=tuple(_attached(card, proof))
    )


def context_of(card: CardContent, *, proof: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what the template is filled with; nothing in it depends on when it is made."""
    d = card.document
    evaluation = d["evaluations"][0] if d["evaluations"] else None
    return {
        "card": card,
        "d": d,
        "digest": card.digest,
        "proof": proof,
        "dated": dated(d),
        "verdict": verdict(d),
        "evaluation": evaluation,
        "figures": key_figures(evaluation) if evaluation else [],
        "worst": worst_group(evaluation) if evaluation else None,
        "most": MOST_ROWS,
        "first": f":{MOST_ROWS}",
        "last": f"-{MOST_ROWS}:",
        "contents": _contents(card),
    }


def dated(d: Mapping[str, Any]) -> str:
    """Return the latest time that the card tells of: a card is as old as what it says."""
    times = [d["version"]["registered_at"], d["card"]["published_at"]]
    times += [one["completed_at"] for one in d["evaluations"]]
    times += [one["at"] for one in d["history"]]
    return str(max(one for one in times if one))


def verdict(d: Mapping[str, Any]) -> Box:
    """Return what the gate said last of this version."""
    last = d["gates"]["last_verdict"]
    if last is None:
        return Box("warn", "No gate has judged this version", "Nobody has asked for its promotion yet.")
    words, failed = WORDS[last["state"]], [one for one in last["criteria"] if one["state"] == "fail"]
    held = sum(1 for one in last["criteria"] if one["state"] == "pass")
    text = f"{held} of {len(last['criteria'])} criteria held, asked on {last['at'][:10]}."
    if failed:
        text += f" Not met: {'; '.join(one['title'] for one in failed)}."
    return Box(TONES[last["state"]], f"{words}: {last['gate']}", text)


def key_figures(evaluation: Mapping[str, Any]) -> list[KeyFigure]:
    """Return the metric that counts and the next ones, with intervals."""
    known = [one for one in evaluation["metrics"] if one["value"] is not None]
    first = [one for one in known if one["key"] in evaluation["headline"]]
    rest = [one for one in known if one["key"] not in evaluation["headline"] and one["low"] is not None]
    return [_figure(one) for one in (first + rest)[:KEY_FIGURES]]


def _figure(one: Mapping[str, Any]) -> KeyFigure:
    beneath = f"{one['n']:,} rows" if one["n"] is not None else ""
    if one["low"] is not None:
        ends = interval(one["value"], one["low"], one["high"]).partition(" ")[2]
        beneath = f"{one['level']:.0%} interval {ends}, {beneath}"
    return KeyFigure(one["title"], interval(one["value"], None, None), beneath)


def worst_group(evaluation: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the group with the lowest impact ratio, with its attribute and what the four-fifths rule says of that."""
    found = [
        {**group, "attribute": table["attribute"], "four_fifths": table["four_fifths"]}
        for table in evaluation["fairness"]
        for group in table["groups"]
        if group["impact_ratio"] is not None and not group["left_out"]
    ]
    return min(found, key=lambda one: one["impact_ratio"], default=None)


def _contents(card: CardContent) -> list[tuple[str, str]]:
    """Return id and title of each chapter that there is."""
    d = card.document
    chapters = [("summary", "Summary", True)]
    chapters += [(f"part-{one.key}", one.title, bool(_told(one))) for one in card.parts]
    chapters += [
        ("evaluation", "Evaluation", True),
        ("fairness", "Fairness", bool(d["evaluations"] and d["evaluations"][0]["fairness"])),
        ("data", "Data", True),
        ("governance", "Approvals and conditions", True),
        ("costs", "Costs", d["costs"]["currency"] is not None),
        ("history", "What happened", bool(d["history"])),
        ("standards", "Standards", bool(d["standards"])),
        ("definitions", "Appendix: definitions of the metrics", bool(d["evaluations"])),
        ("origins", "Appendix: where each field comes from", True),
        ("files", "Appendix: digests and attached files", True),
    ]
    return [(key, title) for key, title, there in chapters if there]


def _told(part: Any) -> list[Any]:
    return [one for one in part.sections if one.entry["text"]]


def _attached(card: CardContent, proof: Mapping[str, Any] | None) -> list[Attachment]:
    kind = "application/json"
    found = [
        Attachment("card.json", canonical_json(card.document), kind, "This model card as data"),
        Attachment(
            "card.cdx.json",
            FORMATS[CYCLONEDX].function(card.document).content,
            "application/vnd.cyclonedx+json",
            "This model card as a CycloneDX 1.7 ML-BOM",
        ),
    ]
    if proof:
        content = json.dumps(proof, ensure_ascii=False, indent=1).encode()
        said = "Proof that this card was asked for, from the sealed audit log"
        found.append(Attachment("proof.json", content, kind, said, Relationship.SUPPLEMENT))
    return found
