"""Promote and roll back at the same moment: one order or the other, and never two versions in production."""

import threading

import pytest
from django.db import connection

from apps.core.errors import MlgovError
from apps.gates import services
from apps.gates.models import Postmortem, Rollback
from apps.registry.models import Version
from tests.gates import tiny

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]
ROUNDS = 100


def at_once(*acts):
    """Run each in a thread and connection of its own, begun together; returns what was refused."""
    barrier, refusals = threading.Barrier(len(acts)), []

    def run(act):
        barrier.wait()
        try:
            act()
        except MlgovError as error:
            refusals.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return refusals


@pytest.mark.promise("races")
def test_promote_and_roll_back_at_once(small_model, small, dev, ben, ada):
    """Whichever comes first, one version is in production, and each rollback has its postmortem."""
    for _ in range(2):
        tiny.to_production(tiny.tiny_version(small_model, dev), by=dev, reviewer=ben)
    orders = set()
    for _ in range(ROUNDS):
        live = Version.objects.get(model=small_model, stage="production")
        newer = tiny.tiny_version(small_model, dev)
        promotion = services.request_promotion(newer, to_stage="production", by=dev)
        refusals = at_once(
            lambda promotion=promotion: tiny.sign(promotion, by=ben),
            lambda live=live: services.roll_back(live, by=ada, reason="It is worse than before."),
        )
        newer.refresh_from_db()
        assert newer.stage == "production" or refusals
        assert Version.objects.filter(model=small_model, stage="production").count() == 1
        assert Rollback.objects.count() == Postmortem.objects.count()
        orders.add(len(refusals))
        for version in small_model.versions.exclude(transitions=None):
            assert version.transitions.latest("sequence").to_stage == version.stage
    assert orders <= {0, 1}
