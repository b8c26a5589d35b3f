"""Run everything that mlgov needs in the foreground: database, web server, worker, sweeper, sealer, and the demonstration.

``python -m mlgov.supervisor run|demo [--port 8000]``. Ctrl-C stops all of it, in the reverse order.
"""

import argparse
import ctypes
import ctypes.util
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from mlgov import embedded, environment, organisation

HOST = "127.0.0.1"
STOP_SECONDS = 15
READY_SECONDS = 60
PR_SET_PDEATHSIG = 1
PANGO_SENTENCE = (
    "Pango is missing, which makes the PDFs. Install it and try again:\n"
    "    sudo apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
)


class CannotStart(Exception):
    """A reason, in a sentence, why mlgov cannot run here and now."""


class StopAsked(Exception):
    """Somebody pressed Ctrl-C or sent SIGTERM."""


def say(text: str) -> None:
    """Print a line at once."""
    print(text, flush=True)  # noqa: T201 - the supervisor talks to a terminal


@dataclass
class Child:
    """A process of ours."""

    name: str
    process: subprocess.Popen[bytes]


@dataclass
class Supervisor:
    """Starts children, watches them, and stops them in reverse."""

    port: int
    children: list[Child] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}"

    def start(self, name: str, *arguments: str, role: str, **more: str) -> None:
        """Start ``python <arguments>`` in a database role and keep it."""
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=environment.BASE_DIR,
            env=_environment(role, **more),
            start_new_session=True,
            preexec_fn=_die_with_parent,  # noqa: PLW1509 - no threads run here
        )
        self.children.append(Child(name, process))

    def watch(self) -> None:
        """Return when a child ends, which none should do by itself."""
        while True:
            for child in self.children:
                code = child.process.poll()
                if code is not None:
                    raise CannotStart(
                        f"The {child.name} ended by itself (exit code {code}); its last lines are above."
                    )
            time.sleep(0.5)

    def wait_until_ready(self) -> None:
        """Wait until the web server answers."""
        ends = time.monotonic() + READY_SECONDS
        while time.monotonic() < ends:
            for child in self.children:
                if child.process.poll() is not None:
                    raise CannotStart(f"The {child.name} did not start; its last lines are above.")
            try:
                with urllib.request.urlopen(f"{self.address}/accounts/login/", timeout=5):  # noqa: S310 - our own
                    return
            except urllib.error.HTTPError as error:
                raise CannotStart(
                    f"The web server answers with an error ({error.code}); its last lines are above."
                ) from error
            except OSError:
                time.sleep(0.2)
        raise CannotStart(f"The web server did not answer within {READY_SECONDS} seconds.")

    def stop(self) -> None:
        """Ask each child to end, last one first, and end those that do not."""
        for child in reversed(self.children):
            if child.process.poll() is None:
                child.process.terminate()
        ends = time.monotonic() + STOP_SECONDS
        for child in reversed(self.children):
            try:
                child.process.wait(max(0.1, ends - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(child.process.pid, signal.SIGKILL)
                child.process.wait()


def _die_with_parent() -> None:
    """Ask Linux to end the child when the supervisor is killed, so that no port and no worker is left behind."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


#: glibc gives each thread an arena of its own and keeps in it what was freed; threads that answer requests of all sizes
#: would hold more and more. With two arenas, and large blocks given back when they are freed, memory stays flat.
_ALLOCATOR = {"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": "131072", "MALLOC_TRIM_THRESHOLD_": "131072"}


def _environment(role: str, **more: str) -> dict[str, str]:
    own = {"MLGOV_ROLE": role, "MLGOV_SUPERVISED": "1", "PYTHONUNBUFFERED": "1"}
    return _ALLOCATOR | os.environ | own | more


@contextmanager
def alone(var: Path, address: str) -> Iterator[None]:
    """Hold the folder for this process; raises CannotStart when another one has it."""
    var.mkdir(parents=True, exist_ok=True)
    with (var / "supervisor.lock").open("a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotStart(_already(handle)) from None
        handle.truncate(0)
        handle.write(f"{os.getpid()} {address}")
        handle.flush()
        yield


def _already(handle: IO[str]) -> str:
    handle.seek(0)
    process, _, address = handle.read().partition(" ")
    return (
        f"mlgov runs from this folder already (process {process or '?'}, {address or 'starting'}). "
        "Press Ctrl-C there first, or set MLGOV_VAR to another folder for a second one."
    )


def check_port(port: int) -> None:
    """Raise CannotStart when nothing can listen on ``port``."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise CannotStart(
                f"Port {port} cannot be used ({error.strerror}). Choose another, for example: make demo PORT={port + 123}"
            ) from error


def check_pango() -> None:
    """Raise CannotStart when the one system library is missing."""
    if not any(ctypes.util.find_library(name) for name in ("pango-1.0", "pango-1.0-0")):
        raise CannotStart(PANGO_SENTENCE)


def manage(*arguments: str, role: str) -> None:
    """Run one management command to its end."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=environment.BASE_DIR,
        env=_environment(role),
        check=False,
    )
    if done.returncode:
        raise CannotStart(f"“manage.py {' '.join(arguments)}” failed; the reason is above.")


def load_demo(supervisor: Supervisor) -> None:
    """Tell the demonstration's story through the API of the running server."""
    process = subprocess.run(
        [sys.executable, "-m", "demo.load", "--address", supervisor.address],
        cwd=environment.BASE_DIR,
        env=_environment("app", MLGOV_DB_POOL="0"),
        check=False,
    )
    if process.returncode:
        raise CannotStart("The demonstration could not be loaded; the reason is above.")


def serve(port: int, then: Callable[[Supervisor], None], *, demo: bool = False) -> None:
    """Start everything, call ``then``, and stay until Ctrl-C. ``demo`` signs PDFs with a certificate made for it."""
    var = environment.var_dir()
    supervisor = Supervisor(port)
    external = bool(os.environ.get("DATABASE_URL"))
    with alone(var, supervisor.address):
        check_pango()
        check_port(port)
        try:
            say("Starting the database ..." if not external else "Using the database of DATABASE_URL ...")
            if not external:
                embedded.start(var, stop_with_process=False)
            say("Bringing the schema and the policy up to date ...")
            manage("migrate", "--noinput", "--verbosity=0", role="owner")
            manage("policy_load", role="owner")
            say("Starting web server and worker ...")
            _start_all(supervisor, **(organisation.demo_signer(var) if demo else {}))
            supervisor.wait_until_ready()
            then(supervisor)
            supervisor.watch()
        except StopAsked:
            say("\nStopping ...")
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            supervisor.stop()
            if not external:
                embedded.stop(var)
    say("Stopped. Nothing is lost; the same command goes on from here.")


def web_command(port: int) -> tuple[str, ...]:
    """Return with what arguments Python serves the portal and the interfaces."""
    return (
        "-m",
        "gunicorn",
        f"--bind={HOST}:{port}",
        "--workers=2",
        "--threads=4",
        "--timeout=120",
        "--log-level=warning",
        "mlgov.wsgi",
    )


def _start_all(supervisor: Supervisor, **for_worker: str) -> None:
    (environment.var_dir() / "static").mkdir(exist_ok=True)
    supervisor.start("web server", *web_command(supervisor.port), role="app", MLGOV_DB_POOL="1")
    worker = (
        "-m",
        "celery",
        "--app=mlgov.celery",
        "--quiet",
        "worker",
        "--queues=jobs",
        "--concurrency=2",
        "--loglevel=WARNING",
    )
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat")
    supervisor.start("worker", *worker, *quiet, role="worker", **for_worker)
    supervisor.start("sweeper", "manage.py", "jobs_sweep", "--every=30", role="worker")
    supervisor.start("sealer", "manage.py", "audit", "seal", "--every=2", role="sealer")


def reset() -> None:
    """Throw away what the folder holds; other people's databases are not ours to empty."""
    if os.environ.get("DATABASE_URL"):
        raise CannotStart(
            "DATABASE_URL is set: mlgov empties only its own embedded database. Unset it first."
        )
    var = environment.var_dir()
    with alone(var, ""):
        embedded.stop(var)
        for name in ("postgres", "blobs", "bus", "audit", "signing"):
            shutil.rmtree(var / name, ignore_errors=True)
        for name in ("postgres.json", "demo.json", "secret.key"):
            (var / name).unlink(missing_ok=True)
    say("The old data is gone.")


def _ready(supervisor: Supervisor) -> None:
    say(f"\nmlgov is at {supervisor.address}  (Ctrl-C stops it)")


def _stop_asked(number: int, frame: object) -> None:
    raise StopAsked


def main() -> int:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(prog="mlgov.supervisor", description=__doc__)
    parser.add_argument("what", choices=["run", "demo", "reset"])
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()
    signal.signal(signal.SIGINT, _stop_asked)
    signal.signal(signal.SIGTERM, _stop_asked)
    try:
        if options.what == "reset":
            reset()
        else:
            demo = options.what == "demo"
            serve(options.port, load_demo if demo else _ready, demo=demo)
    except CannotStart as reason:
        say(f"\n{reason}")
        return 1
    except StopAsked:
        say("Stopped before anything was started.")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
