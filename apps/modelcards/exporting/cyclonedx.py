"""CycloneDX ML-BOM: one machine-learning component with its `modelCard`, written by hand since no library writes it."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from apps.modelcards.exporting.reading import Export, Part, Reading, leaves, words

#: Sections of the card as `considerations`: key of CycloneDX and the fields that fill it.
_CONSIDERED = {
    "users": ("users",),
    "useCases": ("intended_use",),
    "technicalLimitations": ("limitations", "out_of_scope", "misuse"),
    "performanceTradeoffs": ("trade_offs",),
}
_MEDIA_TYPE = "application/vnd.cyclonedx+json; version="


def exporter(edition: str) -> Callable[[Mapping[str, Any]], Export]:
    """Return the export to an edition of the standard, such as 1.7."""

    def export(document: Mapping[str, Any]) -> Export:
        reading = Reading(document)
        content = json.dumps(_bom(reading, edition), ensure_ascii=False, indent=1) + "\n"
        return reading.export(content.encode(), f"{_MEDIA_TYPE}{edition}", f"card.cdx-{edition}.json")

    return export


def _bom(reading: Reading, edition: str) -> dict[str, Any]:
    root = reading.root
    known = {str(field.peek("key")): field for field in root.rows("fields")}
    component = _component(root, known)
    version = root.part("version")
    return {
        "$schema": f"http://cyclonedx.org/schema/bom-{edition}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": edition,
        # The same card has the same number, another card another one.
        "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_URL, reading.digest)}",
        "version": max(1, root.part("card").leaf("revision") or 1),
        "metadata": {
            **_kept({"timestamp": _latest(version, root)}),
            "component": component,
            "properties": [{"name": "mlgov:card:sha256", "value": reading.digest}],
        },
    }


def _latest(version: Part, root: Part) -> str | None:
    """Return the latest time on the card: the file is as old as what it says, not as its making."""
    times = [version.peek("registered_at"), root.part("card").peek("published_at")]
    times += [one.peek("completed_at") for one in root.rows("evaluations")]
    return max((one for one in times if one), default=None)


def _kept(found: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is not known."""
    return {key: value for key, value in found.items() if value not in (None, "", [], {})}


def _text(known: Mapping[str, Part], key: str) -> str:
    """Take the text of a field; which key it is shows in where it stands."""
    if key not in known:
        return ""
    known[key].leaf("key")
    return known[key].text("text")


def _component(root: Part, known: dict[str, Part]) -> dict[str, Any]:
    version, people = root.part("version"), root.part("people")
    licence = _text(known, "license").strip()
    contact = people.text("contact") or _text(known, "contact")
    supplier = _kept({"name": people.text("provider") or _text(known, "provider")})
    if contact:
        supplier["contact"] = [{"name": contact}]
    bases = [str(one) for one in version.list("base_models")]
    return _kept(
        {
            "type": "machine-learning-model",
            "bom-ref": f"version:{version.text('id')}",
            "supplier": supplier,
            "authors": [{"name": one} for one in map(words, people.list("owners")) if one],
            "group": version.text("project"),
            "name": version.text("model") or "model",
            "version": words(version.leaf("number")),
            "description": _text(known, "description"),
            "hashes": _hashes(version.text("contents_digest")),
            "licenses": [{"license": {"name": licence}}] if licence else [],
            "pedigree": _kept({"ancestors": [_ancestor(one) for one in dict.fromkeys(bases) if one]}),
            "components": [_file(one) for one in version.rows("files")],
            "modelCard": _card(root, known),
            "properties": list(_governed(root, known)),
        }
    )


def _ancestor(name: str) -> dict[str, Any]:
    return {"type": "machine-learning-model", "name": name}


def _hashes(digest: str) -> list[dict[str, str]]:
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        return []
    return [{"alg": "SHA-256", "content": digest}]


def _file(file: Part) -> dict[str, Any]:
    size = words(file.leaf("bytes"))
    return _kept(
        {
            "type": "file",
            "name": file.text("path") or "file",
            "hashes": _hashes(file.text("digest")),
            "properties": [{"name": "mlgov:bytes", "value": size}] if size else [],
        }
    )


