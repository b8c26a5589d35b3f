"""What bench.pdf runs in the sandbox: the renderer, and what it took. No Django, as in production."""

import re
import time
from pathlib import Path
from typing import Any

from apps.core.pdf import rendering


def measured(payload: dict[str, Any]) -> dict[str, Any]:
    """Render, and say how much processor time in seconds and memory at the peak in MB the process has used."""
    answer = rendering.render_once(payload)
    # getrusage would tell the parent's peak as well: it survives exec.
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert peak, "Linux tells the peak of a process in /proc/self/status."
    return answer | {"cpu": time.process_time(), "peak_mb": int(peak[1]) / 1024}
