"""After an upgrade the files of what is in production are read again before those of all others."""

import io

import pytest

from apps.gates import services
from apps.jobs.models import Job
from apps.registry import services as registry
from tests.gates.conftest import bea, tiny  # noqa: F401 - fixtures
from tests.gates.light import sign, tiny_version
from tests.registry.test_contents import read_before_an_upgrade
from tests.registry.test_scanning import npz

pytestmark = pytest.mark.django_db


def test_what_is_in_production_is_read_again_first(tiny, dev, ben, bea, rita):  # noqa: F811
    used, newer = tiny_version(tiny, by=dev), tiny_version(tiny, by=dev)
    for one in (used, newer):
        registry.pin_artifact(one, path="model.npz", stream=io.BytesIO(npz()), by=dev)
        read_before_an_upgrade(one)
    promotion = services.request_promotion(used, to_stage="production", by=dev)
    for signer in (ben, bea, rita):
        sign(promotion, signer)
    used.refresh_from_db()
    assert used.stage == "production"
    assert registry.scan_again() == 2
    asked = Job.objects.filter(kind="registry.scan", state="queued", started_by=None).order_by("id")
    assert [one.args["version"] for one in asked] == [str(used.pk), str(newer.pk)]
