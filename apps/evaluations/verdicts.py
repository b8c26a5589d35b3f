"""What a report says for and against a model, in sentences."""

from dataclasses import dataclass
from typing import Any

from apps.evaluations.engine import LOWER_IS_BETTER
from apps.evaluations.wording import figure_words, label_of

#: A calibration error up to this is not worth a finding, however many rows show it.
NOTABLE_ERROR = 0.05


@dataclass(frozen=True)
class Finding:
    """One thing that a reader should know, with its weight: good, warn or bad."""

    tone: str
    sentence: str


@dataclass(frozen=True)
class Verdict:
    """What the report says in a line, and the findings behind it."""

    tone: str
    title: str
    findings: tuple[Finding, ...]


def verdict(report: dict[str, Any]) -> Verdict:
    """Return what speaks for the model and what against it."""
    findings = [
        *_champion(report),
        *_baselines(report),
        *_fairness(report),
        *_calibrated(report),
        *_slices(report),
    ]
    against = [one for one in findings if one.tone == "bad"]
    doubts = [one for one in findings if one.tone == "warn"]
    head = f"{label_of(report['headline']['metric'])} {figure_words(report['headline'])}"
    if against:
        count = "One finding speaks" if len(against) == 1 else f"{len(against)} findings speak"
        return Verdict("bad", f"{head}. {count} against it", tuple(against + doubts + _good(findings)))
    if doubts:
        return Verdict("warn", f"{head}. Look at what is in doubt", tuple(doubts + _good(findings)))
    if not findings:
        return Verdict("info", f"{head}. There was nothing to compare it with", ())
    return Verdict("good", f"{head}. Nothing here speaks against it", tuple(findings))


def _good(findings: list[Finding]) -> list[Finding]:
    return [one for one in findings if one.tone == "good"]


def _champion(report: dict[str, Any]) -> list[Finding]:
    comparison = report.get("comparison")
    if not comparison:
        return []
    by_name = {one["metric"]: one for one in comparison["metrics"] if one["difference"]["value"] is not None}
    one = by_name.get(report["headline"]["metric"]) or next(iter(by_name.values()), None)
    if one is None:
        return []
    name, gap = label_of(one["metric"]), figure_words(one["difference"])
    # Reports of an engine that compared rows alone name no unit.
    same = f" on the same {comparison.get('unit', 'rows')}" if comparison["paired"] else " on other samples"
    return [_against(one, f"{name} differs by {gap}", same), *_worse_slices(comparison)]


def _against(one: dict[str, Any], gap: str, same: str) -> Finding:
    if one["verdict"] == "better":
        return Finding("good", f"Better than the version in production: {gap}{same}.")
    if one["verdict"] == "worse":
        return Finding("bad", f"Worse than the version in production: {gap}{same}.")
    if one["non_inferior"] == "yes":
        return Finding("good", f"Not inferior to the version in production: {gap}.")
    return Finding("warn", f"Whether it matches the version in production is open: {gap}.")


def _worse_slices(comparison: dict[str, Any]) -> list[Finding]:
    """Return the slice that lost most against the version in production, and how many did."""
    worse = [one for one in comparison["slices"] if one["verdict"] == "worse"]
    if not worse:
        return []
    one = max(worse, key=lambda row: abs(row["difference"]["value"]))
    count = f"In {len(worse)} slices" if len(worse) > 1 else "In one slice"
    where = f"{label_of(one['column'])} {one['value']}"
    gap = f"{label_of(one['metric'])} differs by {figure_words(one['difference'])}"
    return [
        Finding("warn", f"{count} it is worse than the version in production, most where {where}: {gap}.")
    ]


def _baselines(report: dict[str, Any]) -> list[Finding]:
    found = []
    for one in report["beyond_baselines"]:
        against = one["against"].replace("_", " ")
        name, gap = label_of(one["metric"]), figure_words(one["difference"])
        if one["verdict"] != "better":
            tone = "bad" if one["verdict"] == "worse" else "warn"
            found.append(
                Finding(tone, f"Not shown to beat the baseline “{against}”: {name} differs by {gap}.")
            )
    if not report["beyond_baselines"]:
        return _headline_baseline(report)
    if not found:
        found.append(Finding("good", "It beats every baseline that was tried on the same rows."))
    return found


def best_baseline(report: dict[str, Any], name: str) -> float | None:
    """Return the best that a predictor without a model scores."""
    values = [row[name] for row in report["baselines"].values() if row.get(name) is not None]
    return (min(values) if name in LOWER_IS_BETTER else max(values)) if values else None


def _headline_baseline(report: dict[str, Any]) -> list[Finding]:
    """Hold the headline's interval against the best baseline, where they were not compared row by row."""
    head = report["headline"]
    name, baseline = head["metric"], best_baseline(report, head["metric"])
    if baseline is None or head["low"] is None:
        return []
    better = head["high"] < baseline if name in LOWER_IS_BETTER else head["low"] > baseline
    if better:
        return [
            Finding("good", f"Its interval lies beyond the best baseline without a model, {baseline:.3f}.")
        ]
    return [
        Finding(
            "warn",
            f"Not shown to beat the best baseline without a model, whose {label_of(name)} is {baseline:.3f}.",
        )
    ]


def _fairness(report: dict[str, Any]) -> list[Finding]:
    found = []
    for name, figures in report["fairness"].items():
        verdict_ = figures["four_fifths"].get("verdict")
        impact = figures["disparate_impact"]
        words = f"{label_of(name)}: the impact ratio is {figure_words(impact)}"
        worst = impact.get("worst_group")
        if verdict_ == "fail":
            found.append(Finding("bad", f"{words}, under 0.8, for {worst}; chance does not explain it."))
        elif verdict_ == "not significant":
            found.append(
                Finding("warn", f"{words}, under 0.8, for {worst}; so few rows may show that by chance.")
            )
        elif impact["value"] is None:
            found.append(Finding("warn", f"{label_of(name)}: not judged. {impact.get('reason', '')}"))
    return found


def _calibrated(report: dict[str, Any]) -> list[Finding]:
    calibration = report["calibration"] or {}
    ece, chance = calibration.get("ece"), calibration.get("ece_by_chance_95")
    if ece is None or chance is None:
        return []
    if ece > max(chance, NOTABLE_ERROR):
        return [
            Finding(
                "warn", f"Scores are off by {ece:.3f} on average; chance alone explains up to {chance:.3f}."
            )
        ]
    return []


def _slices(report: dict[str, Any]) -> list[Finding]:
    slices = (report["discovered"] or {}).get("slices", [])
    if not slices:
        return []
    one = slices[0]
    where = " and ".join(f"{label_of(part['column'])} {part['value']}" for part in one["conditions"])
    return [
        Finding(
            "warn",
            f"It errs most where {where}: {figure_words(one['error_rate'])} against {one['rest_error_rate']:.3f} "
            f"elsewhere, {one['error_share']:.0%} of all errors.",
        )
    ]
