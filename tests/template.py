"""A database in which every migration has run, from which each worker of the tests copies its own.

Migrating takes Django most of a minute of processor time, as it renders the models anew for each step; a copy takes a
fraction of a second. The copy is used as long as nothing changes of what the migrations say: their files, whatever of
ours these import, and the pinned packages.
"""

import ast
import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import psycopg
from psycopg import sql

from tests.plugin import CLUSTER, ROOT, address_of

PREFIX = "template_mlgov_"
LOCK = Path(os.environ["MLGOV_VAR"]) / ".template.lock"


def ready() -> str:
    """Return the template's name; whoever comes first makes it, the others wait."""
    name = PREFIX + digest()
    with LOCK.open("w") as lock, psycopg.connect(**CLUSTER.parameters("postgres", "postgres")) as admin:
        fcntl.flock(lock, fcntl.LOCK_EX)
        admin.autocommit = True
        rows = admin.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
        known = {row[0] for row in rows}
        if name not in known:
            for old in known:
                admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(old)))
            _make(admin, name)
    return name


def _make(admin: psycopg.Connection, name: str) -> None:
    """Migrate under another name first: a template that is half made must not be taken for one."""
    half = sql.Identifier(PREFIX + "half_made")
    admin.execute(sql.SQL("CREATE DATABASE {} OWNER mlgov_owner").format(half))
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--run-syncdb", "--verbosity=0"],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": address_of(CLUSTER, "mlgov_owner", PREFIX + "half_made")},
        check=True,
    )
    admin.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(half, sql.Identifier(name)))


def digest() -> str:
    """Return a digest of all that decides what the migrated database is."""
    found = hashlib.sha256((ROOT / "requirements" / "base.txt").read_bytes())
    for path in sorted(_files()):
        found.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:16]


def _files() -> set[Path]:
    """Return the migrations' files and those of ours that they import, and so on."""
    found: set[Path] = set()
    waiting = set(ROOT.glob("apps/*/migrations/*.py"))
    while waiting:
        path = waiting.pop()
        found.add(path)
        waiting |= _imported(path) - found
    return found


def _imported(path: Path) -> set[Path]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{one.name}" for one in node.names}
    places = [ROOT.joinpath(*name.split(".")) for name in names if name.split(".")[0] in {"apps", "mlgov"}]
    files = {one.with_suffix(".py") for one in places} | {one / "__init__.py" for one in places}
    return {one for one in files if one.exists()}


if __name__ == "__main__":
    ready()
