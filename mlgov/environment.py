"""Read the process environment: where the database is, which role this process plays, the secret key."""

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from mlgov import embedded

BASE_DIR = Path(__file__).resolve().parent.parent


def var_dir() -> Path:
    """Return the folder for everything that a running mlgov writes (``MLGOV_VAR``, else ``var/``)."""
    return Path(os.environ.get("MLGOV_VAR", BASE_DIR / "var"))


def flag(name: str, *, default: bool) -> bool:
    """Read a yes/no variable."""
    value = os.environ.get(name)
    return default if value is None else value.strip().lower() in {"1", "true", "yes", "on"}


def path(name: str, default: Path) -> Path:
    """Read a variable that names a file."""
    return Path(os.environ.get(name) or default)


def secret_key() -> str:
    """Return MLGOV_SECRET_KEY, or the key kept in the var folder (made at random on first use, mode 0600)."""
    given = os.environ.get("MLGOV_SECRET_KEY")
    if given:
        return given
    path = var_dir() / "secret.key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(50))
        except FileExistsError:
            pass
    return path.read_text()


def database() -> dict[str, Any]:
    """Return Django's settings of the one database: DATABASE_URL when set, else the embedded server.

    ``MLGOV_ROLE`` (app, worker, owner, sealer, …) chooses the database role of the embedded server; with an external
    one the URL names it, and ``MLGOV_OWNER_DATABASE_URL`` serves the commands that migrate, ``MLGOV_SEALER_DATABASE_URL``
    the sealer, and so on for each role.
    """
    role = os.environ.get("MLGOV_ROLE", "app")
    url = os.environ.get("DATABASE_URL")
    if url:
        url = os.environ.get(f"MLGOV_{role.upper()}_DATABASE_URL", url)
    settings = _from_url(url) if url else _from_embedded(role)
    settings |= {
        "ENGINE": "django.db.backends.postgresql",
        "CONN_HEALTH_CHECKS": True,
        "TEST": {"NAME": "test_mlgov_" + os.environ.get("MLGOV_TEST_DB_SUFFIX", "main")},
    }
    options = settings.setdefault("OPTIONS", {})
    if flag("MLGOV_DB_POOL", default=role == "app"):
        options["pool"] = {"min_size": 1, "max_size": 8, "timeout": 10}
    return settings


def _from_url(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ValueError(
            f"DATABASE_URL begins with '{parts.scheme}:', but mlgov runs on PostgreSQL alone. "
            "Write postgresql://user:password@host:5432/database."
        )
    options = dict(parse_qsl(parts.query))
    # A socket's folder cannot stand where a host stands; libpq takes it as ?host=/path, and so do we.
    host = options.pop("host", unquote(parts.hostname or ""))
    return {
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": options.pop("port", str(parts.port or "")),
        "OPTIONS": options,
    }


def _from_embedded(role: str) -> dict[str, Any]:
    cluster = embedded.reach(var_dir())
    if cluster is None:
        # Nothing runs yet: commands that need no database still work, the others name this host in their error.
        return {"NAME": embedded.DATABASE, "HOST": "the-embedded-server-is-not-running.invalid"}
    parameters = cluster.parameters(f"mlgov_{role}")
    return {
        "NAME": parameters["dbname"],
        "USER": parameters["user"],
        "PASSWORD": parameters["password"],
        "HOST": parameters["host"],
        "PORT": parameters["port"],
    }


def broker_url() -> str:
    """Return CELERY_BROKER_URL, or the marker of the queue that lives in the database itself."""
    return os.environ.get("CELERY_BROKER_URL", "pgmq://")
