"""Measure the PDF of a small, a normal and a huge card beside an empty document, as production makes them: in the sandbox.

``make bench-pdf``. Prints seconds as somebody waits for them, processor seconds, peak memory of the child, pages and
size, and how many times the empty document that is. The machine counts: only the ratios travel.
"""

import os
import statistics
import sys
import tempfile
import time
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlgov.settings")

import django

django.setup()

from apps.core import charts, sandbox  # noqa: E402
from apps.core.charts import Estimate, GroupRate  # noqa: E402
from apps.core.markdown import render as markdown  # noqa: E402
from apps.core.pdf import glyphs, making  # noqa: E402
from apps.core.pdf.documents import Attachment, Document  # noqa: E402

REPEATS = 3
FIELDS = 12
WORDS = "The model ranks applications for a credit officer, who decides. "


def page(body: str) -> str:
    """Return a whole document."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Card</title></head>'
        f'<body data-running="Card · 0123456789abcdef" data-footer="mlgov model card">{body}</body></html>'
    )


def written(fields: int, words: int) -> str:
    """Return fields of prose with a list each."""
    text = WORDS * (words // 10) + "\n\n- one\n- two\n- three\n"
    return "".join(f"<section><h2>Field {number}</h2>{markdown(text)}</section>" for number in range(fields))


def table(rows: int) -> str:
    """Return a table of figures."""
    head = "".join(f'<th scope="col">{name}</th>' for name in ("Metric", "Value", "Interval", "Rows"))
    cells = "<td>0.8712</td><td>0.8612 to 0.8812</td><td>12,345</td>"
    lines = "".join(f'<tr><th scope="row">metric {number}</th>{cells}</tr>' for number in range(rows))
    return f'<table class="long"><caption>Figures</caption><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>'


def drawn(count: int, slices: int) -> str:
    """Return charts of the kinds that a card shows, and the figures of ``slices`` as a table."""
    groups = [GroupRate(f"group {number}", 400, 0.4 + number / 50, 0.35, 0.6, True) for number in range(6)]
    rows = [Estimate(f"slice {number}", 0.8, 0.7, 0.9, 0.6) for number in range(slices)]
    bins = [
        {"low": step / 10, "high": (step + 1) / 10, "n": 50, "mean_score": step / 10, "observed": step / 10}
        | {"ci_low": step / 11, "ci_high": step / 9.5}
        for step in range(10)
    ]
    parts = []
    for number in range(count):
        chart = (
            charts.forest(rows, title=f"Accuracy {number}"),
            charts.impact_ratios(groups, attribute=f"attribute {number}", ratio=0.9),
            charts.calibration(bins, ece=0.01),
        )[number % 3]
        parts.append(
            f'<h3>{chart.title}</h3><div class="chart">{chart.svg}</div><p class="reading">{chart.reading}</p>'
        )
    return f"<h2>Evaluation</h2>{''.join(parts)}{table(slices)}"


def documents() -> dict[str, str]:
    """Return HTML by name; the first is what the others are compared with."""
    return {
        "empty": page("<h1>Card</h1>"),
        "small": page(f"<h1>Card</h1>{written(6, 60)}"),
        "normal": page(f"<h1>Card</h1>{written(FIELDS, 150)}{drawn(6, 8)}"),
        "40 slices": page(f"<h1>Card</h1>{written(FIELDS, 150)}{drawn(9, 40)}"),
        "500 figures": page(f"<h1>Card</h1>{written(FIELDS, 150)}{drawn(6, 8)}{table(500)}"),
        "200 kB field": page(f"<h1>Card</h1>{written(1, 32_000)}{drawn(6, 8)}"),
    }


def one(html: str) -> dict[str, Any]:
    """Render once in the sandbox; returns the child's answer with the seconds that its caller waited."""
    with tempfile.TemporaryDirectory() as folder:
        attached = (Attachment("card.json", html.encode(), "application/json", "The card as data"),)
        document = Document(html, identifier="ab" * 32, attachments=attached)
        began = time.perf_counter()
        answer = sandbox.call(
            "bench.pdf_child:measured",
            document.payload(f"{folder}/a.pdf"),
            glyphs.ENVIRONMENT,
            **making.LIMITS,
        )
        return answer | {"seconds": time.perf_counter() - began}


def main() -> int:
    """Run and print."""
    base: dict[str, float] = {}
    sys.stdout.write(
        f"{'':<14}{'wall s':>9}{'cpu s':>9}{'peak MB':>9}{'pages':>7}{'kB':>7}   ratio of cpu, memory\n"
    )
    for name, html in documents().items():
        runs = [one(html) for _ in range(REPEATS)]
        found = {key: statistics.median(run[key] for run in runs) for key in ("seconds", "cpu", "peak_mb")}
        base = base or found
        sys.stdout.write(
            f"{name:<14}{found['seconds']:9.2f}{found['cpu']:9.2f}{found['peak_mb']:9.0f}{runs[0]['pages']:7}"
            f"{runs[0]['bytes'] / 1000:7.0f}   {found['cpu'] / base['cpu']:5.1f} {found['peak_mb'] / base['peak_mb']:5.1f}\n"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
