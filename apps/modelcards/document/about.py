"""What a version is: itself, its people, data, purpose, risk, checks and costs."""

from typing import Any

from apps.core.clock import utc_text
from apps.modelcards.document.known import MOST_NAMES, MOVED, Known
from apps.projects.enums import Role

#: Tags of a run that tell on what it ran; beside them, all that begin with one of the prefixes.
ENVIRONMENT = frozenset({"accelerator", "hardware", "image", "os", "platform", "python", "python_version"})
ENVIRONMENT_PREFIXES = ("env.", "library.", "package.")
BASE_MODEL = "base_model"
#: Metrics of a run that tell its energy; the second of each is CodeCarbon's name.
ENERGY = {"training_kwh": ("energy_kwh", "energy_consumed"), "co2_kg": ("co2_kg", "emissions")}
UNSET = "unset"


def version_of(known: Known) -> dict[str, Any]:
    """Return name, history and contents of the version."""
    version = known.version
    model = version.model
    return {
        "id": str(version.pk),
        "model": model.name,
        "model_slug": model.slug,
        "project": known.project.name,
        "project_slug": known.project.slug,
        "number": version.number,
        "name": str(version),
        "change": version.change,
        "registered_at": utc_text(version.created_at),
        "registered_by": str(version.created_by.person),
        "stage": version.stage,
        "stage_title": known.stage_title,
        "status": status_of(known),
        "commit": version.commit or (known.run.code_commit if known.run else ""),
        "contents_digest": known.facts["version"]["contents_digest"],
        "files": [
            {"path": one.path, "digest": one.blob_id, "bytes": one.blob.size_bytes} for one in known.files
        ],
        "run": _run(known),
        "previous": {"name": str(known.previous), "number": known.previous.number}
        if known.previous
        else None,
        "base_models": base_models(known),
    }


def status_of(known: Known) -> str:
    """Say since when the version is in its stage; the moment comes from the audit trail."""
    title, stage = known.stage_title.lower(), known.version.stage
    moved = [one for one in known.events if one.kind == MOVED and one.data.get("stage") == stage]
    if not moved:
        return f"In {title}."
    return f"In {title} since {moved[-1].recorded_at:%d %B %Y, %H:%M} UTC."


def _run(known: Known) -> dict[str, Any] | None:
    run = known.run
    if run is None:
        return None
    return {
        "id": str(run.pk),
        "name": f"{run.experiment.key}/{run.name}",
        "model_type": run.model_type,
        "started_at": utc_text(run.started_at),
        "seed": run.seed,
        "parameters": [{"name": str(key), "value": str(value)} for key, value in sorted(run.params.items())],
        "environment": environment_of(known),
        "datasets": [one.name for one in known.datasets],
    }


def environment_of(known: Known) -> list[dict[str, str]]:
    """Return what the run's tags tell of where it ran."""
    tags = known.run.tags if known.run else {}
    return [
        {"name": str(key), "value": str(value)}
        for key, value in sorted(tags.items())
        if key in ENVIRONMENT or str(key).startswith(ENVIRONMENT_PREFIXES)
    ]


def base_models(known: Known) -> list[str]:
    """Return the models that it was made from, as the run's tag names them, separated by commas."""
    tag = str((known.run.tags if known.run else {}).get(BASE_MODEL, ""))
    return [name.strip() for name in tag.split(",") if name.strip()]


def people_of(known: Known) -> dict[str, Any]:
    """Return who is responsible, by role."""
    members = [(str(one.user), str(one.role)) for one in known.members]
    return {
        "owners": [name for name, role in members if role == Role.OWNER],
        "members": [{"name": name, "role": role} for name, role in members],
    }


def data_of(known: Known) -> dict[str, Any]:
    """Return sources with their scores, the sets that the run names, and the features."""
    protected = set((known.report or {"columns": {}})["columns"].get("protected") or ())
    return {
        "sources": [
            {
                "name": one.name,
                "kind": "",
                "owner": "",
                "score": one.score,
                "of": 5 * len(one.DIMENSIONS),
                "scores": [
                    {"dimension": name.capitalize(), "score": getattr(one, name)} for name in one.DIMENSIONS
                ],
                "sensitive": None,
                "description": one.description,
            }
            for one in known.sources
        ],
        "datasets": [
            {"name": one.name, "role": one.role, "digest": one.content_digest, "rows": one.row_count}
            for one in known.datasets
        ],
        "features": {
            "count": len(known.features),
            "sensitive": len(protected & set(known.features)) if known.report else None,
            "names": list(known.features[:MOST_NAMES]),
        },
    }


def brief_of(known: Known) -> dict[str, Any]:
    """Return what the project is for; nulls where the brief says nothing."""
    brief = known.brief
    names = {
        "business_problem": "business_objective",
        "task": "task",
        "prediction_target": "prediction_target",
        "consumer": "consumer",
        "latency": "latency",
        "success_metric": "success_metric",
        "success_target": "success_target",
        "fairness_metric": "fairness_metric",
        "fairness_threshold": "fairness_threshold",
    }
    values = {name: getattr(brief, column) if brief else None for name, column in names.items()}
    return {name: None if value == "" else value for name, value in values.items()}


def risk_of(known: Known) -> dict[str, Any]:
    """Return the risk tier, and why somebody chose it."""
    tier = known.tier
    if tier is None:
        return {"tier": UNSET, "title": "", "reasons": [], "set_by": None, "set_at": None}
    answers = [f"{key.replace('_', ' ')}: {value}" for key, value in sorted(tier.answers.items())]
    return {
        "tier": tier.level,
        "title": tier.title,
        "reasons": [*answers, tier.reason],
        "set_by": str(tier.set_by),
        "set_at": utc_text(tier.updated_at),
    }


def checks_of(known: Known) -> list[dict[str, Any]]:
    """Return the newest report of each check that a pipeline made."""
    return [
        {
            "name": name,
            "status": latest.status,
            "reported_at": utc_text(latest.check.created_at),
            "source": latest.check.source,
            "url": latest.check.url,
        }
        for name, latest in sorted(known.checks.items())
    ]


def costs_of(known: Known) -> dict[str, Any]:
    """Return what the version cost."""
    costs = known.facts["costs"]
    return {
        "currency": costs["currency"],
        "version_total": costs["version_total"],
        "per_1000_predictions": costs["per_1000_predictions"],
        "monthly_budget": costs["budget"],
    }


def energy_of(known: Known) -> dict[str, Any]:
    """Return what the run measured of its energy; null where it logged nothing."""
    metrics = known.facts.get("run", {}).get("metrics", {})
    found = {
        name: next((metrics[key] for key in keys if key in metrics), None) for name, keys in ENERGY.items()
    }
    measured = any(value is not None for value in found.values())
    return {**found, "source": f"Run {known.run}" if measured else ""}
