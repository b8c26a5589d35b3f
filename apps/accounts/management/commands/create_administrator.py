"""Make the first administrator."""

import secrets
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts.enums import SiteRole
from apps.accounts.models import User
from apps.accounts.services import create_person
from apps.core.errors import Invalid


class Command(BaseCommand):
    help = "Make the first administrator and print a one-time password. Works once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", required=True)
        parser.add_argument("--name", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        if User.objects.filter(site_role=SiteRole.ADMINISTRATOR).exists():
            raise CommandError("There is an administrator already. Ask them to add you.")
        password = secrets.token_urlsafe(15)
        try:
            create_person(
                options["email"],
                full_name=options["name"],
                by=None,
                site_role=SiteRole.ADMINISTRATOR,
                password=password,
            )
        except Invalid as error:
            raise CommandError(error.sentence) from error
        self.stdout.write(f"{options['email']} can sign in with this password, shown once: {password}")
