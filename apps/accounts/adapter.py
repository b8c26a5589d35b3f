"""How allauth meets our accounts: nobody signs up by themselves, sign-ins are audited, secrets are encrypted."""

import base64
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.hashers import check_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from apps.accounts import services
from apps.accounts.models import User
from apps.accounts.services import throttling
from apps.audit import services as audit

#: What allauth writes to a person about, and the event of it.
_EVENTS = {
    "mfa/email/totp_activated": "accounts.code_app_added",
    "mfa/email/totp_deactivated": "accounts.code_app_removed",
    "mfa/email/webauthn_added": "accounts.passkey_added",
    "mfa/email/webauthn_removed": "accounts.passkey_removed",
    "mfa/email/recovery_codes_generated": "accounts.recovery_codes_made",
}


class AccountAdapter(DefaultAccountAdapter):
    """People are added by an administrator; the audit trail knows who came in and who tried."""

    _attempt: throttling.Attempt | None = None

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the attempt in place of allauth's own limit, which lets strangers lock a person out."""
        self._attempt = throttling.begin(
            address=str(credentials.get("email", "")),
            place=self.get_client_ip(request),
            cookie=request.COOKIES.get(throttling.DEVICE_COOKIE, ""),
        )
        if self._attempt is None:
            raise self.validation_error("too_many_login_attempts")

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        user = super().authenticate(request, **credentials)
        if user is not None and self._attempt is not None:
            self._attempt.forget()
        return user

    def _rollback_login_failed_rl_usage(self) -> None:
        """Nothing was consumed: see pre_authenticate."""

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        ends = user.temporary_password_until
        if ends is not None and ends < timezone.now():
            audit.record("accounts.sign_in_failed", user, by=None)
            self.add_message(
                request,
                messages.ERROR,
                message="This temporary password has run out. Ask an administrator for a new one.",
            )
            return redirect("account_login")
        return super().pre_login(request, user, **kwargs)

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        audit.record("accounts.signed_in", user, by=user)
        response = super().post_login(request, user, **kwargs)
        response.set_cookie(
            throttling.DEVICE_COOKIE,
            throttling.device_cookie_for(user),
            max_age=throttling.DEVICE_COOKIE_AGE,
            httponly=True,
            secure=settings.SECURE,
            samesite="Lax",
        )
        return response

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        super().authentication_failed(request, **credentials)
        user = User.objects.filter(email__iexact=str(credentials.get("email", ""))).first()
        if user is not None:
            audit.record("accounts.sign_in_failed", user, by=None)

    def reauthenticate(self, user: User, password: str) -> bool:
        """Check the password of who is signed in; allauth's own looks for an address in a table we do not use."""
        return check_password(password, user.password)

    def set_password(self, user: User, password: str) -> None:
        """Take the password that a person chose on allauth's page."""
        services.choose_password(user, password=password)

    def clean_password(self, password: str, user: User | None = None) -> str:
        if user is not None and user.temporary_password_until and user.check_password(password):
            raise ValidationError(
                "This is the password that was given to you, and somebody else knows it. Choose another."
            )
        return super().clean_password(password, user=user)

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Tell the person and the audit trail; a mail server that is down must not undo what was done."""
        kind = _EVENTS.get(template_prefix)
        if kind is not None:
            audit.record(kind, user, by=user)
        try:
            super().send_notification_mail(template_prefix, user, context, email or user.email)
        except OSError:
            audit.record("accounts.notice_failed", user, by=None)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return str(settings.LOGIN_REDIRECT_URL)


class SecondFactorAdapter(DefaultMFAAdapter):
    """Secrets of authenticator apps and recovery codes are encrypted with a key that is not in the database."""

    def encrypt(self, text: str) -> str:
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _cipher().decrypt(encrypted_text.encode()).decode()

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return super().get_public_key_credential_rp_entity() | {"name": "mlgov"}


def _cipher() -> MultiFernet:
    """Return the cipher of Django's secret key; earlier keys (SECRET_KEY_FALLBACKS) still decrypt."""
    return MultiFernet([_fernet(str(key)) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _fernet(key: str) -> Fernet:
    derived = HKDF(SHA256(), length=32, salt=None, info=b"mlgov second factors").derive(key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
