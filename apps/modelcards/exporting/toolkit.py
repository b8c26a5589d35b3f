"""Model Card Toolkit, version 0.0.2 of its JSON schema: everything is text, and much is one list of descriptions."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from apps.modelcards.exporting.reading import Export, Part, Reading

_URI = re.compile(r"https?://[^\s<>()\[\]\"'`]+")
#: Fields as lists of descriptions, by the key of the schema.
_CONSIDERED = {
    "users": ("users", "affected_groups"),
    "use_cases": ("intended_use",),
    "limitations": ("limitations", "out_of_scope", "misuse", "caveats"),
    "tradeoffs": ("trade_offs",),
}


def export(document: Mapping[str, Any]) -> Export:
    """Return the card as Model Card Toolkit JSON."""
    reading = Reading(document)
    root = reading.root
    known = {str(field.peek("key")): field for field in root.rows("fields")}
    found = {
        "schema_version": "0.0.2",
        "model_details": _details(root, known),
        "model_parameters": _kept(
            {"model_architecture": _architecture(root, known), "data": list(_data(root, known))}
        ),
        "quantitative_analysis": {"performance_metrics": list(_metrics(root))},
        "considerations": _considerations(known),
    }
    content = json.dumps(found, ensure_ascii=False, indent=1) + "\n"
    return reading.export(content.encode(), "application/json", "card.mct.json")


def _kept(found: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in found.items() if value not in (None, "", [], {})}


def _text(known: Mapping[str, Part], key: str) -> str:
    if key not in known:
        return ""
    known[key].leaf("key")
    return known[key].text("text")


def _details(root: Part, known: Mapping[str, Part]) -> dict[str, Any]:
    version, people = root.part("version"), root.part("people")
    contact = people.text("contact")
    owners = [_kept({"name": str(one), "contact": contact}) for one in people.list("owners")]
    licence = _text(known, "license").strip()
    diff = _text(known, "change_summary")
    registered = str(version.leaf("registered_at") or "")
    if registered[10:]:
        version.give_back("registered_at", "Of the time of registration the day alone is carried.")
    references = _URI.findall(_text(known, "references"))
    if "references" in known and known["references"].peek("text"):
        known["references"].give_back("text", "Of the references the addresses alone are carried.")
    citation = _text(known, "citation")
    return _kept(
        {
            "name": version.text("model"),
            "overview": _text(known, "description"),
            "owners": owners or ([{"contact": contact}] if contact else []),
            "version": _kept({"name": version.text("name"), "date": registered[:10], "diff": diff}),
            "licenses": [{"custom_text": licence}] if licence else [],
            "references": [{"reference": one} for one in dict.fromkeys(references)],
            "citations": [{"citation": citation}] if citation else [],
        }
    )


def _architecture(root: Part, known: Mapping[str, Part]) -> str:
    kind = root.part("version").part("run").text("model_type")
    return "\n\n".join(filter(None, (kind, _text(known, "model_architecture"))))


def _data(root: Part, known: Mapping[str, Part]) -> Iterator[dict[str, Any]]:
    for one in root.part("data").rows("datasets"):
        said = [one.text("role"), f"{one.text('rows')} rows" if one.peek("rows") is not None else ""]
        said.append(f"SHA-256 {one.text('digest')}" if one.peek("digest") else "")
        yield _kept({"name": one.text("name"), "description": ", ".join(filter(None, said))})
    for one in root.part("data").rows("sources"):
        yield _kept({"name": one.text("name"), "description": one.text("description")})
    texts = {"Training data": "training_data", "Evaluation data": "evaluation_data"}
    for name, key in texts.items():
        if text := _text(known, key):
            yield {"name": name, "description": text}
    if text := _text(known, "sensitive_data"):
        yield {"name": "Sensitive data", "sensitive": {"sensitive_data": [text]}}


def _metrics(root: Part) -> Iterator[dict[str, Any]]:
    for evaluation in root.rows("evaluations"):
        name = " ".join(filter(None, (evaluation.text("dataset"), evaluation.text("split"))))
        for metric in evaluation.rows("metrics"):
            yield _metric(metric, name)
        for part in evaluation.rows("slices"):
            for metric in part.rows("metrics"):
                yield _metric(metric, f"{name}: {part.text('name')}" if name else part.text("name"))


def _metric(metric: Part, part: str) -> dict[str, Any]:
    interval = _kept({"lower_bound": metric.text("low"), "upper_bound": metric.text("high")})
    found = {"type": metric.text("key"), "value": metric.text("value"), "slice": part}
    return _kept(found | {"confidence_interval": interval})


def _considerations(known: Mapping[str, Part]) -> dict[str, Any]:
    found: dict[str, Any] = {
        key: [{"description": text} for one in fields if (text := _text(known, one))]
        for key, fields in _CONSIDERED.items()
    }
    risks = [_text(known, key) for key in ("ethical_considerations", "risks", "energy")]
    found["ethical_considerations"] = [{"name": text} for text in risks if text]
    return _kept(found)
