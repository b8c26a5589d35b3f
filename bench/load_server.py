"""The server of bench/load.py: mlgov's own command, and what its processes hold in memory."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bench.rest_servers import HOST, RATE, family, free_port, proportional
from mlgov import environment

READY_SECONDS = 120
#: What the command says when it serves, lines that fault it afterwards, and those among them that clients are told to expect:
#: no seat was free to wait in.
READY = "mlgov is at "
FAULT = re.compile(r"\b(WARNING|ERROR|CRITICAL|Traceback)\b")
EXPECTED = re.compile(r"Service Unavailable: /api/v1/evaluations/")
#: More than the command itself takes until it ends what does not end by itself.
STOP_SECONDS = 40
#: What `mlgov.supervisor run` starts, by a word of its command; these live as long as the server.
JUDGED = {"web": "gunicorn", "worker": "celery", "sealer": "seal", "sweeper": "jobs_sweep"}
#: Children of web and worker that read tables and model files, which come and go.
SANDBOX = "apps.core.sandboxed"
SHOWN = (*JUDGED, "sandboxes", "database")


class Ended(Exception):
    """The server ended by itself."""


@dataclass(frozen=True)
class Running:
    """The command that runs, where it listens, and its folder."""

    process: "subprocess.Popen[bytes]"
    port: int
    folder: Path
    log: Path

    def demand(self) -> None:
        """Raise Ended when it does not run any more."""
        if self.process.poll() is not None:
            raise Ended(f"mlgov ended by itself:\n{self.said()}")

    def said(self) -> str:
        """Return the end of what the server wrote."""
        return self.log.read_text(errors="replace")[-3000:]

    def complaints(self) -> list[str]:
        """Return the warnings and errors that the server wrote since it was ready, each at its first line."""
        lines = self.log.read_text(errors="replace").partition(READY)[2].splitlines()
        return [line for line in lines if FAULT.search(line) and not EXPECTED.search(line)]

    def memory(self) -> dict[str, float]:
        """Return megabytes (PSS: what several share counts once) by what they are of."""
        found = dict.fromkeys(SHOWN, 0.0)
        for name, top in self._tops().items():
            for process in family(top):
                sandboxed = SANDBOX in _command(process)
                found["sandboxes" if sandboxed else name] += proportional(process) / 1024
        return found

    def _tops(self) -> dict[str, int]:
        children = [one for one in family(self.process.pid) if _parent(one) == self.process.pid]
        tops = {
            name: one
            for one in children
            for name, word in JUDGED.items()
            if word in _command(one).split("\0")
        }
        postmaster = (self.folder / "postgres" / "postmaster.pid").read_text().splitlines()[0]
        return tops | {"database": int(postmaster)}


def _command(process: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_text()
    return ""


def _parent(process: int) -> int:
    with suppress(OSError):
        # The name of a process may hold spaces and parentheses; what follows its last one does not.
        return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
    return 0


@contextmanager
def supervised(folder: Path) -> Iterator[Running]:
    """Run ``mlgov.supervisor run`` on the database of the folder; only the budget of requests is lifted."""
    port, log = free_port(), folder / "server.log"
    given = os.environ | {"MLGOV_VAR": str(folder), "MLGOV_API_RATE": RATE}
    given.pop("MLGOV_ROLE", None)
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "mlgov.supervisor", "run", "--port", str(port)],
            cwd=environment.BASE_DIR,
            env=given,
            stdout=file,
            stderr=subprocess.STDOUT,
            # Ctrl-C is for the benchmark, which ends its clients first.
            start_new_session=True,
        )
    running = Running(process, port, folder, log)
    try:
        _wait_until_ready(running)
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_ready(running: Running) -> None:
    ends = time.monotonic() + READY_SECONDS
    while time.monotonic() < ends:
        running.demand()
        try:
            with urllib.request.urlopen(f"http://{HOST}:{running.port}/accounts/login/", timeout=10):
                return
        except OSError:
            time.sleep(0.5)
    raise Ended(f"mlgov did not answer within {READY_SECONDS} seconds:\n{running.said()}")
