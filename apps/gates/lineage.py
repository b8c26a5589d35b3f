"""Who had a hand in a version: separation of duties comes from what the rows say, not from configuration.

The rule itself is the SQL function ``gates_contributors`` (life_sql), which the triggers ask as well; docs/adr/0010
says which kinds of rows count, and why scoring the rubric and writing the brief do not.
"""

from uuid import UUID

from django.db import connection

from apps.registry.models import Version


def contributors_of(version: Version) -> dict[UUID, str]:
    """Return the people (not accounts) who made the version or its evidence, with what they did."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT person_id, because FROM gates_contributors(%s)", [version.pk])
        return dict(cursor.fetchall())
