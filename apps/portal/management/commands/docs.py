"""Write the generated pages of docs/, or say which of them are stale."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.portal.assurance_page import UnkeptPromise
from apps.portal.generated import PAGES


class Command(BaseCommand):
    help = "Write the generated pages of docs/ from the code and the tests."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; fail when a page is stale")

    def handle(self, *args: Any, **options: Any) -> None:
        stale = []
        for name, render in PAGES.items():
            path = settings.BASE_DIR / "docs" / name
            try:
                text = render()
            except UnkeptPromise as error:
                raise CommandError(str(error)) from error
            if not path.exists() or path.read_text() != text:
                stale.append(name)
                if not options["check"]:
                    path.write_text(text)
        if stale and options["check"]:
            raise CommandError(f"docs/{', docs/'.join(stale)}: stale. Write them anew with: make generated")
        self.stdout.write(f"written: {', '.join(stale)}" if stale else "docs/ is up to date")
