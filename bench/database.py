"""An embedded database of a benchmark's own, with the schema, which is thrown away."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def own_database() -> Iterator[tuple[Path, Any]]:
    """Start the database and set Django up as its owner; give its folder and a superuser's connection."""
    folder = Path(tempfile.mkdtemp(prefix="mlgov-bench-"))
    os.environ |= {
        "MLGOV_VAR": str(folder),
        "MLGOV_ROLE": "owner",
        "DJANGO_SETTINGS_MODULE": "mlgov.settings",
    }
    import psycopg

    from mlgov import embedded

    cluster = embedded.start(folder)
    try:
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        with psycopg.connect(cluster.conninfo("postgres"), autocommit=True) as admin:
            yield folder, admin
    finally:
        embedded.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)
