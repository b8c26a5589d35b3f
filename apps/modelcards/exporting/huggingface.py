"""A README.md as Hugging Face reads it: YAML with `model-index`, then Markdown under the sections of its template."""

import re
from collections.abc import Mapping
from typing import Any

import yaml

from apps.modelcards.exporting import governed, narrative, story
from apps.modelcards.exporting.blocks import Block, Heading
from apps.modelcards.exporting.reading import Export, Part, Reading
from apps.modelcards.exporting.writing import escaped, markdown_of

#: The template's sections and the field that fills each; the import reads the same table. A chapter has no field.
SECTIONS: tuple[tuple[int, str, str], ...] = (
    (2, "Model Details", ""),
    (3, "Model Description", "description"),
    (3, "Changes", "change_summary"),
    (3, "Provider", "provider"),
    (2, "Uses", ""),
    (3, "Direct Use", "intended_use"),
    (3, "Users", "users"),
    (3, "Out-of-Scope Use", "out_of_scope"),
    (3, "Misuse", "misuse"),
    (2, "Bias, Risks, and Limitations", "limitations"),
    (3, "Risks", "risks"),
    (3, "Affected Groups", "affected_groups"),
    (3, "Ethical Considerations", "ethical_considerations"),
    (3, "Trade-offs", "trade_offs"),
    (3, "Recommendations", "caveats"),
    (2, "Training Details", ""),
    (3, "Training Data", "training_data"),
    (3, "Selection of the Data", "data_selection"),
    (3, "Sensitive Data", "sensitive_data"),
    (3, "Preprocessing", "preprocessing"),
    (2, "Evaluation", ""),
    (3, "Testing Data", "evaluation_data"),
    (3, "Factors", "factors"),
    (3, "Metrics", "metric_rationale"),
    (2, "Model Examination", "explainability"),
    (2, "Environmental Impact", "energy"),
    (2, "Technical Specifications", ""),
    (3, "Model Architecture and Objective", "model_architecture"),
    (3, "Compute Infrastructure", "environment"),
    (2, "Human Oversight", "human_oversight"),
    (2, "Security", "security"),
    (2, "Maintenance", "maintenance"),
    (3, "Monitoring", "monitoring_plan"),
    (3, "Incidents", "incidents"),
    (2, "Citation", "citation"),
    (2, "More Information", "references"),
    (2, "Model Card Contact", "contact"),
)
#: Fields that stand in the YAML; the import reads them back.
IN_YAML = {"license": "license", "base_models": "base_model"}
_TASKS = {
    "binary": "tabular-classification",
    "multiclass": "tabular-classification",
    "multilabel": "tabular-classification",
    "regression": "tabular-regression",
    "forecasting": "time-series-forecasting",
    "ranking": "text-ranking",
    "generation": "text-generation",
}
_LIBRARIES = {"scikit-learn": "sklearn", "transformers": "transformers", "keras": "keras", "fastai": "fastai"}


def export(document: Mapping[str, Any]) -> Export:
    """Return the README.md."""
    reading = Reading(document)
    root = reading.root
    head = yaml.dump(
        _metadata(root), Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=1000
    )
    title = escaped(root.part("version").text("name"))
    body = markdown_of(_body(root))
    text = f"---\n{head}---\n\n# {title}\n\n{body}\n## About This File\n\n{story.made_from(reading)}\n"
    return reading.export(text.encode(), "text/markdown; charset=utf-8", "README.md")


def _metadata(root: Part) -> dict[str, Any]:
    version = root.part("version")
    run, evaluations = version.part("run"), root.rows("evaluations")
    fields = {field.peek("key"): field for field in root.rows("fields")}
    tasks = [str(one.peek("task")) for one in evaluations]
    bases = [*version.list("base_models"), *_lines(fields.get("base_models"))]
    datasets = [str(one) for one in run.list("datasets")] + [one.text("dataset") for one in evaluations]
    metrics = [str(one.leaf("key")) for row in evaluations for one in row.rows("metrics")]
    found: dict[str, Any] = {
        **_language(root.part("card").text("language")),
        **_license(fields.get("license")),
        "library_name": _library(run),
        "tags": _once(["model-card", *tasks, run.text("model_type")]),
        "datasets": _once(datasets),
        "metrics": _once(metrics),
        "base_model": _once(bases),
        "pipeline_tag": next((_TASKS[one] for one in tasks if one in _TASKS), None),
    }
    results = [one for one in map(_result, evaluations) if one["metrics"]]
    if results:
        found["model-index"] = [{"name": version.text("name"), "results": results}]
    return {key: value for key, value in found.items() if value}