def _card(root: Part, known: dict[str, Part]) -> dict[str, Any]:
    run = root.part("version").part("run")
    evaluations = root.rows("evaluations")
    tasks = {one.peek("task") for one in evaluations} | {root.part("brief").peek("task")}
    task = next((one for one in sorted(filter(None, tasks))), "")
    parameters = {
        "task": task,
        "architectureFamily": run.text("model_type"),
        "modelArchitecture": _text(known, "model_architecture"),
        "datasets": list(_datasets(root)),
    }
    metrics = [one for evaluation in evaluations for one in _metrics(evaluation)]
    considered: dict[str, Any] = {
        key: [text for one in fields if (text := _text(known, one))] for key, fields in _CONSIDERED.items()
    }
    considered |= {
        "ethicalConsiderations": _ethics(known),
        "environmentalConsiderations": _environment(root.part("energy"), known),
        "fairnessAssessments": list(_fairness(root, known)),
    }
    return _kept(
        {
            "bom-ref": "card",
            "modelParameters": _kept(parameters),
            "quantitativeAnalysis": _kept({"performanceMetrics": metrics}),
            "considerations": _kept(considered),
            "properties": [one for evaluation in evaluations for one in _evaluation(evaluation)],
        }
    )


def _named(evaluation: Part) -> str:
    return " ".join(filter(None, (evaluation.text("dataset"), evaluation.text("split"))))


def _metrics(evaluation: Part) -> Iterator[dict[str, Any]]:
    """Yield the figures of an evaluation; a slice is named beneath the dataset that it is of."""
    name = _named(evaluation)
    for metric in evaluation.rows("metrics"):
        yield _metric(metric, name)
    for part in evaluation.rows("slices"):
        for metric in part.rows("metrics"):
            yield _metric(metric, f"{name}: {part.text('name')}" if name else part.text("name"))


def _metric(metric: Part, part: str) -> dict[str, Any]:
    interval = {"lowerBound": metric.text("low"), "upperBound": metric.text("high")}
    found = {"type": metric.text("key"), "value": metric.text("value"), "slice": part}
    return _kept(found | {"confidenceInterval": _kept(interval)})


def _evaluation(evaluation: Part) -> Iterator[dict[str, str]]:
    """Yield as properties how an evaluation was made, and what `performanceMetrics` has no place for."""
    name = f"mlgov:evaluation:{evaluation.text('id')}"
    keys = (
        "task",
        "rows",
        "positives",
        "threshold",
        "dataset_digest",
        "completed_at",
        "report_digest",
        "engine",
    )
    for key in keys:
        if value := evaluation.text(key):
            yield {"name": f"{name}:{key}", "value": value}
    for metric in evaluation.rows("metrics"):
        for key in ("title", "level", "method", "n", "better", "reason"):
            if value := metric.text(key):
                yield {"name": f"{name}:{metric.text('key')}:{key}", "value": value}
    for part in evaluation.rows("slices"):
        if value := part.text("rows"):
            yield {"name": f"{name}:slice:{part.text('name')}:rows", "value": value}
        for metric in part.rows("metrics"):
            if value := metric.text("n"):
                yield {"name": f"{name}:slice:{part.text('name')}:{metric.text('key')}:n", "value": value}


def _datasets(root: Part) -> Iterator[dict[str, Any]]:
    data = root.part("data")
    for one in data.rows("datasets"):
        kept = {key: one.text(key) for key in ("role", "rows", "digest")}
        properties = [{"name": f"mlgov:{key}", "value": value} for key, value in kept.items() if value]
        contents = {"properties": properties} if properties else {}
        yield _kept({"type": "dataset", "name": one.text("name"), "contents": contents})
    for one in data.rows("sources"):
        kept = {key: one.text(key) for key in ("kind", "score", "of")}
        properties = [{"name": f"mlgov:{key}", "value": value} for key, value in kept.items() if value]
        owner, sensitive = one.text("owner"), one.leaf("sensitive")
        yield _kept(
            {
                "type": "dataset",
                "name": one.text("name"),
                "contents": {"properties": properties} if properties else {},
                "sensitiveData": [] if sensitive is None else [_sensitive(sensitive)],
                "description": one.text("description"),
                "governance": {"owners": [{"contact": {"name": owner}}]} if owner else {},
            }
        )


def _sensitive(value: Any) -> str:
    return "Holds sensitive data." if value is True else "Holds no sensitive data."


def _ethics(known: Mapping[str, Part]) -> list[dict[str, str]]:
    found = [{"name": _text(known, key)} for key in ("ethical_considerations", "risks", "sensitive_data")]
    return [one for one in found if one["name"]]


