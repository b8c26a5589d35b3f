"""Begin drafts of what changed in the Git checkout of policies."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.core.errors import MlgovError
from apps.policies.services import sync_git


class Command(BaseCommand):
    help = "Begin a draft for each policy file of MLGOV_POLICY_GIT that differs from the newest revision."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = sync_git(by=None)
        except MlgovError as error:
            raise CommandError(error.sentence) from error
        for draft in found.drafts:
            self.stdout.write(f"{draft.path}: a draft waits to be proposed")
        for fault in found.faults:
            self.stderr.write(fault)
        if not found.drafts and not found.faults:
            self.stdout.write(f"Nothing new in {found.commit[:12]}.")
