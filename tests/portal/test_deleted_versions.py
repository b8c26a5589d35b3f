"""A deleted version is nobody's newest, no choice, and in nobody's way."""

from types import SimpleNamespace

import pytest
from django.urls import reverse

from apps.core.errors import Refused
from apps.costs.queries import attribution_choices
from apps.gates import services as gates
from apps.gates.services import following
from apps.modelcards.document.known import _previous
from apps.portal.queries import project_view, version_view
from apps.registry import services as registry


@pytest.fixture
def versions(version, dev):
    """Three versions of which the middle one is deleted."""
    made = [version, *(registry.register_version(version.model, by=dev) for _ in range(2))]
    gates.delete_version(made[1], by=dev)
    return made


def test_pages_and_cards_pass_over_it(versions, dev, client):
    first, _, last = versions
    assert _previous(last) == first
    assert set(attribution_choices(first.model.project)["versions"]) == {first, last}
    gates.delete_version(last, by=dev)
    assert version_view(first, dev).newest["number"] == 1
    (row,) = project_view(first.model.project, dev).models
    assert [one for _, held in row.strip for one in held] == [first]
    client.force_login(dev)
    assert client.get(reverse("portal:version", args=[first.pk])).status_code == 200


def test_where_all_are_deleted_none_is_the_newest(versions, dev, client):
    first, _, last = versions
    for one in (first, last):
        gates.delete_version(one, by=dev)
    first.refresh_from_db()
    assert version_view(first, dev).newest is None
    client.force_login(dev)
    answer = client.get(reverse("portal:version", args=[first.pk]))
    assert (answer.status_code, b"newest version" in answer.content) == (200, False)


def test_its_own_page_says_so_first_and_others_mark_it(version, run, dev, client):
    made = registry.register_version(version.model, by=dev, run=run)
    gates.delete_version(made, by=dev)
    client.force_login(dev)
    own = client.get(reverse("portal:version", args=[made.pk])).content.decode()
    assert own.count("<h2>Deleted</h2>") == 1
    assert "Open v1, the newest" in own
    assert "Gate to staging" not in own
    for place, pk in (("registry:model", version.model_id), ("experiments:run", run.pk)):
        shown = client.get(reverse(place, args=[pk])).content.decode()
        assert shown.count("Deleted</span>") == 1
    assert "Gate to staging" in client.get(reverse("portal:version", args=[version.pk])).content.decode()


def test_no_policy_must_know_its_stage(versions, dev, monkeypatch):
    project = versions[0].model.project
    monkeypatch.setattr(following, "pack_of", lambda to: SimpleNamespace(stages=()))
    with pytest.raises(Refused, match="has no stage development"):
        following._demand_stages(project, project.policy_revision)
    for one in versions[::2]:
        gates.delete_version(one, by=dev)
    following._demand_stages(project, project.policy_revision)
