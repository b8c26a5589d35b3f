"""Load the built-in policy pack and the organisation's own."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.core.errors import Invalid
from apps.policies.loading import pack_files
from apps.policies.services import publish


class Command(BaseCommand):
    help = "Publish every policy file whose content is new."

    def handle(self, *args: Any, **options: Any) -> None:
        for path in pack_files():
            try:
                revision = publish(path.read_text(), by=None, note=f"from {path.name}")
            except Invalid as error:
                raise CommandError(f"{path.name}: {error.sentence}") from error
            self.stdout.write(f"{path.name}: revision {revision.number}")
