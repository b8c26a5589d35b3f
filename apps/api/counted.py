"""Answers that say how many more requests there may be."""

from typing import Any

from rest_framework.request import Request
from rest_framework.views import APIView

from apps.core.budgets import Left


class Counted(APIView):
    """A view whose answers say what is left of the budget that the request was counted in."""

    left: Left | None = None

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        if self.left is not None:
            for name, value in self.left.headers().items():
                response[name] = value
        return super().finalize_response(request, response, *args, **kwargs)
