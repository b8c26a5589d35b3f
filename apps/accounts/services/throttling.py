"""Slow guessing of passwords without locking the rightful person out (OWASP, "Slow Down Online Guessing Attacks
with Device Cookies").

A browser that signed in as a person before carries a device cookie and is counted by itself: nobody elsewhere can
use up its attempts. Everybody else is counted by address and place, by place, by address, and over the site.
Attempts are rows, not entries of a cache that may forget; a row is written before the password is looked at, so
that attempts at the same moment see each other.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.core import signing
from django.db.models import Count, Q
from django.utils import timezone

from apps.accounts.models import SignInAttempt, User
from apps.core.canonical import digest_bytes
from apps.core.db import service

DEVICE_COOKIE = "mlgov_device"
DEVICE_COOKIE_AGE = timedelta(days=365)
_SALT = "mlgov.accounts.device"

WINDOW = timedelta(minutes=5)
LONG_WINDOW = timedelta(hours=1)
PER_DEVICE = 10
PER_ADDRESS_AND_PLACE = 5
PER_PLACE = 30
PER_ADDRESS_AND_HOUR = 50
#: More failures than this over the whole site within WINDOW is an attack: strangers then get fewer attempts.
SITE_UNDER_ATTACK = 300
PER_ADDRESS_AND_PLACE_UNDER_ATTACK = 2
KEPT = timedelta(days=1)


@dataclass(frozen=True)
class Attempt:
    """An attempt that was let through; ``forget`` it when the password was right."""

    row: SignInAttempt

    def forget(self) -> None:
        SignInAttempt.objects.filter(pk=self.row.pk).delete()


def device_cookie_for(user: User) -> str:
    """Return a fresh value of the device cookie; it says who signed in here, and proves nothing else."""
    return signing.dumps({"user": str(user.pk), "device": secrets.token_hex(8)}, salt=_SALT)


def device_of(cookie: str, address: str) -> str:
    """Return the device's name when the cookie is ours and of the person with this address, else nothing."""
    try:
        held = signing.loads(cookie, salt=_SALT, max_age=DEVICE_COOKIE_AGE)
    except signing.BadSignature:
        return ""
    known = User.objects.filter(pk=held["user"], email__iexact=address.strip()).exists()
    return str(held["device"]) if known else ""


@service
def begin(*, address: str, place: str, cookie: str = "") -> Attempt | None:
    """Note an attempt to sign in as ``address`` from ``place`` (an IP address); None when it is one too many."""
    now = timezone.now()
    SignInAttempt.objects.filter(at__lt=now - KEPT).delete()
    hidden = digest_bytes(address.strip().lower().encode())
    device = device_of(cookie, address) if cookie else ""
    row = SignInAttempt.objects.create(address_digest=hidden, place=place, device=device)
    recent = Q(at__gt=now - WINDOW)
    if device:
        allowed = SignInAttempt.objects.filter(recent, device=device).count() <= PER_DEVICE
        return Attempt(row) if allowed else None
    strangers = SignInAttempt.objects.filter(device="")
    counted = strangers.filter(at__gt=now - LONG_WINDOW).aggregate(
        pair=Count("pk", filter=recent & Q(address_digest=hidden, place=place)),
        place=Count("pk", filter=recent & Q(place=place)),
        address=Count("pk", filter=Q(address_digest=hidden)),
        site=Count("pk", filter=recent),
    )
    attacked = counted["site"] > SITE_UNDER_ATTACK
    pair = PER_ADDRESS_AND_PLACE_UNDER_ATTACK if attacked else PER_ADDRESS_AND_PLACE
    within = (
        counted["pair"] <= pair
        and counted["place"] <= PER_PLACE
        and counted["address"] <= PER_ADDRESS_AND_HOUR
    )
    return Attempt(row) if within else None
