"""The request of somebody who is signed in, for views behind ``login_required``."""

from django.http import HttpRequest

from apps.accounts.models import User


class SignedInRequest(HttpRequest):
    """A request whose user is a ``User``; it exists for the type checker alone."""

    user: User
    #: How much waits for the user, where the page has counted it already.
    inbox_count: int
