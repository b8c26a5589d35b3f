"""The form of an API token: ``mlgov_`` + 27 random characters (160 bits) + 6 of checksum.

The checksum (CRC-32 of the secret part, as GitHub's tokens carry one) lets scanners and this server recognise a
mistyped or made-up token without asking the database.
"""

import re
import secrets
import string
import zlib

from apps.core.canonical import digest_bytes

PREFIX = "mlgov_"
_ALPHABET = string.digits + string.ascii_letters
#: 62^27 is 2^160.8.
_RANDOM_CHARACTERS = 27
_CHECK_CHARACTERS = 6
_FORM = re.compile(rf"^{PREFIX}[0-9A-Za-z]{{{_RANDOM_CHARACTERS + _CHECK_CHARACTERS}}}$")


def make() -> str:
    """Return a fresh secret."""
    body = "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM_CHARACTERS))
    return PREFIX + body + _checksum(body)


def well_formed(secret: str) -> bool:
    """Tell whether ``secret`` has the form and the checksum of a token."""
    if not _FORM.match(secret):
        return False
    body = secret[len(PREFIX) :]
    return _checksum(body[:_RANDOM_CHARACTERS]) == body[_RANDOM_CHARACTERS:]


def fingerprint(secret: str) -> str:
    """Return what is stored of a token."""
    return digest_bytes(secret.encode())


def hint_of(secret: str) -> str:
    """Return the first characters, by which a person recognises a token in a list."""
    return secret[: len(PREFIX) + 4]


def _checksum(body: str) -> str:
    number = zlib.crc32(body.encode())
    digits = ""
    for _ in range(_CHECK_CHARACTERS):
        number, rest = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[rest] + digits
    return digits