def _language(tag: str) -> dict[str, str]:
    """Return the language as the hub wants it: an ISO 639 code, and beside it the whole BCP 47 tag that says more."""
    code = tag.split("-")[0]
    return {"language": code, "language_bcp47": tag if tag != code else ""}


def _once(values: list[Any]) -> list[str]:
    return [one for one in dict.fromkeys(str(value) for value in values) if one]


def _lines(field: Part | None) -> list[str]:
    """Return the entries of a text that lists one a line."""
    text = field.text("text") if field else ""
    return [line.strip(" \t-*") for line in text.splitlines() if line.strip(" \t-*")]


def _license(field: Part | None) -> dict[str, str]:
    """Return the licence as the hub wants it: a known identifier in lower case, else `other` with a name."""
    text = field.text("text").strip() if field else ""
    if not text:
        return {}
    if re.fullmatch(r"[A-Za-z0-9.+-]{2,40}", text):
        return (
            {"license": text.lower()}
            if text == text.lower()
            else {"license": text.lower(), "license_name": text}
        )
    return {"license": "other", "license_name": text}


def _library(run: Part) -> str | None:
    names = [str(one.peek("name")).lower() for one in run.rows("environment")]
    return next((_LIBRARIES[one] for one in names if one in _LIBRARIES), None)


def _result(row: Part) -> dict[str, Any]:
    """Return one result of `model-index`; a slice is a metric that names it in its arguments."""
    task, split = row.text("task"), row.text("split")
    metrics = [_metric(one, None) for one in row.rows("metrics") if one.peek("value") is not None]
    for part in row.rows("slices"):
        named = [one for one in part.rows("metrics") if one.peek("value") is not None]
        metrics += [_metric(one, part.text("name")) for one in named]
    dataset = {
        "name": row.text("dataset") or "unnamed",
        "type": row.text("dataset") or "unnamed",
        "split": split,
    }
    if digest := row.text("dataset_digest"):
        dataset["revision"] = digest
    return {
        "task": {"type": _TASKS.get(task, task or "other"), "name": task or "other"},
        "dataset": {key: value for key, value in dataset.items() if value},
        "metrics": metrics,
    }


def _metric(metric: Part, part: str | None) -> dict[str, Any]:
    title = metric.text("title") or metric.text("key")
    args = {key: metric.leaf(key) for key in ("low", "high", "level", "method", "n")}
    args = {"slice": part, **{key: value for key, value in args.items() if value not in (None, "")}}
    return {
        "type": metric.text("key"),
        "value": metric.leaf("value"),
        "name": f"{title} ({part})" if part else title,
        "args": {key: value for key, value in args.items() if value is not None},
    }


def _body(root: Part) -> list[Block]:
    fields = {field.peek("key"): field for field in root.rows("fields")}
    found: list[Block] = []
    for level, title, key in SECTIONS:
        found.append(Heading(level, title))
        if key in fields:
            fields[key].leaf("key")
            found += narrative.field_text(fields[key])
        if title == "Model Description":
            found += [Heading(3, "About This Version"), *narrative.about(root)]
        elif title == "Metrics":
            found += narrative.evaluations(root, level=3)
    found = _filled(found)
    known = {key for _, _, key in SECTIONS} | set(IN_YAML)
    more = [field for key, field in fields.items() if key not in known and _says(field)]
    if more:
        found.append(Heading(2, "Further Fields"))
    for field in more:
        field.leaf("key")
        found += [Heading(3, field.text("title")), *narrative.field_text(field)]
    return [
        *found,
        *narrative.bias_audit(root),
        *narrative.data(root),
        *governed.purpose(root),
        *governed.approved(root),
    ]


def _says(field: Part) -> bool:
    return bool(field.peek("text")) or field.peek("value") is not None


def _filled(blocks: list[Block]) -> list[Block]:
    """Drop headings with nothing beneath them."""
    kept: list[Block] = []
    for block in reversed(blocks):
        after = kept[-1] if kept else None
        if isinstance(block, Heading):
            if after is None or (isinstance(after, Heading) and after.level <= block.level):
                continue
        kept.append(block)
    return kept[::-1]
