"""``manage.py audit seal|verify|key``: run the sealer, recompute the log, show the verifier key."""

import json
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection

from apps.audit import notes
from apps.audit.sealing import CannotSeal, Sealer, run_for_ever, seal_all
from apps.audit.verifying import Report, verify


class Command(BaseCommand):
    help = "Seal the audit log, verify it, or show the key that its heads are verified with."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["seal", "verify", "key"])
        parser.add_argument(
            "--every", type=float, default=0, help="seal: seconds between passes; 0 seals once"
        )
        parser.add_argument("--json", action="store_true", help="verify: the report as JSON")
        parser.add_argument("--heads", type=Path, help="verify: another copy of the exported heads")
        parser.add_argument("--key", help="verify: the verifier key name+hash+base64, kept elsewhere")
        parser.add_argument("--workers", type=int, default=2, help="verify: connections that hash at once")

    def handle(self, *args: Any, **options: Any) -> None:
        getattr(self, f"_{options['what']}")(options)

    def _key(self, options: dict[str, Any]) -> None:
        self.stdout.write(str(notes.load_or_make(settings.AUDIT_KEY_FILE, settings.AUDIT_ORIGIN).verifier))

    def _seal(self, options: dict[str, Any]) -> None:
        key = notes.load_or_make(settings.AUDIT_KEY_FILE, settings.AUDIT_ORIGIN)
        sealer = Sealer(key, settings.AUDIT_HEADS_FILE)
        try:
            while options["every"]:
                self._until_it_breaks(sealer, options["every"])
            if not sealer.begin():
                raise CommandError("Another sealer is at work on this database; it seals every few seconds.")
            self.stdout.write(f"sealed {seal_all(sealer)} record(s)")
        except CannotSeal as reason:
            raise CommandError(str(reason)) from reason

    def _until_it_breaks(self, sealer: Sealer, every: float) -> None:
        try:
            run_for_ever(sealer, every=every)
        except DatabaseError as error:
            self.stderr.write(f"the database does not answer: {error}")
            connection.close()
            time.sleep(every)

    def _verify(self, options: dict[str, Any]) -> None:
        key = notes.VerifierKey.parse(options["key"]) if options["key"] else None
        report = verify(
            key=key or notes.verifier_of(settings.AUDIT_KEY_FILE),
            heads_file=options["heads"] or settings.AUDIT_HEADS_FILE,
            workers=options["workers"],
        )
        self.stdout.write(json.dumps(report.to_json(), indent=1) if options["json"] else in_words(report))
        if not report.ok:
            raise CommandError(f"The audit log does not verify: {len(report.findings)} finding(s).")


def in_words(report: Report) -> str:
    """Return the report for a terminal."""
    lines = [
        f"{report.events:,} records, {report.sealed:,} sealed, {report.heads:,} heads; {report.seconds:.1f} s.",
        *(f"- {finding.sentence}\n  {finding.remedy}" for finding in report.findings),
        *(f"Note: {note}" for note in report.notes),
    ]
    return "\n".join([*lines, "The log verifies." if report.ok else ""])
