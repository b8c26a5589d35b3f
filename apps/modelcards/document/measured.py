"""What was measured: the evaluation that counts as evidence, by metric, slice and group, and the bias audit."""

from datetime import timedelta
from typing import Any

from django.urls import reverse

from apps.evaluations import figures
from apps.modelcards.document.known import Known
from apps.policies.method.card import BiasAudit


def evaluations_of(known: Known) -> list[dict[str, Any]]:
    """Return the newest complete evaluation in full; older ones are history and no evidence."""
    evaluation, report = known.evaluation, known.report
    if evaluation is None or report is None or evaluation.completed_at is None:
        return []
    return [{"path": path_of(known), **figures.figures_of(evaluation, report)}]


def path_of(known: Known) -> str:
    """Return the path of the evaluation's page."""
    return reverse("evaluations:evaluation", args=[known.evaluation.pk]) if known.evaluation else ""


def bias_audit_of(known: Known) -> dict[str, Any] | None:
    """Return the tables of a bias audit (6 RCNY 5-301) where sex, race or ethnicity were evaluated; else None."""
    evaluation, report, rules = known.evaluation, known.report, known.part.bias_audit
    if evaluation is None or report is None or evaluation.completed_at is None:
        return None
    tables = [_audited(one, rules) for one in figures.fairness_of(report) if _asked(one["attribute"], rules)]
    if not tables:
        return None
    written = known.card.fields if known.card else {}
    day = evaluation.completed_at.date()
    return {
        "audited_on": day.isoformat(),
        "source_of_data": f"{evaluation.prediction_set.dataset} ({evaluation.prediction_set.split})",
        "historical": None,
        "distribution_date": written.get("data_distribution_date", "").strip() or None,
        "auditor": written.get("independent_auditor", "").strip(),
        "valid_until": (day + timedelta(days=rules.valid_days)).isoformat(),
        "tables": tables,
        "unknown": sum(one["unknown_rows"] for one in tables if not one["crossing"]),
    }


def _asked(attribute: str, rules: BiasAudit) -> bool:
    named = {*rules.sex, *rules.race}
    return all(part.strip().casefold() in named for part in attribute.split("×"))


def _audited(table: dict[str, Any], rules: BiasAudit) -> dict[str, Any]:
    """Leave out the ratio of small groups and of people whose group is not known (6 RCNY 5-301 (b) and (d)).

    Their rate and number stay.
    """
    return {**table, "groups": [_judged(one, rules) for one in table["groups"]]}


def _judged(group: dict[str, Any], rules: BiasAudit) -> dict[str, Any]:
    if figures.is_unknown(group["value"]):
        reason = "The group of these people is not known."
    elif group["share"] is not None and group["share"] < rules.smallest_share:
        reason = f"The group has under {rules.smallest_share:.0%} of the rows."
    else:
        return group
    ratios = dict.fromkeys(("impact_ratio", "impact_low", "impact_high"))
    return {**group, **ratios, "left_out": True, "left_out_reason": reason}
