"""Charts: numbers in, one SVG out that serves page and PDF alike.

Attributes carry the PDF's colours, because WeasyPrint applies no document CSS inside SVG; class names let the page's
style sheet override them for dark mode. The first child is a <title> that says the chart in a sentence. Nothing is
said by colour alone, and every number is printed or stands in the table beside the chart.
"""

from apps.core.charts.amounts import amount_bars, cost_bars
from apps.core.charts.bars import GroupRate, dimension_bars, impact_ratios
from apps.core.charts.curves import calibration, curve, series
from apps.core.charts.drawing import Chart
from apps.core.charts.estimates import Estimate, confusion, forest
from apps.core.charts.histories import score_history
from apps.core.charts.runs import Strand, Trail, overlay, parallel
from apps.core.charts.shares import share_bars
from apps.core.charts.waits import Wait, duration, wait_bars

__all__ = [
    "Chart",
    "Estimate",
    "GroupRate",
    "Strand",
    "Trail",
    "Wait",
    "amount_bars",
    "calibration",
    "confusion",
    "cost_bars",
    "curve",
    "dimension_bars",
    "duration",
    "forest",
    "impact_ratios",
    "overlay",
    "parallel",
    "score_history",
    "series",
    "share_bars",
    "wait_bars",
]
