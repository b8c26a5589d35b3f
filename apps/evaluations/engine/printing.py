"""A report as text for a terminal."""

from typing import Any


def as_text(report: dict[str, Any]) -> str:
    """Return what a person reads first: the verdict metric, all metrics, fairness, slices, warnings."""
    lines = [_first_line(report), ""]
    headline = report["headline"]
    lines += [
        f"{headline['metric']}: {figure_text(headline)}",
        f"  {headline['why']} {headline['watch_out']}",
        "",
    ]
    lines += [f"  {name:<20} {figure_text(figure)}" for name, figure in report["metrics"].items()]
    calibration = report.get("calibration") or {}
    if calibration.get("ece") is not None:
        lines.append(f"  {'ece':<20} {calibration['ece']:.4f} (by chance {calibration['ece_by_chance']:.4f})")
    for title, found in (*report.get("fairness", {}).items(), *report.get("intersections", {}).items()):
        lines += ["", f"{title}: disparate impact {figure_text(found['disparate_impact'])}"]
        lines += [
            f"  {group['value']:<28} {figure_text(group['selection_rate'])}  n {group['n']:,}"
            for group in found["groups"]
        ]
        lines += [f"  {warning}" for warning in found["warnings"]]
    lines += _slice_lines(report)
    lines += ["", *(warning["sentence"] for warning in report["warnings"])]
    return "\n".join(lines).rstrip() + "\n"


def _first_line(report: dict[str, Any]) -> str:
    parts = [f"{report['task']}: {report['n']:,} rows"]
    if "positives" in report:
        parts.append(f"{report['positives']:,} positive, threshold {report['threshold']:g}")
    return ", ".join(parts)


def _slice_lines(report: dict[str, Any]) -> list[str]:
    found = (report.get("discovered") or {}).get("slices", [])
    if not found:
        return []
    lines = ["", "Where it errs most (false discovery rate at most 5 %):"]
    for one in found[:10]:
        where = " and ".join(f"{part['column']} = {part['value']}" for part in one["conditions"])
        lines.append(
            f"  {where}: {one['error_rate']['value']:.3f} against {one['rest_error_rate']:.3f}, "
            f"n {one['n']:,}, {one['error_share']:.1%} of all errors"
        )
    return lines


def figure_text(figure: dict[str, Any]) -> str:
    """Return a figure with its interval, or why it does not apply."""
    if figure["value"] is None:
        return f"not applicable: {figure.get('reason', '')}"
    if figure["low"] is None:
        return f"{figure['value']:.4f}"
    return f"{figure['value']:.4f} [{figure['low']:.4f}, {figure['high']:.4f}]"
