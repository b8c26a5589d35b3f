"""Read the process environment: where the database and the files are, which role this process plays, the secret key."""

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


def choice(name: str, *, default: str, of: tuple[str, ...]) -> str:
    """Read a variable that has a few allowed values; raises ValueError for another."""
    value = os.environ.get(name, default).strip().lower()
    if value not in of:
        raise ValueError(f"{name} is {value!r}. Write one of {', '.join(of)}.")
    return value


def oidc_apps() -> list[dict[str, Any]]:
    """Return allauth's settings of the OpenID Connect provider, or none when MLGOV_OIDC_ISSUER is not set."""
    issuer = os.environ.get("MLGOV_OIDC_ISSUER", "").rstrip("/")
    if not issuer:
        return []
    return [
        {
            "provider_id": "sso",
            "name": os.environ.get("MLGOV_OIDC_NAME", "single sign-on"),
            "client_id": os.environ["MLGOV_OIDC_CLIENT_ID"],
            "secret": os.environ.get("MLGOV_OIDC_CLIENT_SECRET", ""),
            "settings": {"server_url": issuer, "issuer": issuer},
        }
    ]


def listed(name: str, default: str = "") -> list[str]:
    """Read a variable of values separated by commas."""
    return [value.strip() for value in os.environ.get(name, default).split(",") if value.strip()]


def email() -> dict[str, Any]:
    """Return Django's settings of outgoing e-mail from MLGOV_EMAIL_URL; without it, e-mail goes to the console.

    ``smtp://user:password@host:587`` asks for STARTTLS, ``smtps://`` speaks TLS from the start, and
    ``smtp://host:25?tls=no`` does without, for a relay on the same machine.
    """
    url = os.environ.get("MLGOV_EMAIL_URL", "")
    if not url:
        console = "django.core.mail.backends.console.EmailBackend"
        return {"EMAIL_BACKEND": os.environ.get("MLGOV_EMAIL_BACKEND", console)}
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise ValueError(
            "MLGOV_EMAIL_URL looks like smtp://user:password@host:587 or smtps://user:password@host:465."
        )
    implicit = parts.scheme == "smtps"
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or (465 if implicit else 587),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": implicit,
        "EMAIL_USE_TLS": not implicit and options.get("tls", "yes") != "no",
        "EMAIL_TIMEOUT": 20,
    }


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
        "ENGINE": "mlgov.postgresql",
        "CONN_HEALTH_CHECKS": True,
        "TEST": {"NAME": "test_mlgov_" + os.environ.get("MLGOV_TEST_DB_SUFFIX", "main")},
    }
    options = settings.setdefault("OPTIONS", {})
    # Only apps/core/statements.py prepares, and a pooler between must know of it (PgBouncer does from 1.21 on).
    options["prepare_threshold"] = 0 if flag("MLGOV_DB_PREPARE", default=True) else None
    if flag("MLGOV_DB_POOL", default=role == "app"):
        # After an outage a connection is tried anew by who needs one, rather than after a pause that grows to minutes.
        options["pool"] = {"min_size": 1, "max_size": 8, "timeout": 5, "reconnect_timeout": 5}
        # mlgov/postgresql/base.py looks at the connections of the pool itself.
        settings["CONN_HEALTH_CHECKS"] = False
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


class StorageInvalid(ValueError):
    """MLGOV_STORAGE_URL cannot be read; the sentence says what to write."""


def storage() -> dict[str, Any]:
    """Return Django's settings of where files are kept: MLGOV_STORAGE_URL when set, else a folder of the var folder.

    Credentials, region and endpoint are the AWS variables that boto3 reads by itself. An address that cannot be
    read keeps nothing anywhere: files must not end up on this machine's disk by mistake.
    """
    url = os.environ.get("MLGOV_STORAGE_URL", "")
    if not url:
        location = str(var_dir() / "blobs")
        return {
            "BACKEND": "apps.core.storages.LocalStorage",
            "OPTIONS": {"location": location},
        }
    try:
        options = bucket_of(url)
    except StorageInvalid as error:
        return {"BACKEND": "apps.core.storages.Unusable", "OPTIONS": {"reason": str(error)}}
    return {"BACKEND": "apps.core.objectstore.ObjectStorage", "OPTIONS": options}


def bucket_of(url: str) -> dict[str, Any]:
    """Return the options of the storage that an address ``s3://bucket/prefix`` names. Raises StorageInvalid."""
    parts = urlsplit(url)
    wanted = "Write s3://bucket or s3://bucket/prefix."
    if parts.scheme != "s3":
        raise StorageInvalid(
            f"MLGOV_STORAGE_URL begins with “{parts.scheme or url[:20]}”, not with s3://. {wanted}"
        )
    if parts.username or parts.password:
        raise StorageInvalid(
            "MLGOV_STORAGE_URL holds credentials, which would end up in logs. "
            "Give them as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        )
    if not parts.hostname or parts.netloc != parts.hostname:
        raise StorageInvalid(
            f"MLGOV_STORAGE_URL names no bucket that there can be (“{parts.netloc}”). {wanted}"
        )
    # Stores of one's own seldom have a name in the DNS for each bucket, so the bucket stands in the path there.
    own = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    addressing = query.pop("addressing", "path" if own else "auto")
    if query or addressing not in {"auto", "path", "virtual"}:
        raise StorageInvalid(
            f"MLGOV_STORAGE_URL ends in “?{parts.query}”; only addressing=path, virtual or auto can stand there. {wanted}"
        )
    return {
        "bucket_name": parts.hostname,
        "location": unquote(parts.path.strip("/")),
        "region_name": os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION"),
        "addressing_style": addressing,
    }


def broker_url() -> str:
    """Return CELERY_BROKER_URL, or the marker of the queue that lives in the database itself."""
    return os.environ.get("CELERY_BROKER_URL", "pgmq://")
