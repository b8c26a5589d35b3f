"""Every component in every state, with made-up values: for the eye, for axe, and for who builds a page."""

import datetime

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from apps.core import charts
from apps.core.htmx import page
from apps.core.templatetags.ui import STATES
from apps.gates.forms import SignForm

_BINS = [
    {
        "low": n / 10,
        "high": (n + 1) / 10,
        "n": n * 9,
        "mean_score": n / 10 + 0.05,
        "observed": min(1.0, n / 9),
        "ci_low": n / 12,
        "ci_high": min(1.0, n / 8),
    }
    for n in range(1, 10)
]


@login_required
@require_GET
def styleguide(request: HttpRequest) -> HttpResponse:
    """Show the style guide."""
    months = [(datetime.date(2026, month, 1), 300.0 + 90 * month) for month in range(5, 11)]
    points = [{"x": n / 20, "y": (n / 20) ** 0.4, "threshold": 1 - n / 20} for n in range(21)]
    shown = [
        charts.forest(
            [
                charts.Estimate("ROC-AUC", 0.871, 0.861, 0.881, 0.8),
                charts.Estimate("A metric that does not apply", None, reason="only one class"),
            ],
            title="Metrics",
        ),
        charts.impact_ratios(
            [
                charts.GroupRate("group A", 640, 0.62, 0.58, 0.66, judged=True),
                charts.GroupRate("group B", 210, 0.41, 0.35, 0.48, judged=True),
                charts.GroupRate("group C", 12, 0.5, 0.25, 0.75, judged=False),
            ],
            attribute="origin",
            ratio=0.66,
        ),
        charts.calibration(_BINS, ece=0.041),
        charts.curve(points, kind="roc", area=0.83, prevalence=0.4),
        charts.confusion(320, 40, 25, 415, threshold=0.5),
        charts.cost_bars(months, currency="USD", budget=1000.0, forecast=(1500.0, 1300.0, 1700.0)),
        charts.dimension_bars(
            [("Problem framing", 15, 4, 5), ("Monitoring", 15, None, 2)], total=62, band="Good foundations"
        ),
        charts.series([(n, 1 / (n + 1)) for n in range(12)], name="train loss"),
    ]
    form = SignForm({"decision": "reject"}, meanings=["I reviewed the evidence"])
    return page(request, "portal/styleguide.html", {"charts": shown, "states": list(STATES), "form": form})
