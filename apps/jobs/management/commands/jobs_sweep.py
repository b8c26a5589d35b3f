"""Wake jobs that nobody took; runs for ever with ``--every``."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import OperationalError, connection

from apps.jobs.services import sweep


class Command(BaseCommand):
    help = "Send again what no worker claimed, and what a dead worker left behind."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--every", type=float, default=0, help="seconds between sweeps; 0 sweeps once")

    def handle(self, *args: Any, **options: Any) -> None:
        while True:
            try:
                woken = sweep()
                if woken:
                    self.stdout.write(f"woke {woken} job(s)")
            except OperationalError as error:
                if not options["every"]:
                    raise
                self.stderr.write(f"the database does not answer: {error}")
                connection.close()
            if not options["every"]:
                return
            time.sleep(options["every"])
