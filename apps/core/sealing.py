"""Keep secrets that must be used again: encrypted with a key derived from Django's secret, one per purpose."""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from apps.core.errors import MlgovError


class CannotUnseal(MlgovError):
    """The key with which this was sealed is not there any more."""

    status = 500


def _keys(purpose: str) -> MultiFernet:
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derive(secret, purpose)) for secret in secrets])


def _derive(secret: str, purpose: str) -> bytes:
    kdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=f"mlgov {purpose}".encode())
    return base64.urlsafe_b64encode(kdf.derive(secret.encode()))


def seal(text: str, *, purpose: str) -> str:
    """Return ``text`` encrypted and authenticated (Fernet); ``purpose`` parts the keys of different uses."""
    return _keys(purpose).encrypt(text.encode()).decode()


def unseal(sealed: str, *, purpose: str) -> str:
    """Return what was sealed; raises CannotUnseal when MLGOV_SECRET_KEY is not the one it was sealed with."""
    try:
        return _keys(purpose).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise CannotUnseal(
            "A stored secret cannot be read, because MLGOV_SECRET_KEY is another one than when it was stored. "
            "Set the old key in MLGOV_SECRET_KEY_FALLBACKS, or renew the secret.",
            code="cannot_unseal",
        ) from None
