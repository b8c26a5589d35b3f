"""Web processes as production starts them, a person's browser without a browser, and what to ask the database."""

import http.client
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import psutil
import psycopg
import pytest
from django.conf import settings

from tests.conftest import superuser


def wait_for(what, *, seconds=90):
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        found = what()
        if found:
            return found
        time.sleep(0.02)
    pytest.fail(f"nothing within {seconds} seconds")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    text: str


class Web:
    """A gunicorn with one worker of four threads on a port that the system chose.

    As in production, but that the master loads the code for all workers: the one after a kill is there at once.
    """

    def __init__(self, var: Path, database: str, **more: str) -> None:
        listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = listener.getsockname()[1]
        # The workplace of a test is not the product's: nothing but what is named here comes along.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MLGOV_")}
        environment |= {
            "DATABASE_URL": database,
            "MLGOV_VAR": str(var),
            "MLGOV_BUS_DIR": str(Path(os.environ["MLGOV_VAR"]) / "bus"),
            "MLGOV_SECRET_KEY": settings.SECRET_KEY,
            "MLGOV_ROLE": "app",
            "MLGOV_DB_POOL": "1",
            "MLGOV_LOG_LEVEL": "CRITICAL",
        }
        (var / "static").mkdir(parents=True, exist_ok=True)
        with listener:
            self.master = subprocess.Popen(
                [
                    *(sys.executable, "-m", "gunicorn", f"--bind=fd://{listener.fileno()}", "--workers=1"),
                    *("--threads=4", "--timeout=120", "--log-level=critical", "--preload", "mlgov.wsgi"),
                ],
                cwd=settings.BASE_DIR,
                env=environment | more,
                pass_fds=[listener.fileno()],
                start_new_session=True,
            )

    def workers(self) -> list[int]:
        """Return the processes that serve."""
        return [worker.pid for worker in psutil.Process(self.master.pid).children()]

    def kill_worker(self) -> None:
        """End the process that serves at once; the master starts another, to which waiting connections go."""
        for worker in self.workers():
            os.kill(worker, signal.SIGKILL)

    def stop(self) -> None:
        if self.master.poll() is None:
            os.killpg(self.master.pid, signal.SIGKILL)
        self.master.wait(30)

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=90)


def read(connection: http.client.HTTPConnection) -> Answer | None:
    """Return the answer, or None where the process died before it gave one."""
    try:
        found = connection.getresponse()
        return Answer(found.status, dict(found.headers), found.read().decode())
    except (http.client.HTTPException, ConnectionError):
        return None
    finally:
        connection.close()


class Browser:
    """A signed-in person, or a pipeline with its token."""

    def __init__(self, web: Web, client=None, token: str = "") -> None:
        self.web = web
        self._csrf = secrets.token_hex(16)
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}
        if client is not None:
            session = client.cookies["sessionid"].value
            self.headers = {"Cookie": f"sessionid={session}; csrftoken={self._csrf}"}

    def send(self, method: str, path: str, body=None, **headers: str) -> http.client.HTTPConnection:
        """Send a request and return without its answer; a dict is a form, bytes go as they are."""
        connection = self.web.connect()
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        if isinstance(body, dict):
            body = urlencode(body | {"csrfmiddlewaretoken": self._csrf})
            more["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, body, self.headers | more)
        return connection

    def get(self, path: str) -> Answer | None:
        return read(self.send("GET", path))

    def post(self, path: str, body=None, **headers: str) -> Answer | None:
        return read(self.send("POST", path, body, **headers))


class Holding:
    """Holds up whoever writes to a table, so that a process is killed while it is surely in the middle."""

    def __init__(self, table: str, holder: psycopg.Connection | None = None) -> None:
        self._table = table
        self._holder = holder or superuser()

    def __enter__(self) -> "Holding":
        self._holder.autocommit = False
        self._holder.execute(f"LOCK TABLE {self._table} IN SHARE ROW EXCLUSIVE MODE")
        return self

    def until_somebody_waits(self) -> None:
        query = """
            SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'relation' AND relation = %s::regclass
        """
        wait_for(lambda: self._holder.execute(query, [self._table]).fetchone())

    def __exit__(self, *about) -> None:
        # Closing rolls back, also where the server is gone.
        self._holder.close()
