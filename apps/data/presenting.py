"""A profile and a check for leakage as their pages show them."""

from dataclasses import dataclass
from typing import Any

from apps.core import charts
from apps.core.charts import Chart
from apps.data.models import LeakageReport, Profile
from apps.data.queries import leakage_figures
from apps.data.scoring import suggestions
from apps.policies.method.data import Data, Leakage, Pattern

#: So many columns are drawn; the table has them all.
MOST_BARS = 30


@dataclass(frozen=True)
class Column:
    """A column of a profile: its figures, and what the catalogue suggests for it with the reason."""

    figures: dict[str, Any]
    quantiles: list[tuple[str, Any]]
    suggested: list[tuple[Pattern, str]]


@dataclass(frozen=True)
class Picture:
    """A profile with its charts."""

    columns: list[Column]
    missing: Chart
    classes: Chart | None


def picture_of(profile: Profile, part: Data) -> Picture:
    """Return a profile as its page shows it."""
    report = profile.report
    columns = [
        Column(one, list((one.get("quantiles") or {}).items()), suggestions(part, one, report["rows"]))
        for one in report["columns"]
    ]
    return Picture(columns, _missing(report), _classes(report, profile.target))


def _missing(report: dict[str, Any]) -> Chart:
    rows = sorted(report["columns"], key=lambda one: -(one["missing_share"] or 0.0))[:MOST_BARS]
    share = report["missing_share"] or 0.0
    return charts.share_bars(
        [(one["name"], one["missing_share"] or 0.0, f"{one['missing_share'] or 0.0:.1%}") for one in rows],
        title="Missing values by column",
        reading=f"{share:.2%} of all values are missing.",
        columns=("Column", "Missing"),
    )


def _classes(report: dict[str, Any], target: str) -> Chart | None:
    rows = report.get("classes") or []
    if not rows:
        return None
    total = sum(one["n"] for one in rows)
    return charts.share_bars(
        [(one["value"], one["n"] / total, f"{one['n']:,}") for one in rows[:MOST_BARS]],
        title=f"Rows by value of {target}",
        reading=f"The rarest value has {report['rarest_class']:,} rows.",
        columns=(target, "Rows"),
    )


@dataclass(frozen=True)
class Finding:
    """One check for leakage: whether it passes (None: not asked for), what was found, what to do."""

    title: str
    passes: bool | None
    words: str
    remedy: str

    @property
    def state(self) -> str:
        """The answer as a state."""
        return "missing" if self.passes is None else "pass" if self.passes else "fail"


def findings_of(found: LeakageReport, part: Leakage | None) -> list[Finding]:
    """Return the four checks of a report."""
    report, figures = found.report, leakage_figures(found.report)
    remedies = part.remedies if part else {}
    rows = report["rows"]["test"]
    examples = ", ".join(str(one) for one in (report["shared_keys"] or {}).get("examples", []))
    strength, feature = figures["single_feature_strength"], figures["single_feature"]
    words = {
        "shared_keys": f"{figures['shared_keys']} of {rows:,} test rows belong to an entity of the train table"
        + (f", for example {examples}." if examples else "."),
        "duplicates": f"{figures['duplicates']} of {rows:,} test rows stand in the train table too.",
        "time_overlap": f"{figures['time_overlap']} of {rows:,} test rows lie before the end of the train table.",
        "single_feature": f"{feature} finds the target best: {strength:.3f}."
        if strength is not None
        else "No feature could be held against the target.",
    }
    titles = {
        "shared_keys": ("Entities on both sides", "an entity column", figures["shared_keys"]),
        "duplicates": ("Repeated rows", "columns in common", figures["duplicates"]),
        "time_overlap": ("Times that overlap", "a time column", figures["time_overlap"]),
        "single_feature": (
            "One feature that tells all",
            "a target column",
            figures["single_feature_suspected"],
        ),
    }
    return [
        Finding(
            title,
            None if figure is None else not figure,
            f"Not looked at: name {needed}." if figure is None else words[key],
            remedies.get(key, "") if figure else "",
        )
        for key, (title, needed, figure) in titles.items()
    ]
