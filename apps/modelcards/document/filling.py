"""What evidence says for a field while nobody wrote it: one function a source, by its name in the pack."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from apps.core.clock import utc_text
from apps.evaluations.wording import label_of
from apps.modelcards.document import about, measured
from apps.modelcards.document.known import Known
from apps.policies.method.card import CardField
from apps.projects.enums import DataRole


@dataclass(frozen=True)
class Filled:
    """A text as Markdown, and where it comes from."""

    text: str
    provenance: tuple[dict[str, Any], ...]


def filled(known: Known, field: CardField) -> Filled | None:
    """Return what evidence fills a field with; None where the field is for people alone, or nothing is known."""
    fill = FILLERS.get(field.filled_from)
    if fill is None:
        return None
    text, origin = fill(known)
    return Filled(text, (origin(known),)) if text else None


Origin = Callable[[Known], dict[str, Any]]
Filler = Callable[[Known], tuple[str, Origin]]


def _origin(
    source: str,
    path: str,
    *,
    kind: str = "evidence",
    by: str | None = None,
    at: str | None = None,
    digest: str = "",
) -> dict[str, Any]:
    return {"kind": kind, "by": by, "at": at, "source": source, "path": path, "digest": digest}


def _evaluation_origin(known: Known) -> dict[str, Any]:
    evaluation = known.evaluation
    if evaluation is None:
        return _origin("Evaluation", "")
    at = utc_text(evaluation.completed_at) if evaluation.completed_at else None
    source = f"Evaluation on {evaluation.prediction_set.dataset}"
    return _origin(source, measured.path_of(known), at=at, digest=evaluation.report_digest)


def _run_origin(known: Known) -> dict[str, Any]:
    run = known.run
    if run is None:
        return _origin("Run", "")
    path = reverse("experiments:run", args=[run.pk])
    return _origin(f"Run {run.name}", path, by=str(run.started_by), at=utc_text(run.started_at))


def _project_origin(known: Known) -> dict[str, Any]:
    return _origin(f"Project {known.project.name}", reverse("portal:project", args=[known.project.slug]))


def _version_origin(known: Known) -> dict[str, Any]:
    version = known.version
    path = reverse("portal:version", args=[version.pk])
    return _origin(str(version), path, by=str(version.created_by), at=utc_text(version.created_at))


def _brief_origin(known: Known) -> dict[str, Any]:
    path = reverse("portal:project", args=[known.project.slug])
    at = utc_text(known.brief.updated_at) if known.brief else None
    return _origin("Problem brief", path, kind="brief", at=at)


def _tier_origin(known: Known) -> dict[str, Any]:
    path = reverse("portal:project", args=[known.project.slug])
    tier = known.tier
    by, at = (str(tier.set_by), utc_text(tier.updated_at)) if tier else (None, None)
    return _origin("Risk tier", path, kind="answer", by=by, at=at)


def _owners(known: Known) -> tuple[str, Origin]:
    return ", ".join(about.people_of(known)["owners"]), _project_origin


def _run_model(known: Known) -> tuple[str, Origin]:
    kind = known.run.model_type if known.run else ""
    features = len(known.features)
    told = f"{kind[:1].upper()}{kind[1:]}" + (f" over {features} features" if features else "")
    return f"{told}." if kind else "", _run_origin


def _base_models(known: Known) -> tuple[str, Origin]:
    return "\n".join(f"- {name}" for name in about.base_models(known)), _run_origin


def _description(known: Known) -> tuple[str, Origin]:
    return known.version.description.strip(), _version_origin


def _environment(known: Known) -> tuple[str, Origin]:
    rows = about.environment_of(known)
    return "\n".join(f"- {one['name']}: {one['value']}" for one in rows), _run_origin


def _parameters(known: Known) -> tuple[str, Origin]:
    run = known.run
    if run is None:
        return "", _run_origin
    rows = [f"- `{key}`: {value}" for key, value in sorted(run.params.items())]
    rows += [f"- seed: {run.seed}"] if run.seed is not None else []
    rows += [f"- code: `{run.code_commit}`"] if run.code_commit else []
    return "\n".join(rows), _run_origin


def _data_sources(known: Known) -> tuple[str, Origin]:
    rows = [
        f"- {one.name}, {one.score} of 30"
        + (f": {' '.join(one.description.split())}" if one.description else "")
        for one in known.sources
    ]
    rows += [f"- {one.name}, {one.row_count:,} rows" for one in known.datasets if one.role == DataRole.TRAIN]
    return "\n".join(rows), _project_origin


def _datasets(known: Known) -> tuple[str, Origin]:
    rows = [
        f"- {one.name} ({one.get_role_display().lower()}), {one.row_count:,} rows" for one in known.datasets
    ]
    return "\n".join(rows), _run_origin


def _sensitive(known: Known) -> tuple[str, Origin]:
    names = sorted((known.report or {"fairness": {}})["fairness"])
    text = f"Protected attributes of the evaluation: {', '.join(names)}." if names else ""
    return text, _evaluation_origin


def _evaluation(known: Known) -> tuple[str, Origin]:
    evaluation, report = known.evaluation, known.report
    if evaluation is None or report is None:
        return "", _evaluation_origin
    table = evaluation.prediction_set
    text = f"{table.dataset} ({table.get_split_display().lower()}), {report['rows']:,} rows"
    positives, threshold = report.get("positives"), report.get("threshold")
    text += f", {positives:,} positive" if positives is not None else ""
    text += f", threshold {threshold}" if threshold is not None else ""
    return f"{text}.", _evaluation_origin


def _groups(known: Known) -> tuple[str, Origin]:
    found = (known.report or {"fairness": {}})["fairness"]
    rows = [
        f"- {label_of(name)}: {', '.join(str(one['value']) for one in figures['groups'])}"
        for name, figures in sorted(found.items())
    ]
    return "\n".join(rows), _evaluation_origin


def _slices(known: Known) -> tuple[str, Origin]:
    slices = (known.report or {"slices": []})["slices"]
    names = dict.fromkeys(label_of(one["column"]) for one in slices)
    return f"Evaluated by {', '.join(names)}." if names else "", _evaluation_origin


def _headline(known: Known) -> tuple[str, Origin]:
    head = (known.report or {"headline": {}})["headline"]
    return " ".join(head[part] for part in ("why", "watch_out") if head.get(part)), _evaluation_origin


def _tier(known: Known) -> tuple[str, Origin]:
    return known.tier.reason if known.tier else "", _tier_origin


def _brief_use(known: Known) -> tuple[str, Origin]:
    brief = known.brief
    if brief is None or not brief.consumer:
        return "", _brief_origin
    reader = brief.get_consumer_display()
    return f"Its output goes to: {reader[:1].lower()}{reader[1:]}.", _brief_origin


def _brief_ethics(known: Known) -> tuple[str, Origin]:
    return known.brief.ethical_considerations if known.brief else "", _brief_origin


FILLERS: dict[str, Filler] = {
    "owners": _owners,
    "run_model": _run_model,
    "base_models": _base_models,
    "description_of_version": _description,
    "run_environment": _environment,
    "run_parameters": _parameters,
    "data_sources": _data_sources,
    "datasets": _datasets,
    "sensitive_features": _sensitive,
    "evaluation": _evaluation,
    "fairness_groups": _groups,
    "slices": _slices,
    "headline": _headline,
    "tier": _tier,
    "brief_use": _brief_use,
    "brief_ethics": _brief_ethics,
}
