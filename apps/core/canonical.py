"""Canonical JSON (RFC 8785) and its SHA-256: what signatures and snapshots are bound to."""

import base64
import hashlib
from typing import Any

import rfc8785


def canonical_json(value: Any) -> bytes:
    """Return the one byte form of ``value``; raises ValueError for NaN, infinities and integers over 2^53."""
    return rfc8785.dumps(value)


def digest(value: Any) -> str:
    """Return the SHA-256 of the canonical JSON of ``value`` as 64 lower-case hexadecimal digits."""
    return digest_bytes(canonical_json(value))


def digest_bytes(content: bytes) -> str:
    """Return the SHA-256 of ``content`` as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def digest_field(sha256: str) -> str:
    """Return what Repr-Digest and Content-Digest (RFC 9530) say of a SHA-256 in hexadecimal."""
    return f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode()}:"
