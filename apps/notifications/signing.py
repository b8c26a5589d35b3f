"""Secrets and signatures of webhooks, as Standard Webhooks has them (standardwebhooks.com, "Webhook metadata")."""

import base64
import hashlib
import hmac
import secrets

from apps.core import sealing

PURPOSE = "webhook secret"
PREFIX = "whsec_"
SECRET_BYTES = 32


def new_secret() -> str:
    """Return a fresh secret, as it is shown once."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def sealed(secret: str) -> str:
    return sealing.seal(secret, purpose=PURPOSE)


def unsealed(text: str) -> str:
    return sealing.unseal(text, purpose=PURPOSE)


def signature(secret: str, *, message_id: str, timestamp: int, body: bytes) -> str:
    """Return ``v1,`` and the base64 HMAC-SHA256 of ``id.timestamp.body``; ``timestamp`` in seconds since 1970."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
