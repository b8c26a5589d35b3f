"""What every view of the protocol does around its own work."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from apps.mlflow.callers import left_of
from apps.mlflow.errors import refusal

P = ParamSpec("P")
_View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def speaks(view: _View[P]) -> _View[P]:
    """Answer errors in the protocol's form, and say what is left of the caller's budget.

    Only a token signs in here, never a session, so that no other site's page can ask anything.
    """

    @wraps(view)
    def answered(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            response = view(request, *args, **kwargs)
        except Exception as error:
            response = refusal(request, error)
        left = left_of(request)
        if left is not None:
            for name, value in left.headers().items():
                response[name] = value
        return response

    return csrf_exempt(answered)
