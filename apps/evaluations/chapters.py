"""The chapters of an evaluation in a PDF: what they draw and list of its figures (``figures.figures_of``). Pure.

The model card and the validation report both have them: templates/evaluations/pdf.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.core import charts
from apps.core.charts import Chart
from apps.core.pdf.pieces import key_figures
from apps.evaluations.presenting import SLICE_METRICS
from apps.evaluations.wording import label_of

#: So many slices the chart shows, the worst ones.
DRAWN_SLICES = 20
#: So many metrics of slices stand beside each other.
SLICE_COLUMNS = 3
#: How the names of charts of selection rates begin; they stand beside the tables of their attributes.
IMPACT = "impact-"


def chapter_of(evaluation: Mapping[str, Any] | None, drawings: Mapping[str, Chart]) -> dict[str, Any]:
    """Return what the chapters are filled with; ``drawings`` are the charts of the report by name."""
    if evaluation is None:
        return dict.fromkeys(("evaluation", "worst", "slices", "slices_chart")) | {
            "figures": [],
            "drawings": [],
            "fairness": [],
        }
    return {
        "evaluation": evaluation,
        "figures": key_figures(evaluation["metrics"], evaluation["headline"]),
        "worst": worst_group(evaluation),
        "drawings": [(name, chart) for name, chart in drawings.items() if not name.startswith(IMPACT)],
        "fairness": [(one, drawings.get(f"{IMPACT}{one['attribute']}")) for one in evaluation["fairness"]],
        "slices": slice_lines(evaluation),
        "slices_chart": slices_chart(evaluation),
    }


def worst_group(evaluation: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the group with the lowest impact ratio, with its attribute and what the four-fifths rule says of that."""
    found = [
        {**group, "attribute": table["attribute"], "four_fifths": table["four_fifths"]}
        for table in evaluation["fairness"]
        for group in table["groups"]
        if group["impact_ratio"] is not None and not group["left_out"]
    ]
    return min(found, key=lambda one: one["impact_ratio"], default=None)


@dataclass(frozen=True)
class SliceLine:
    """A slice with its figures in the order of the columns."""

    name: str
    rows: int
    small: bool
    cells: tuple[dict[str, Any] | None, ...]


@dataclass(frozen=True)
class SliceLines:
    """The slices with the metrics that fit beside each other, the one that counts first."""

    titles: tuple[str, ...]
    rows: tuple[SliceLine, ...]


def slice_lines(evaluation: Mapping[str, Any]) -> SliceLines:
    """Return the slices as a table with few columns."""
    having = {metric["key"] for one in evaluation["slices"] for metric in one["metrics"]}
    wanted = dict.fromkeys((*evaluation["headline"], *SLICE_METRICS, *sorted(having)))
    keys = [key for key in wanted if key in having][:SLICE_COLUMNS]
    rows = []
    for one in evaluation["slices"]:
        figures = {metric["key"]: metric for metric in one["metrics"]}
        rows.append(
            SliceLine(one["name"], one["rows"], one["small"], tuple(figures.get(key) for key in keys))
        )
    return SliceLines(tuple(label_of(key) for key in keys), tuple(rows))


def slices_chart(evaluation: Mapping[str, Any]) -> Chart | None:
    """Draw the metric that counts by slice, the worst first; nothing where it is no figure between 0 and 1."""
    leading = evaluation["headline"][0] if evaluation["headline"] else ""
    better = next((one["better"] for one in evaluation["metrics"] if one["key"] == leading), "higher")
    found = [
        (one["name"], metric)
        for one in evaluation["slices"]
        for metric in one["metrics"]
        if metric["key"] == leading and metric["value"] is not None
    ]
    if not found or not all(0 <= metric["value"] <= 1 for _, metric in found):
        return None
    found.sort(key=lambda pair: (-pair[1]["value"] if better == "lower" else pair[1]["value"], pair[0]))
    rows = [
        charts.Estimate(name, metric["value"], metric["low"], metric["high"])
        for name, metric in found[:DRAWN_SLICES]
    ]
    return charts.forest(rows, title=f"{label_of(leading)} by slice, the worst first")
