"""Loaded by pytest before Django's settings: points the tests at a throwaway embedded PostgreSQL of their own."""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from mlgov import embedded

ROOT = Path(__file__).resolve().parent.parent

os.environ["MLGOV_VAR"] = os.environ.get("MLGOV_TEST_VAR", str(ROOT / "var" / "test"))
os.environ["MLGOV_ROLE"] = "owner"
os.environ["MLGOV_DB_POOL"] = "0"
os.environ.setdefault("MLGOV_LOG_LEVEL", "CRITICAL")
os.environ.pop("MLGOV_STORAGE_URL", None)
# Images of containers like to set it; each of the many processes that tests start would compile all modules anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
(Path(os.environ["MLGOV_VAR"]) / "static").mkdir(parents=True, exist_ok=True)
CLUSTER = embedded.start(Path(os.environ["MLGOV_VAR"]), lossy=True)
BUILDING = pytest.StashKey[subprocess.Popen[bytes]]()


def address_of(cluster, role: str, database: str) -> str:
    """Return DATABASE_URL of a role in an embedded cluster."""
    libpq = cluster.parameters(role, database)
    return (
        f"postgresql://{libpq['user']}:{quote(libpq['password'])}@/{libpq['dbname']}"
        f"?host={libpq['host']}&port={libpq['port']}"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Let the database that the workers copy be made while they still collect the tests."""
    if config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
        config.stash[BUILDING] = subprocess.Popen([sys.executable, "-m", "tests.template"], cwd=ROOT)


def pytest_unconfigure(config: pytest.Config) -> None:
    if BUILDING in config.stash:
        config.stash[BUILDING].wait()
