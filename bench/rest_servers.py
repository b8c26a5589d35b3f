"""The two servers that bench/rest.py compares: mlgov's and MLflow's, each with a database of its own in one PostgreSQL.

MLflow's comes from ``requirements/mlflow-server.txt`` into a virtual environment of its own. It runs as its command starts
it, but for what it does beside serving: telemetry and its own jobs are switched off.
"""

import os
import secrets
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from bench.rest_copies import copies_of_mlflow, copies_of_mlgov
from bench.rest_load import Target
from mlgov import embedded
from mlgov.supervisor import Supervisor, web_command
from tests.clients import python_of

HOST = "127.0.0.1"
#: As many as mlgov's own command starts.
WORKERS = 2
#: No budget of requests, which one principal would spend in a second.
RATE = "100000000/min"
READY_SECONDS = 300
_PASSED = ("PATH", "HOME", "TMPDIR", "LANG")


@dataclass(frozen=True)
class Server:
    """A running server: where it is, its main process, its database, the tables in which it keeps rows by kind, and the
    statements that copy a run."""

    target: Target
    process: int
    conninfo: str
    tables: dict[str, str]
    copies: tuple[str, ...]

    def rows(self) -> dict[str, int]:
        """Return how many rows there are of each kind."""
        with psycopg.connect(self.conninfo) as connection:
            count = sql.SQL("SELECT count(*) FROM {}")
            return {
                kind: connection.execute(count.format(sql.Identifier(table))).fetchone()[0]
                for kind, table in self.tables.items()
            }

    def copy_run(self, run: str, times: int) -> None:
        """Copy a run with what it logged; the copies differ in name, id and metrics."""
        with psycopg.connect(self.conninfo) as connection:
            for statement in self.copies:
                connection.execute(statement, {"run": run, "times": times})

    def analyze(self) -> None:
        """Let the planner know what is there, as it would after a while."""
        with psycopg.connect(self.conninfo, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")

    def megabytes(self) -> float:
        """Return what the server's processes hold in memory; what several share counts once (PSS)."""
        return sum(map(proportional, family(self.process))) / 1024


def family(process: int) -> Iterator[int]:
    """Yield a process and those below it."""
    yield process
    try:
        for thread in Path(f"/proc/{process}/task").iterdir():
            for child in (thread / "children").read_text().split():
                yield from family(int(child))
    except OSError:
        # It ended meanwhile.
        return


def proportional(process: int) -> int:
    """Return the proportional set size in kilobytes."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def free_port() -> int:
    """Return a port on which nothing listens now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def mlgov(folder: Path, tokens: tuple[str, ...]) -> Iterator[Server]:
    """Serve mlgov as its own command does, with the sealer beside."""
    cluster = embedded.reach(folder)
    assert cluster is not None
    (folder / "static").mkdir(exist_ok=True)
    supervisor = Supervisor(free_port())
    try:
        web = web_command(supervisor.port)
        assert f"--workers={WORKERS}" in web
        supervisor.start("web server", *web, role="app", MLGOV_DB_POOL="1", MLGOV_API_RATE=RATE)
        supervisor.start("sealer", "manage.py", "audit", "seal", "--every=2", role="sealer")
        supervisor.wait_until_ready()
        yield Server(
            Target("mlgov", HOST, supervisor.port, "/mlflow", tokens),
            supervisor.children[0].process.pid,
            cluster.conninfo("postgres"),
            {
                "runs": "experiments_run",
                "points": "experiments_metric",
                "models": "registry_model",
                "versions": "registry_version",
            },
            copies_of_mlgov(),
        )
    finally:
        supervisor.stop()


@contextmanager
def mlflow(folder: Path) -> Iterator[Server]:
    """Serve MLflow from a database of its own in the same PostgreSQL."""
    cluster = embedded.reach(folder)
    assert cluster is not None
    own = folder / "mlflow"
    own.mkdir()
    port = free_port()
    command = [python_of("mlflow-server"), "-m", "mlflow", "server", "--host", HOST, "--port", str(port)]
    command += ["--workers", str(WORKERS), "--backend-store-uri", _own_database(cluster)]
    command += ["--artifacts-destination", str(own / "artifacts")]
    environment = {name: os.environ[name] for name in _PASSED if name in os.environ} | {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "GIT_PYTHON_REFRESH": "quiet",
    }
    log = own / "server.log"
    with log.open("w") as file:
        process = subprocess.Popen(
            command,
            cwd=own,
            env=environment,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _wait_until_ready(process, port, log)
            yield Server(
                Target("mlflow", HOST, port),
                process.pid,
                cluster.conninfo("postgres", "mlflow"),
                {
                    "runs": "runs",
                    "points": "metrics",
                    "models": "registered_models",
                    "versions": "model_versions",
                },
                copies_of_mlflow(),
            )
        finally:
            _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End MLflow's command and the server that it started, which is not told when the command ends."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        with suppress(subprocess.TimeoutExpired):
            process.wait(15)


def _own_database(cluster: embedded.Cluster) -> str:
    """Make MLflow's database and its role; return the address for SQLAlchemy, which takes the socket's folder as a host."""
    password = secrets.token_hex(16)
    with psycopg.connect(cluster.conninfo("postgres", "postgres"), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE ROLE mlflow LOGIN PASSWORD {}").format(sql.Literal(password)))
        admin.execute("CREATE DATABASE mlflow OWNER mlflow")
    return f"postgresql+psycopg2://mlflow:{password}@/mlflow?host={quote(cluster.socket_dir)}&port=5432"


def _wait_until_ready(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    ends = time.monotonic() + READY_SECONDS
    while time.monotonic() < ends and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}/health", timeout=5):
                return
        except OSError:
            time.sleep(0.5)
    raise RuntimeError(f"MLflow's server did not start:\n{log.read_text()[-3000:]}")
