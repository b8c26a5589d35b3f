"""The platform inventory (M8.3)."""

import pytest
from django.urls import reverse

from apps.policies.loading import vocabulary
from apps.policies.pack import PackInvalid, parse_pack
from apps.projects import services
from apps.projects.evidence import facts
from apps.projects.inventory import inventory_of
from tests.gates import light

pytestmark = pytest.mark.method("M8.3")


def test_what_is_missing_stands_first_and_the_brief_says_what_is_needed(client, project, version, dev):
    assert "vector_store" in facts(version, {})["platform"]["missing"]
    services.change_brief(project, by=dev, task="classification", latency="batch")
    found = inventory_of(project)
    assert {one.component.key for one in found.parts if not one.asked} == {
        *("feature_store", "vector_store", "gpu_management")
    }
    for key in ("experiment_tracking", "registry", "orchestration", "serving", "monitoring"):
        assert facts(version, {})["platform"]["complete"] is False
        services.note_component(project, component=key, state="in_place", tool="Ours", owner=dev, by=dev)
    assert facts(version, {})["platform"] == {"complete": True, "missing": []}
    services.note_component(project, component="serving", state="planned", by=dev)
    assert inventory_of(project).parts[0].component.key == "serving"
    client.force_login(dev)
    content = client.get(reverse("projects:platform", args=[project.slug])).content.decode()
    assert "1 part of the platform is missing" in content
    assert "owned by Dev" in content


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"state": "in_place", "owner": "dev"}, "tool_missing"),
        ({"state": "in_place", "tool": "KServe"}, "owner_missing"),
        ({"state": "not_needed"}, "reason_missing"),
        ({"state": "planned", "owner": "cleo"}, "not_a_member"),
        ({"state": "planned", "link": "ftp://example.org"}, "bad_link"),
        ({"state": "broken"}, "invalid"),
    ],
)
def test_an_entry_that_says_too_little_is_refused(pipeline, project, dev, cleo, body, code):
    people = {"dev": str(dev.pk), "cleo": str(cleo.pk)}
    sent = body | ({"owner": people[body["owner"]]} if "owner" in body else {})
    answer = pipeline.put(f"/api/v1/projects/{project.pk}/platform/serving", sent, format="json")
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert not project.platform_entries.exists()


def test_the_interface_keeps_an_entry_and_knows_no_other_component(
    pipeline, client, project, dev, vera, cleo
):
    path = f"/api/v1/projects/{project.pk}/platform"
    sent = {"state": "in_place", "tool": "KServe", "owner": str(dev.pk), "link": "https://serve.example.org"}
    assert pipeline.put(f"{path}/serving", sent, format="json").status_code == 200
    assert pipeline.get(f"{path}/serving").json()["entry"]["owner"]["name"] == "Dev"
    assert "serving" not in pipeline.get(path).json()["missing"]
    unknown = pipeline.put(f"{path}/servin", sent, format="json")
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown_component")
    page = reverse("projects:component", args=[project.slug, "serving"])
    client.force_login(dev)
    assert client.post(page, {"state": "in_place", "tool": ""}).status_code == 422
    assert client.get(page.replace("serving", "nothing")).status_code == 404
    client.force_login(vera)
    assert client.post(page, {"state": "planned"}).status_code == 403
    client.force_login(cleo)
    assert client.get(page).status_code == 404


def test_a_policy_asks_the_inventory_for_facts_of_the_project_alone():
    text = light.pack() + (
        "platform:\n  components:\n"
        "    - {key: a, title: A, needed: N, hint: H, when: evaluation.exists}\n"
        "    - {key: a, title: A, needed: N, hint: H}\n"
    )
    with pytest.raises(PackInvalid) as error:
        parse_pack(text, vocabulary())
    assert "judged without a version" in str(error.value)
    assert "used twice" in str(error.value)
