"""The model card as a printed document: what its pages say beyond the document itself, and the files in it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string

from apps.core.canonical import canonical_json, digest
from apps.core.charts import Chart
from apps.core.pdf.documents import Attachment, Document, Relationship
from apps.core.pdf.pieces import TONES, Box, chapters, table_limits
from apps.evaluations.chapters import chapter_of
from apps.modelcards.content import CardContent
from apps.modelcards.exporting import FORMATS

CYCLONEDX = "cyclonedx-1.7"
#: Fields of the summary, with the words of each that fit on one page.
SUMMARY = (("intended_use", 70), ("out_of_scope", 45), ("limitations", 70))
WORDS = {
    "pass": "The gate passed",
    "waived": "The gate passed with waivers",
    "fail": "The gate did not pass",
    "unknown": "The gate could not tell",
}


@dataclass(frozen=True)
class Part:
    """A group of fields in which something is said."""

    key: str
    title: str
    fields: tuple[dict[str, Any], ...]


def document_of(card: CardContent, *, proof: Mapping[str, Any] | None) -> Document:
    """Return what the PDF of a card is made of."""
    groups = [(one.key, one.title) for one in card.policy.groups]
    return printed(card.document, groups=groups, drawings=card.charts, proof=proof)


def printed(
    d: Mapping[str, Any],
    *,
    groups: Sequence[tuple[str, str]],
    drawings: Mapping[str, Chart],
    proof: Mapping[str, Any] | None = None,
) -> Document:
    """Return the PDF of a card's document; ``groups`` are key and title, ``drawings`` those of its evaluation by name."""
    context = context_of(d, groups=groups, drawings=drawings, proof=proof)
    html = render_to_string("modelcards/pdf.html", context)
    return Document(html, identifier=context["digest"], attachments=tuple(_attached(d, proof)))


def context_of(
    d: Mapping[str, Any],
    *,
    groups: Sequence[tuple[str, str]],
    drawings: Mapping[str, Chart],
    proof: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Return what the template is filled with; nothing in it depends on when it is made."""
    evaluation = d["evaluations"][0] if d["evaluations"] else None
    parts = _parts(d, groups)
    fields = {one["key"]: one for one in d["fields"]}
    return {
        "d": d,
        "digest": digest(dict(d)),
        "proof": proof,
        "title": f"Model card: {d['version']['name']}",
        "running": f"Model card · {d['version']['name']}",
        "footer": "mlgov model card",
        "author": d["people"]["provider"]
        or ", ".join(d["people"]["owners"])
        or d["version"]["registered_by"],
        "description": f"Model card of {d['version']['name']}, evidence {d['card']['evidence_digest']}",
        "language": d["card"]["language"],
        "dated": dated(d),
        "verdict": verdict(d),
        **chapter_of(evaluation, drawings),
        "summary": [(fields[key], words) for key, words in SUMMARY if key in fields],
        "parts": parts,
        "missing": [one["title"] for one in d["fields"] if one["key"] in d["card"]["missing"]],
        "stale": [one["title"] for one in d["fields"] if one["key"] in d["card"]["stale"]],
        "standards": [(one, [item for item in one["items"] if not item["served"]]) for one in d["standards"]],
        "contents": _contents(d, parts),
        **table_limits(),
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
    for state, words_of_it in (("waived", "waived"), ("unknown", "could not be told")):
        if count := sum(1 for one in last["criteria"] if one["state"] == state):
            text += f" {count} {words_of_it}."
    if failed:
        text += f" Not met: {'; '.join(one['title'] for one in failed[:3])}"
        text += f" and {len(failed) - 3} more." if len(failed) > 3 else "."
    return Box(TONES[last["state"]], f"{words}: {last['gate']}", text)


def _parts(d: Mapping[str, Any], groups: Sequence[tuple[str, str]]) -> list[Part]:
    told = [one for one in d["fields"] if one["text"]]
    parts = [Part(key, title, tuple(one for one in told if one["group"] == key)) for key, title in groups]
    return [part for part in parts if part.fields]


def _contents(d: Mapping[str, Any], parts: Sequence[Part]) -> list[tuple[str, str]]:
    """Return id and title of each chapter that there is."""
    evaluation = d["evaluations"][0] if d["evaluations"] else None
    return chapters(
        [
            ("summary", "Summary", True),
            *((f"part-{one.key}", one.title, True) for one in parts),
            ("evaluation", "Evaluation in figures", True),
            ("fairness", "Fairness", evaluation and evaluation["fairness"]),
            ("data", "Data and training", True),
            ("governance", "Approvals and conditions", True),
            ("costs", "Costs and energy", d["costs"]["currency"] is not None),
            ("history", "Change log", d["history"]),
            ("standards", "Standards", d["standards"]),
            ("definitions", "Appendix: definitions of the metrics", evaluation and evaluation["definitions"]),
            ("origins", "Appendix: where each field comes from", True),
            ("files", "Appendix: digests and attached files", True),
        ]
    )


def _attached(d: Mapping[str, Any], proof: Mapping[str, Any] | None) -> list[Attachment]:
    kind, document = "application/json", dict(d)
    found = [
        Attachment("card.json", canonical_json(document), kind, "This model card as data"),
        Attachment(
            "card.cdx.json",
            FORMATS[CYCLONEDX].function(document).content,
            "application/vnd.cyclonedx+json",
            "This model card as a CycloneDX 1.7 ML-BOM",
        ),
    ]
    if proof:
        content = json.dumps(proof, ensure_ascii=False, indent=1).encode()
        said = "Proof that this card was asked for, from the sealed audit log"
        found.append(Attachment("proof.json", content, kind, said, Relationship.SUPPLEMENT))
    return found
