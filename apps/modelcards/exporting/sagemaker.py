"""SageMaker's model card JSON. Its texts and lists are bounded: what is longer is cut at the bound, and the report says so."""

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from apps.modelcards.exporting.reading import Export, Part, Reading, leaves, words

_SHORT, _LONG, _NAME, _LABEL = 1024, 2048, 255, 63
_MOST_DATASETS, _MOST_EVALUATION_DATASETS, _MOST_FILES, _MOST_PARAMETERS = 15, 10, 15, 100
_RATINGS = {"high": "High", "medium": "Medium", "low": "Low"}
#: Fields with a place of their own; all others that are written are custom details.
_PLACED = {"description", "intended_use", "factors", "risk_explanation", "ethical_considerations", "caveats"}


def export(document: Mapping[str, Any]) -> Export:
    """Return the card as SageMaker model card JSON."""
    reading = Reading(document)
    root = reading.root
    known = {str(field.peek("key")): field for field in root.rows("fields")}
    found = {
        "model_overview": _overview(root, known),
        "intended_uses": _uses(root, known),
        "business_details": _business(root),
        "training_details": _training(root),
        "evaluation_details": [_evaluation(one) for one in root.rows("evaluations")],
        "additional_information": _additional(root, known),
    }
    content = json.dumps(_kept(found), ensure_ascii=False, indent=1) + "\n"
    return reading.export(content.encode(), "application/json", "card.sagemaker.json")


def _kept(found: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in found.items() if value not in (None, "", [], {})}


def _bounded(part: Part, key: str, most: int, what: str) -> str:
    """Take a text as far as the format takes it."""
    text = part.text(key)
    if len(text) <= most:
        return text
    part.give_back(key, f"The format takes {most:,} characters of {what}; the rest of {len(text):,} is cut.")
    return text[: most - 1] + "…"


def _field(known: Mapping[str, Part], key: str, most: int) -> str:
    if key not in known:
        return ""
    known[key].leaf("key")
    return _bounded(known[key], "text", most, f"“{known[key].peek('title') or key}”")


def _overview(root: Part, known: Mapping[str, Part]) -> dict[str, Any]:
    version, people = root.part("version"), root.part("people")
    files = version.rows("files")
    return _kept(
        {
            "model_description": _field(known, "description", _SHORT),
            "model_creator": _bounded(version, "registered_by", _SHORT, "the creator"),
            "model_artifact": [_bounded(one, "path", _SHORT, "a file's path") for one in files[:_MOST_FILES]],
            "algorithm_type": _bounded(version.part("run"), "model_type", _SHORT, "the model type"),
            "problem_type": root.part("brief").text("task"),
            "model_owner": _joined(people, "owners", _SHORT),
        }
    )


def _joined(part: Part, key: str, most: int) -> str:
    """Return as many names of a list as fit; those that do not are not taken, so the report has them."""
    names: list[str] = []
    for place, name in enumerate(part.peek(key) or []):
        if len(", ".join([*names, words(name)])) > most:
            break
        part.take(key, place)
        names.append(words(name))
    return ", ".join(names)


def _uses(root: Part, known: Mapping[str, Part]) -> dict[str, Any]:
    risk = root.part("risk")
    tier = risk.text("tier")
    explained = _field(known, "risk_explanation", _LONG)
    return _kept(
        {
            "intended_uses": _field(known, "intended_use", _LONG),
            "factors_affecting_model_efficiency": _field(known, "factors", _LONG),
            "risk_rating": _RATINGS.get(tier, "Unknown"),
            "explanations_for_risk_rating": explained or _joined(risk, "reasons", _LONG),
        }
    )


def _business(root: Part) -> dict[str, Any]:
    brief = root.part("brief")
    return _kept(
        {
            "business_problem": _bounded(brief, "business_problem", _LONG, "the business problem"),
            "business_stakeholders": _bounded(brief, "consumer", _LONG, "the consumer"),
            "line_of_business": _bounded(root.part("version"), "project", _LONG, "the project"),
        }
    )


