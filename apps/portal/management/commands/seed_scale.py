"""Fill a database of no other use, to measure how pages fare with much in it."""

from dataclasses import fields
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.portal.seeding import PREFIX, Size, seed
from apps.projects.models import Project


class Command(BaseCommand):
    help = (
        "Make many projects, versions, runs, metrics and audit events, to measure pages. Only for a database that "
        "has nothing else in it: what the audit log holds can never be removed again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        for field in fields(Size):
            parser.add_argument(f"--{field.name}", type=int, default=field.default)

    def handle(self, *args: Any, **options: Any) -> None:
        size = Size(**{field.name: options[field.name] for field in fields(Size)})
        if size.projects < 1 or min(vars(size).values()) < 0 or size.runs < size.projects:
            raise CommandError("Give at least one project, a run for each, and no negative number.")
        if Project.objects.exists():
            made = Project.objects.filter(slug__startswith=PREFIX).exists()
            what = "was filled before" if made else "has projects of its own"
            raise CommandError(f"This database {what}; name an empty one with MLGOV_VAR or DATABASE_URL.")
        seed(size, self.stdout.write)
        self.stdout.write(f"Made {size}.")
