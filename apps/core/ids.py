"""Identifiers: UUIDv7 (RFC 9562), so that rows made later sort later and pages by id are pages by time."""

import uuid

from uuid_utils import compat


def new_id() -> uuid.UUID:
    """Return a fresh time-ordered identifier."""
    return compat.uuid7()