def _training(root: Part) -> dict[str, Any]:
    run = root.part("version").part("run")
    parameters = [
        {"name": row.text("name"), "value": row.text("value")}
        for row in run.rows("parameters")[:_MOST_PARAMETERS]
        if _fits(row)
    ]
    names = run.peek("datasets") or []
    fitting = [place for place, one in enumerate(names) if len(words(one)) <= _SHORT][:_MOST_DATASETS]
    for place in fitting:
        run.take("datasets", place)
    details = {
        "training_datasets": [words(names[place]) for place in fitting],
        "user_provided_hyper_parameters": parameters,
    }
    return _kept({"training_job_details": _kept(details)})


def _fits(row: Part) -> bool:
    """A parameter without a value, or longer than the format takes, is not taken."""
    return all(0 < len(words(row.peek(key))) <= _NAME for key in ("name", "value"))


def _evaluation(one: Part) -> dict[str, Any]:
    dataset, split = one.text("dataset"), one.text("split")
    name = " ".join(filter(None, (dataset, split))) or "evaluation"
    if len(name) > _LABEL:
        one.give_back("dataset", f"The format takes {_LABEL} characters of the name of an evaluation.")
        one.give_back("split", f"The format takes {_LABEL} characters of the name of an evaluation.")
    keys = (
        "id",
        "task",
        "rows",
        "positives",
        "threshold",
        "dataset_digest",
        "completed_at",
        "report_digest",
        "engine",
    )
    groups = [_group("Metrics", one.rows("metrics"))]
    for part in one.rows("slices"):
        label = part.text("name")
        if len(label) > _LABEL - 6:
            part.give_back("name", f"The format takes {_LABEL} characters of the name of a slice.")
        groups.append(_group(f"Slice {label}"[:_LABEL], part.rows("metrics")))
    return _kept(
        {
            "name": name[:_LABEL],
            "datasets": [dataset[:_SHORT]] if dataset else [],
            "metadata": {key: value for key in keys if (value := _bounded(one, key, _SHORT, f"“{key}”"))},
            "metric_groups": [group for group in groups if group["metric_data"]],
        }
    )


def _group(name: str, rows: list[Part]) -> dict[str, Any]:
    return {"name": name, "metric_data": [_metric(row) for row in rows if _is_number(row.peek("value"))]}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _metric(row: Part) -> dict[str, Any]:
    """Return a figure; interval, level, method and n stand in its notes."""
    notes = [f"{key}: {value}" for key in ("low", "high", "level", "method", "n") if (value := row.text(key))]
    title = _bounded(row, "title", _NAME, "the name of a metric")
    name = title or _bounded(row, "key", _NAME, "the key of a metric")
    found = {
        "name": name or "metric",
        "type": "number",
        "value": row.leaf("value"),
        "notes": "; ".join(notes),
    }
    return _kept(found) | {"value": found["value"]}


def _additional(root: Part, known: Mapping[str, Part]) -> dict[str, Any]:
    details = {key: text for key in known if key not in _PLACED and (text := _field(known, key, _SHORT))}
    details |= dict(_custom(root))
    return _kept(
        {
            "ethical_considerations": _field(known, "ethical_considerations", _LONG),
            "caveats_and_recommendations": _field(known, "caveats", _LONG),
            "custom_details": details,
        }
    )


def _custom(root: Part) -> Iterator[tuple[str, str]]:
    """Yield the version's name and state, and each signature, as custom details."""
    version = root.part("version")
    for key in ("name", "model", "status", "commit", "contents_digest"):
        if value := _bounded(version, key, _SHORT, f"“{key}”"):
            yield f"version {key.replace('_', ' ')}", value
    for place, one in enumerate(root.rows("signatures"), start=1):
        said = "; ".join(words(value) for _, value in leaves(one.look()))
        if len(said) <= _SHORT:
            one.everything()
            yield f"signature {place}", said
