"""Retire a model, take it back; and what production rests on stays."""

import io

import pytest
from django.urls import reverse

from apps.core.errors import Forbidden, Invalid, Refused
from apps.core.models import Blob
from apps.experiments import services as experiments
from apps.experiments.models import Artifact
from apps.gates import services
from apps.registry import services as registry
from apps.registry.models import Version
from tests.gates import tiny
from tests.gates.test_database import refused

WHY = "Replaced by the new scoring service."


def test_a_retired_model_gets_no_versions_and_no_promotions_until_it_is_back(passing, small_model, ada, dev):
    retired = registry.retire_model(small_model, by=ada, reason=WHY)
    with pytest.raises(Refused, match="was retired"):
        registry.register_version(small_model, by=dev)
    passing.refresh_from_db()
    for act in (
        lambda: services.request_promotion(Version.objects.get(pk=passing.pk), to_stage="production", by=dev),
        lambda: registry.retire_model(retired, by=ada, reason=WHY),
    ):
        with pytest.raises(Refused, match="was retired"):
            act()
    registry.reinstate_model(retired, by=ada, reason="The new service is not ready.")
    assert registry.register_version(small_model, by=dev).number == 2


@pytest.mark.parametrize("who", ["dev", "ben", "vera"])
def test_only_an_owner_retires_with_a_reason(small_model, cast, who, ada):
    with pytest.raises(Forbidden):
        registry.retire_model(small_model, by=cast[who], reason=WHY)
    with pytest.raises(Invalid, match="Say why"):
        registry.retire_model(small_model, by=ada, reason="old")


@pytest.mark.promise("retirement")
def test_what_is_in_production_is_not_retired_archived_or_emptied(small, small_model, dev, ben, ada):
    experiment = experiments.create_experiment(small, name="e", by=dev)
    run = experiments.start_run(experiment, name="r", by=dev)
    experiments.log_artifact(run, path="model.bin", stream=io.BytesIO(b"weights"), by=dev)
    version = registry.register_version(small_model, by=dev, run=run, artifact_stream=io.BytesIO(b"weights"))
    for name in ("test", "load"):
        registry.report_check(version, name=name, status="passed", by=dev)
    tiny.to_production(version, by=dev, reviewer=ben)
    with pytest.raises(Refused, match="Suspend it first"):
        registry.retire_model(small_model, by=ada, reason=WHY)
    with pytest.raises(Invalid, match="no way from production to archived"):
        services.request_promotion(version, to_stage="archived", by=dev)
    artifact = Artifact.objects.get(run=run)
    assert refused(lambda: Artifact.objects.filter(pk=artifact.pk)._raw_delete("default"))
    assert refused(lambda: Blob.objects.filter(pk=version.artifacts.get().blob_id)._raw_delete("default"))
    assert refused(lambda: Version.objects.filter(pk=version.pk)._raw_delete("default"))


def test_the_database_knows_a_retired_model(passing, small_model, ada, dev):
    registry.retire_model(small_model, by=ada, reason=WHY)
    made = {"model": small_model, "number": 9, "stage": "development", "created_by": dev}
    assert refused(lambda: Version.objects.create(**made)) == "registry_version_model_lives"
    act = Version.objects.filter(pk=passing.pk).update
    assert refused(lambda: act(stage="staging", lock_version=2)) == "registry_version_model_lives"


def test_the_page_and_the_interface(client, small_model, ada, vera, cleo):
    path = reverse("registry:retirement", args=[small_model.pk])
    page = reverse("registry:model", args=[small_model.pk])
    client.force_login(cleo)
    assert client.post(path, {"reason": WHY}).status_code == 404
    client.force_login(vera)
    assert "disabled" in client.get(page).content.decode()
    client.post(path, {"reason": WHY})
    client.force_login(ada)
    assert client.post(path, {"reason": WHY}, follow=True).status_code == 200
    assert "Retired" in client.get(page).content.decode()

    from apps.accounts import services as accounts
    from tests.api.conftest import client_with

    api = client_with(accounts.issue_token(ada, name="t", scopes=["promote"], by=ada)[1])
    address = f"/api/v1/models/{small_model.pk}/retirement"
    assert api.post(address, {"reason": WHY}, format="json").status_code == 409
    back = api.delete(address, {"reason": "The new service is not ready."}, format="json")
    assert back.status_code == 200, back.json()
    assert back.json()["retired_at"] is None
    assert api.post(address, {"reason": "x"}, format="json").status_code == 422
