"""Time that has passed: rows are moved back, which their tables refuse to everybody."""

from contextlib import suppress

import psycopg
from django.db import connection

from tests.conftest import superuser

_ALLOWED = "SELECT has_parameter_privilege('mlgov_owner', 'session_replication_role', 'SET')"


def age(row, **moved):
    """Move times of a row back, as if time had passed; the table refuses it, so its triggers are off for that."""
    _let_the_owner_switch_triggers_off()
    sets = ", ".join(f"{name} = {name} - %s" for name in moved)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        table = connection.ops.quote_name(row._meta.db_table)
        cursor.execute(f"UPDATE {table} SET {sets} WHERE id = %s", [*moved.values(), row.pk])
        cursor.execute("SET LOCAL session_replication_role = origin")


def _let_the_owner_switch_triggers_off():
    """The owner of the tests' database may do so, in its own transaction; the roles of the product may not."""
    with superuser() as admin:
        while not admin.execute(_ALLOWED).fetchone()[0]:
            # The right is the whole server's: another process of the tests may be giving it at this moment.
            with suppress(psycopg.errors.InternalError):
                admin.execute("GRANT SET ON PARAMETER session_replication_role TO mlgov_owner")
