"""The OpenID Connect provider of the settings; allauth finds ``provider_classes`` here."""

import secrets
from typing import Any

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import HttpRequest, HttpResponse

from apps.core.canonical import digest_bytes
from apps.identity import oidc

NONCE_IN_SESSION = "oidc_nonce"
_LONGEST_UID = 191


class TokenAdapter(OpenIDConnectOAuth2Adapter):
    """Verifies the ID token's signature and nonce in every case."""

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> Any:
        raw = kwargs["response"].get("id_token")
        if not raw:
            raise oidc.ProviderRefused("The provider sent no ID token.")
        config = self.openid_config
        issuer = app.settings["issuer"]
        if config.get("issuer", "").rstrip("/") != issuer:
            raise oidc.ProviderRefused("The provider's document names another issuer.")
        keys = self._fetch(config["jwks_uri"])
        claims = oidc.decode(
            raw,
            keys=keys,
            issuer=config["issuer"],
            client_id=app.client_id,
            nonce=request.session.pop(NONCE_IN_SESSION, ""),
        )
        return self.get_provider().sociallogin_from_response(request, {"id_token": claims})

    def _fetch(self, url: str) -> dict[str, Any]:
        with get_adapter().get_requests_session() as session:
            answer = session.get(url)
            answer.raise_for_status()
            return dict(answer.json())


class Provider(OpenIDConnectProvider):
    """Identity is (issuer, subject): an account moves to no other issuer that has the same subject."""

    oauth2_adapter_class = TokenAdapter
    pkce_enabled_default = True

    def get_auth_params_from_request(self, request: HttpRequest, action: str) -> dict[str, Any]:
        """Take nothing from the address of the request; allauth would add what it says."""
        return self.get_auth_params()

    def get_scope_from_request(self, request: HttpRequest) -> list[str]:
        return list(self.get_scope())

    def redirect(
        self, request: HttpRequest, process: str, next_url: str | None = None, data: Any = None, **kwargs: Any
    ) -> HttpResponse:
        nonce = secrets.token_urlsafe(24)
        request.session[NONCE_IN_SESSION] = nonce
        kwargs["auth_params"] = {**(kwargs.get("auth_params") or self.get_auth_params()), "nonce": nonce}
        answer: HttpResponse = super().redirect(request, process, next_url=next_url, data=data, **kwargs)
        return answer

    def extract_uid(self, data: dict[str, Any]) -> str:
        """Return issuer and subject as one name, hashed where it would be too long."""
        claims = data["id_token"]
        whole = f"{claims['iss']} {claims['sub']}"
        return whole if len(whole) <= _LONGEST_UID else digest_bytes(whole.encode())


provider_classes = [Provider]
