"""A pipeline's view of mlgov: HTTP with a token, nothing else."""

import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx


class Api:
    """Calls the REST interface; an answer over 399 ends the demonstration with its problem document."""

    def __init__(self, base_url: str, token: str) -> None:
        self._http = httpx.Client(
            base_url=f"{base_url}/api/v1",
            headers={"Authorization": f"Bearer {token}"},
            timeout=120,
            trust_env=False,
        )

    def get(self, path: str, **params: str) -> dict[str, Any]:
        """Read."""
        return self._answer(self._http.get(path, params=params))

    def post(self, path: str, body: dict[str, Any] | None = None, **files: Any) -> dict[str, Any]:
        """Create, once, whatever the network does: every POST carries an Idempotency-Key."""
        headers = {"Idempotency-Key": str(uuid4())}
        if files:
            return self._answer(self._http.post(path, data=body, files=files, headers=headers))
        return self._answer(self._http.post(path, json=body or {}, headers=headers))

    def patch(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Change what was read a moment ago: If-Match with its ETag."""
        etag = self._http.get(path).headers["ETag"]
        return self._answer(self._http.patch(path, json=body, headers={"If-Match": etag}))

    def put(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Replace."""
        return self._answer(self._http.put(path, json=body))

    def wait_for(self, path: str, *, seconds: int = 120) -> dict[str, Any]:
        """Ask until an evaluation is complete or failed, as a pipeline does after 202."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            found = self.get(path)
            if found["state"] in {"complete", "succeeded"}:
                return found
            if found["state"] in {"failed", "quarantined", "cancelled"}:
                raise SystemExit(f"{path} ended as {found['state']}: {found['error']}")
            time.sleep(0.3)
        raise SystemExit(f"{path} did not finish within {seconds} seconds; is the worker running?")

    def wait_until(self, path: str, holds: Callable[[dict[str, Any]], bool], *, seconds: int = 120) -> None:
        """Ask for a list until it has a row for which ``holds``."""
        ends = time.monotonic() + seconds
        while not any(map(holds, self.get(path)["results"])):
            if time.monotonic() > ends:
                raise SystemExit(f"{path} lacks a row after {seconds} seconds; is the worker running?")
            time.sleep(0.3)

    @staticmethod
    def _answer(response: httpx.Response) -> dict[str, Any]:
        if response.status_code >= 400:
            raise SystemExit(f"{response.request.method} {response.request.url.path}: {response.text[:2000]}")
        return dict(response.json())
