#!/usr/bin/env python
"""Django's command line; starts the embedded PostgreSQL when no DATABASE_URL is set."""

import os
import sys

#: Commands that change the schema or mint credentials run as the owner of the database.
OWNER_COMMANDS = {"migrate", "makemigrations", "sqlmigrate", "showmigrations", "sqlflush", "createcachetable"}
#: Commands that touch no rows: they must not wake a server.
OFFLINE_COMMANDS = {"collectstatic", "help", "version", "spectacular", "docs"}


def main() -> None:
    """Run one management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlgov.settings")
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if command in OWNER_COMMANDS:
        os.environ.setdefault("MLGOV_ROLE", "owner")
    os.environ.setdefault("MLGOV_DB_POOL", "0")
    served = os.environ.get("DATABASE_URL") or os.environ.get("MLGOV_SUPERVISED")
    if not served and command not in OFFLINE_COMMANDS:
        from mlgov import embedded, environment

        embedded.start(environment.var_dir())
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