def _environment(energy: Part, known: Mapping[str, Part]) -> dict[str, Any]:
    """Return the energy of training. Who provided it is not known, so the list of providers is empty."""
    training, co2 = energy.leaf("training_kwh"), energy.leaf("co2_kg")
    texts = {"source": energy.text("source"), "text": _text(known, "energy")}
    if training is None and co2 is not None:
        texts["co2_kg"] = words(co2)
    consumed: dict[str, Any] = {}
    if training is not None:
        consumed = {
            "activity": "training",
            "energyProviders": [],
            "activityEnergyCost": {"value": training, "unit": "kWh"},
        }
        if co2 is not None:
            consumed["co2CostEquivalent"] = {"value": co2 / 1000, "unit": "tCO2eq"}
    return _kept(
        {
            "energyConsumptions": [consumed] if consumed else [],
            "properties": [
                {"name": f"mlgov:energy:{key}", "value": one} for key, one in texts.items() if one
            ],
        }
    )


def _fairness(root: Part, known: Mapping[str, Part]) -> Iterator[dict[str, str]]:
    if text := _text(known, "affected_groups"):
        yield {"groupAtRisk": text}
    for evaluation in root.rows("evaluations"):
        for one in evaluation.rows("fairness"):
            for group in one.rows("groups"):
                name = f"{one.text('attribute')}={group.text('value')} ({_named(evaluation)})"
                yield {"groupAtRisk": name, "harms": _harm(one, group)}
            for difference in one.rows("differences"):
                if difference.peek("value") is not None:
                    yield _difference(one, difference)


def _harm(fairness: Part, group: Part) -> str:
    """Say in figures how a group fares against the reference."""
    counts = f"{group.text('selected') or 'Not known how many'} of {group.text('rows')} selected"
    said = [
        f"{counts}, rate {_figure(group, 'selection_rate', 'low', 'high')}",
        f"impact ratio {_figure(group, 'impact_ratio', 'impact_low', 'impact_high')}"
        f" against {fairness.text('reference') or 'the group of the highest rate'}",
        f"share {group.text('share') or 'not known'}",
        f"true positive rate {group.text('tpr') or 'not known'}",
        f"false positive rate {group.text('fpr') or 'not known'}",
        f"four-fifths rule for the attribute: {fairness.text('four_fifths').replace('_', ' ')}",
        f"rows of unknown value: {fairness.text('unknown_rows')}",
        f"lowest impact ratio of the attribute: {fairness.text('impact_ratio') or 'not known'}",
    ]
    if group.leaf("left_out"):
        said.append(f"left out: {group.text('left_out_reason') or 'yes'}")
    return "; ".join(said) + "."


def _figure(part: Part, value: str, low: str, high: str) -> str:
    found = part.text(value) or "not known"
    bounds = part.text(low), part.text(high)
    return f"{found} ({bounds[0] or '?'} to {bounds[1] or '?'})" if any(bounds) else found


def _difference(fairness: Part, one: Part) -> dict[str, str]:
    said = f"{one.text('title')} ({one.text('key')}) {_figure(one, 'value', 'low', 'high')}."
    return {"groupAtRisk": f"{fairness.text('attribute')}: all groups", "harms": said}


#: Parts of the card that have no place of their own and are carried as properties, whole.
_VERSION = ("name", "stage", "stage_title", "status", "change", "commit", "registered_at", "registered_by")
_AS_PROPERTIES = ("risk", "brief", "costs", "gates", "signatures", "exceptions", "checks", "monitoring")


def _governed(root: Part, known: dict[str, Part]) -> Iterator[dict[str, str]]:
    """Yield what has no place of its own as properties whose names are the places in the card."""
    placed = {"license", "contact", "provider", "description", "model_architecture", "affected_groups"}
    placed |= {"ethical_considerations", "risks", "sensitive_data", "energy"}
    placed |= {key for keys in _CONSIDERED.values() for key in keys}
    for key, field in known.items():
        if key not in placed and (text := _text(known, key) or field.text("value")):
            yield {"name": f"mlgov:field:{key}", "value": text}
    version, card = root.part("version"), root.part("card")
    for part, keys in (
        (version, _VERSION),
        (card, ("state", "revision", "language", "evidence_digest", "published_at", "published_by")),
    ):
        for key in keys:
            if value := part.text(key):
                yield {"name": f"mlgov:{part.path[0]}:{key}", "value": value}
    for one in ("parameters", "environment"):
        for row in version.part("run").rows(one):
            yield {"name": f"mlgov:{one}:{row.text('name')}", "value": row.text("value")}
    for name in _AS_PROPERTIES:
        yield from _flat(root, name)


def _flat(root: Part, name: str) -> Iterator[dict[str, str]]:
    found = root.part(name).everything() if isinstance(root.peek(name), Mapping) else None
    if found is None:
        found = [row.everything() for row in root.rows(name)]
    for path, value in leaves(found):
        yield {"name": ":".join(["mlgov", name, *map(str, path)]), "value": words(value)}
