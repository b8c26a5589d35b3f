"""A sealer with a key and a heads file of its own."""

import pytest
from django.db import connection

from apps.audit import notes
from apps.audit.sealing import Sealer, seal_all


@pytest.fixture
def sealing(settings, tmp_path):
    """Settings that point at files of this test alone; returns the key."""
    settings.AUDIT_KEY_FILE = tmp_path / "audit" / "seal.key"
    settings.AUDIT_HEADS_FILE = tmp_path / "audit" / "heads.log"
    return notes.load_or_make(settings.AUDIT_KEY_FILE, "mlgov/test")


@pytest.fixture
def seal(sealing, settings):
    """Return a function that seals all committed events."""
    sealer = Sealer(sealing, settings.AUDIT_HEADS_FILE)

    def act() -> int:
        if not sealer.last_note:
            assert sealer.begin()
        try:
            return seal_all(sealer)
        finally:
            # The lock is the session's, and all tests share one: nobody should wait for this sealer later.
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock_all()")

    return act
