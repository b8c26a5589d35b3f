"""Measure the interface: the gate's verdict and the upload of predictions, beside the cheapest authenticated call.

``make bench`` (after ``make demo`` in another terminal, or with MLGOV_DEMO naming another demo.json). Prints requests
per second, p50 and p95, and ratios within this one run; absolute times depend on the machine.
"""

import io
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 10_000
REPEATS = 40
UPLOADS = 8


def predictions(rows: int) -> bytes:
    """Return a prediction table of ``rows`` rows as Parquet."""
    rng = np.random.default_rng(1)
    score = rng.beta(0.6, 0.5, rows)
    columns = {
        "id": [f"r{number}" for number in range(rows)],
        "y": (rng.random(rows) < score).astype("int64"),
        "score": score,
        "group": rng.choice(["A", "B", "C"], rows),
    }
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


def timed(call: Callable[[], httpx.Response], repeats: int) -> list[float]:
    """Return seconds of each call; the first, which warms up, does not count."""
    call().raise_for_status()
    spent = []
    for _ in range(repeats):
        began = time.perf_counter()
        call().raise_for_status()
        spent.append(time.perf_counter() - began)
    return spent


def line(name: str, spent: list[float], base: float) -> str:
    """Return one row of the table."""
    p50 = statistics.median(spent)
    p95 = sorted(spent)[int(len(spent) * 0.95) - 1]
    return (
        f"{name:<34} {1 / statistics.mean(spent):8.1f} {p50 * 1000:9.1f} {p95 * 1000:9.1f} {p50 / base:8.1f}"
    )


def main() -> int:
    """Run and print."""
    path = Path(os.environ.get("MLGOV_DEMO", "var/demo.json"))
    if not path.exists():
        sys.stderr.write(f"{path} is not there: start `make demo` in another terminal first.\n")
        return 1
    demo: dict[str, Any] = json.loads(path.read_text())
    http = httpx.Client(
        base_url=f"{demo['address']}/api/v1",
        headers={"Authorization": f"Bearer {demo['ci_token']}"},
        timeout=120,
        trust_env=False,
    )
    version = demo["careful_version"]
    # Uploads go to a version of their own, so that the demonstration's evidence stays as it is.
    model = http.get(f"/versions/{version}").json()["model"]
    scratch = http.post(f"/models/{model}/versions", json={"description": "for the benchmark"}).json()["id"]
    table = predictions(ROWS)
    columns = json.dumps({"label": "y", "score": "score", "row_id": "id", "protected": ["group"]})

    def upload() -> httpx.Response:
        return http.post(
            f"/versions/{scratch}/predictions",
            data={"columns": columns, "dataset": "bench"},
            files={"file": ("p.parquet", table)},
        )

    me = timed(lambda: http.get("/me"), REPEATS)
    gate = timed(lambda: http.get(f"/versions/{version}/gate?to=production"), REPEATS)
    uploads = timed(upload, UPLOADS)
    base = statistics.median(me)
    print(f"{'one client, one call at a time':<34} {'req/s':>8} {'p50 ms':>9} {'p95 ms':>9} {'× /me':>8}")
    print(line("GET /me", me, base))
    print(line("GET /versions/{id}/gate", gate, base))
    print(line(f"POST predictions, {ROWS:,} rows", uploads, base))
    return 0


if __name__ == "__main__":
    sys.exit(main())
