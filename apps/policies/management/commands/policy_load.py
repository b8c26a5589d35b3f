"""Load the built-in policy pack and the organisation's own."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.core.errors import Invalid
from apps.policies.loading import pack_files
from apps.policies.services import publish


class Command(BaseCommand):
    help = "Publish every policy file whose content is new."

    def handle(self, *args: Any, **options: Any) -> None:
        for pack in pack_files():
            try:
                revision = publish(pack.read(), by=None, note=f"from {pack.name}")
            except Invalid as error:
                raise CommandError(f"{pack.name}: {error.sentence}") from error
            self.stdout.write(f"{pack.name}: revision {revision.number}")
