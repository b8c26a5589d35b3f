"""A client that speaks the protocol as MLflow's does, without MLflow."""

import base64
import json
from dataclasses import dataclass, field

import pytest
from django.test import Client

from apps.accounts import services as accounts
from apps.accounts.enums import Scope
from apps.projects import services as projects
from apps.projects.enums import Role


@dataclass
class Tracking:
    """Calls by their address; ``base`` is what MLFLOW_TRACKING_URI would be."""

    authorization: str
    base: str = "/mlflow"
    version: str = "api/2.0"
    client: Client = field(default_factory=lambda: Client(raise_request_exception=True))

    def raw(self, method, address, **more):
        path = f"{self.base}/{self.version}/mlflow/{address}"
        headers = {"Authorization": self.authorization} if self.authorization else {}
        return getattr(self.client, method)(path, headers=headers, **more)

    def send(self, address, body):
        text = body if isinstance(body, str | bytes) else json.dumps(body)
        return self.raw("post", address, data=text, content_type="application/json")

    def post(self, address, **body):
        answer = self.send(address, body)
        assert answer.status_code == 200, answer.content
        return answer.json()

    def get(self, address, **query):
        answer = self.raw("get", address, data=query)
        assert answer.status_code == 200, answer.content
        return answer.json()

    def refused(self, address, *, method="post", **body):
        """Return status, code and message of a call that must fail."""
        answer = self.send(address, body) if method == "post" else self.raw("get", address, data=body)
        assert answer.status_code >= 400, answer.content
        document = answer.json()
        assert set(document) == {"error_code", "message"}
        return answer.status_code, document["error_code"], document["message"]

    def run(self, **more):
        return self.post("runs/create", **{"experiment_id": "0", **more})["run"]["info"]["run_id"]

    def data(self, run_id):
        """Return the run with its lists of keys and values as mappings."""
        run = self.get("runs/get", run_id=run_id)["run"]
        return {name: {one["key"]: one["value"] for one in values} for name, values in run["data"].items()}


def bearer(secret):
    return Tracking(f"Bearer {secret}")


@pytest.fixture
def mlflow(ci):
    return bearer(ci.secret)


@pytest.fixture
def basic(ci):
    given = base64.b64encode(f"anybody:{ci.secret}".encode()).decode()
    return Tracking(f"Basic {given}")


@pytest.fixture
def other(ada, project):
    """A client of another project of the same installation."""
    apart = projects.create_project(slug="apart", name="Apart", by=ada)
    account = accounts.create_service_account("apart-ci", owner=ada, by=ada)
    projects.add_member(apart, user=account, role=Role.CONTRIBUTOR, by=ada)
    _, secret = accounts.issue_token(account, name="t", scopes=Scope.values, by=ada)
    return bearer(secret)
