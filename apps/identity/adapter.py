"""How allauth's sign-in over a provider meets our accounts."""

from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import reverse

from apps.accounts.models import User
from apps.core.errors import MlgovError
from apps.identity import oidc, services
from apps.identity.services import Arrival

#: The secret of the invitation whose link this browser followed.
INVITATION_IN_SESSION = "invitation"


class ProviderAdapter(DefaultSocialAccountAdapter):
    """Links by (issuer, subject) alone; an address is never enough to enter an account that is there."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Find or make the account, and make its groups' roles what the provider says now."""
        arrival = _arrival(sociallogin.account.extra_data)
        if sociallogin.state.get("process") == "connect":
            return
        if not sociallogin.is_existing:
            secret = request.session.get(INVITATION_IN_SESSION, "")
            invitation = services.find_invitation(secret) if secret else None
            try:
                person = services.account_of(arrival, invitation=invitation)
            except MlgovError as refusal:
                messages.error(request, refusal.sentence)
                raise ImmediateHttpResponse(redirect("account_login")) from refusal
            sociallogin.connect(request, person)
            request.session.pop(INVITATION_IN_SESSION, None)
        if sociallogin.user.is_active:
            services.apply_groups(sociallogin.user, arrival.groups)
            sociallogin.user.refresh_from_db()

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: Any) -> str:
        return reverse("mfa_index")

    def send_notification_mail(
        self, template_prefix: str, user: User, context: Any = None, **kwargs: Any
    ) -> None:
        if template_prefix == "socialaccount/email/account_connected":
            services.note_link(user, _arrival(context["account"].extra_data), by=user)
        super().send_notification_mail(template_prefix, user, context, **kwargs)

    def on_authentication_error(self, request: HttpRequest, provider: Any, **kwargs: Any) -> None:
        """Say that it did not work; why, the log of the server knows."""
        messages.error(
            request,
            "The sign-in over your provider did not work. Try again; if it stays so, tell an administrator.",
        )
        raise ImmediateHttpResponse(redirect("account_login"))

    def get_requests_session(self) -> Any:
        """Return a session that calls the provider's hosts alone, follows nothing, and reads no proxy variables."""
        session = super().get_requests_session()
        session.trust_env = False
        send = session.request
        issuer = self.list_apps(self.request)[0].settings["issuer"]

        def guarded(method: str, url: str, **kwargs: Any) -> Any:
            oidc.demand_known_host(url, issuer=issuer)
            return send(method, url, **{**kwargs, "allow_redirects": False})

        session.request = guarded
        return session


def _arrival(data: dict[str, Any]) -> Arrival:
    claims = data["id_token"]
    groups = claims.get(settings.OIDC_GROUPS_CLAIM) or []
    if isinstance(groups, str):
        groups = [groups]
    return Arrival(
        issuer=str(claims["iss"]),
        subject=str(claims["sub"]),
        email=str(claims.get("email", "")),
        email_verified=claims.get("email_verified") is True,
        name=str(claims.get("name", ""))[:150],
        groups=tuple(str(one) for one in groups),
    )
