"""Who calls: a token of a pipeline, or a person signed in to the portal."""

from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from apps.accounts.models import Token, User
from apps.accounts.services import token_for


class TokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer mlgov_…``."""

    def authenticate(self, request: Request) -> tuple[User, Token] | None:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        token = token_for(secret.strip())
        if token is None:
            raise AuthenticationFailed(
                "This token is unknown, expired or revoked. Issue a new one on the page Tokens of the portal."
            )
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="mlgov"'


class PortalSessionAuthentication(SessionAuthentication):
    """A person's session, with CSRF protection on everything that changes."""

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="mlgov"'
