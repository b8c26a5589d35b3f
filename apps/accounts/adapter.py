"""How allauth meets our accounts: nobody signs up by themselves, and sign-ins are audited."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest, HttpResponse

from apps.accounts.models import User
from apps.audit import services as audit


class AccountAdapter(DefaultAccountAdapter):
    """People are added by an administrator; the audit trail knows who came in and who tried."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        audit.record("accounts.signed_in", user, by=user)
        return super().post_login(request, user, **kwargs)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        super().authentication_failed(request, **credentials)
        user = User.objects.filter(email__iexact=str(credentials.get("email", ""))).first()
        if user is not None:
            audit.record("accounts.sign_in_failed", user, by=None)
