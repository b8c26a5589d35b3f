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
from apps.core.charts import Chart, Estimate, GroupRate  # noqa: E402
from apps.core.pdf import glyphs, making  # noqa: E402
from apps.core.pdf.documents import Document  # noqa: E402
from apps.modelcards.printing import printed  # noqa: E402
from tests.modelcards import sample  # noqa: E402

REPEATS = 3
WORDS = "The model ranks applications for a credit officer, who decides. "
GROUPS = [(key, key.capitalize()) for key in dict.fromkeys(one[2] for one in sample.WRITTEN)]
EMPTY = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Card</title></head>'
    '<body data-running="Card" data-footer="mlgov"><h1>Card</h1></body></html>'
)


def card(*, words: int = 60, metrics: int = 20, slices: int = 8, longest: int = 0) -> dict[str, Any]:
    """Return the document of a card that says something everywhere; ``longest`` words stand in one field."""
    found = sample.rich()
    for field in found["fields"]:
        field["text"] = WORDS * (words // 10) + "\n\n- one\n- two\n- three\n"
    if longest:
        found["fields"][0]["text"] = WORDS * (longest // 10)
    evaluation = sample.evaluation(slices=[f"group {number}" for number in range(slices)])
    evaluation["metrics"] += [sample.metric(f"metric_{number}", 0.5) for number in range(metrics - 2)]
    found["evaluations"] = [evaluation]
    return found


def drawings() -> dict[str, Chart]:
    """Return charts of the kinds that a card of a classifier shows."""
    groups = [GroupRate(f"group {number}", 400, 0.4 + number / 50, 0.35, 0.6, True) for number in range(6)]
    rows = [Estimate(f"metric {number}", 0.8, 0.7, 0.9, 0.6) for number in range(8)]
    bins = [
        {"low": step / 10, "high": (step + 1) / 10, "n": 50, "mean_score": step / 10, "observed": step / 10}
        | {"ci_low": step / 11, "ci_high": step / 9.5}
        for step in range(10)
    ]
    return {
        "metrics": charts.forest(rows, title="Metrics"),
        "calibration": charts.calibration(bins, ece=0.01),
        "confusion": charts.confusion(50, 10, 8, 60, threshold=0.5),
        "impact-sex": charts.impact_ratios(groups, attribute="sex", ratio=0.9),
    }


def documents() -> dict[str, Document]:
    """Return documents by name; the first is what the others are compared with."""
    cards = {
        "small card": (sample.empty(), {}),
        "normal card": (card(), drawings()),
        "40 slices": (card(slices=40), drawings()),
        "500 metrics": (card(metrics=500), drawings()),
        "200 kB field": (card(longest=32_000), drawings()),
        "huge card": (card(slices=40, metrics=500, words=600, longest=32_000), drawings()),
    }
    made = {
        name: printed(document, groups=GROUPS, drawings=drawn) for name, (document, drawn) in cards.items()
    }
    return {"empty": Document(EMPTY, identifier="ab" * 32), **made}


def one(document: Document) -> dict[str, Any]:
    """Render once in the sandbox; returns the child's answer with the seconds that its caller waited."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        answer = sandbox.call(
            "bench.pdf_child:measured",
            document.payload(f"{folder}/a.pdf"),
            glyphs.ENVIRONMENT,
            warm=True,
            **making.LIMITS,
        )
        return answer | {"seconds": time.perf_counter() - began}


def main() -> int:
    """Run and print."""
    base: dict[str, float] = {}
    sys.stdout.write(
        f"{'':<14}{'wall s':>9}{'cpu s':>9}{'peak MB':>9}{'pages':>7}{'kB':>7}   ratio of cpu, memory\n"
    )
    for name, document in documents().items():
        runs = [one(document) for _ in range(REPEATS)]
        found = {key: statistics.median(run[key] for run in runs) for key in ("seconds", "cpu", "peak_mb")}
        base = base or found
        sys.stdout.write(
            f"{name:<14}{found['seconds']:9.2f}{found['cpu']:9.2f}{found['peak_mb']:9.0f}{runs[0]['pages']:7}"
            f"{runs[0]['bytes'] / 1000:7.0f}   {found['cpu'] / base['cpu']:5.1f} {found['peak_mb'] / base['peak_mb']:5.1f}\n"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
