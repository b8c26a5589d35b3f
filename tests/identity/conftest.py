"""A project that trusts the pipeline of an issuer on loopback."""

import pytest

from apps.accounts import services as accounts
from apps.identity import services
from tests.identity.pipelines import CLAIMS, CiIssuer


@pytest.fixture
def ci_issuer(settings):
    made = CiIssuer()
    settings.OUTGOING_ALLOW = ["127.0.0.0/8"]
    settings.OUTGOING_PORTS = [80, 443, made.port]
    yield made
    made.close()


@pytest.fixture
def nightly(ada):
    return accounts.create_service_account("nightly", owner=ada, by=ada)


@pytest.fixture
def trust(project, ci_issuer, nightly, ada):
    return services.create_trust(
        project,
        name="train on main",
        kind="github",
        issuer=ci_issuer.url,
        claims=CLAIMS,
        account=nightly,
        scopes=["read", "evidence"],
        by=ada,
    )
