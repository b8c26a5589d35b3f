"""Wake jobs that nobody took and enqueue periodic work that is due; runs for ever with ``--every``."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import OperationalError, connection

from apps.jobs import periodic
from apps.jobs.services import sweep


class Command(BaseCommand):
    help = "Send again what no worker claimed or a dead worker left behind, and enqueue periodic work that is due."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--every", type=float, default=0, help="seconds between sweeps; 0 sweeps once")

    def handle(self, *args: Any, **options: Any) -> None:
        every = options["every"]
        swept_at = float("-inf")
        while True:
            try:
                due = periodic.enqueue_due()
                # Every few seconds for ever, it is no news; a job's own page says when it ran.
                if not every:
                    self.stdout.writelines(f"enqueued {kind}\n" for kind in due)
                if time.monotonic() - swept_at >= every:
                    swept_at = time.monotonic()
                    woken = sweep()
                    if woken:
                        self.stdout.write(f"woke {woken} job(s)")
            except OperationalError as error:
                if not every:
                    raise
                self.stderr.write(f"the database does not answer: {error}")
                connection.close()
            if not every:
                return
            time.sleep(periodic.pause(every))
