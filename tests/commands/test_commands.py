"""Quick commands (M13): found by name, with how far each is and what is next; some begin their work."""

import json

import pytest
from django.urls import reverse

from apps.commands.pages import OF_PROJECT, OF_VERSION
from apps.commands.queries import commands_of, hits_for
from apps.commands.services import STARTS
from apps.jobs.models import Job
from apps.policies.loading import standard_text
from apps.policies.pack import SCHEMAS, PackInvalid, parse_pack
from apps.projects import services as projects
from tests.cast import BRIEF

pytestmark = [pytest.mark.django_db, pytest.mark.method("M13")]
NAMES = (
    *("frame_problem", "assess_data", "select_model", "evaluate", "deploy", "build_rag", "set_up_monitoring"),
    *("optimise_costs", "score_system", "detect_drift", "ab_test", "create_card"),
)


def post(client, name, **body):
    return client.post(f"/api/v1/commands/{name}", body, content_type="application/json")


def test_the_policy_has_the_twelve_and_names_only_what_there_is():
    assert tuple(one.key for one in parse_pack(standard_text()).method.commands.every) == NAMES
    allowed = json.loads((SCHEMAS / "commands.json").read_text())["items"]["properties"]
    assert set(allowed["page"]["enum"]) == {*OF_PROJECT, *OF_VERSION}
    assert set(allowed["starts"]["enum"]) == set(STARTS)
    with pytest.raises(PackInvalid, match="'nowhere' is not one of"):
        parse_pack(standard_text().replace("page: brief", "page: nowhere"))


@pytest.mark.parametrize("name", NAMES)
def test_each_leads_to_a_page_that_is_there(client, version, dev, name):
    client.force_login(dev)
    answer = post(client, name.replace("_", "-"), project="mortgages")
    assert answer.status_code == 200, answer.content
    assert client.get(answer.json()["url"]).status_code == 200


def test_it_says_what_is_next_until_it_is_done(client, project, ada):
    client.force_login(ada)
    before = post(client, "frame_problem", project="mortgages").json()
    assert (before["done"], before["next"]) == (False, "Fill in what the brief lacks.")
    projects.change_brief(project, by=ada, **BRIEF)
    after = post(client, "frame_problem", project="mortgages").json()
    assert (after["done"], after["next"]) == (True, "")
    assert all(step["done"] for step in after["steps"])
    page = client.get(reverse("commands:command", args=["frame_problem"]), {"project": "mortgages"})
    assert "Done" in page.content.decode()


def test_one_that_can_begins_its_work(client, version, dev, ben):
    client.force_login(dev)
    job = post(client, "score_system", project="mortgages", start=True).json()["job"]
    assert Job.objects.get(pk=job).kind == "rubrics.suggest"
    assert post(client, "frame_problem", project="mortgages", start=True).json()["job"] is None
    refused = post(client, "evaluate", project="mortgages", start=True)
    assert (refused.status_code, refused.json()["code"]) == (409, "no_predictions")


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [
        ("frame_problem", {}, 422),
        ("dance", {"project": "mortgages"}, 404),
        ("frame_problem", {"project": "nowhere"}, 404),
        ("frame_problem", {"version": "00000000-0000-4000-8000-000000000000"}, 404),
    ],
)
def test_what_is_not_there(client, project, dev, name, body, status):
    client.force_login(dev)
    assert post(client, name, **body).status_code == status


def test_the_palette_finds_commands_things_and_people_that_i_may_see(version, dev, cleo, olga):
    def found(user, words):
        return {(one.kind, one.title) for one in hits_for(user, words)}

    assert found(dev, "budg") >= {("Command", "Optimise costs")}
    assert ("Project", "Mortgages") in found(dev, "mort")
    assert {("Model", "Approval"), ("Version", "Approval v1")} <= found(dev, "approval")
    assert ("Person", "Rita") in found(dev, "rita")
    assert ("Person", "Rita") in found(olga, "rita")
    assert found(cleo, "rita") == found(cleo, "mort") == set()
    assert len(hits_for(cleo, "")) == len(commands_of(None))
    assert hits_for(cleo, "m") == []


def test_the_palette_works_as_a_page_and_as_a_fragment(client, project, dev):
    client.force_login(dev)
    path = reverse("commands:search")
    whole = client.get(path, {"q": "frame", "project": "mortgages"}).content.decode()
    part = client.get(path, {"q": "frame"}, headers={"HX-Request": "true"}).content.decode()
    assert "<html" in whole
    assert "<html" not in part
    assert f"{reverse('commands:command', args=['frame_problem'])}?project=mortgages" in whole
    assert "Nothing that you may see is called" in client.get(path, {"q": "zzzz"}).content.decode()
    chosen = client.get(reverse("commands:command", args=["frame_problem"])).content.decode()
    assert "For which project?" in chosen
    assert "Mortgages" in chosen


def test_a_version_of_another_project_is_no_version_of_this_one(client, version, ada):
    projects.create_project(slug="other", name="Other", by=ada)
    client.force_login(ada)
    answer = post(client, "evaluate", project="other", version=str(version.pk))
    assert (answer.status_code, answer.json()["code"]) == (422, "other_project")


@pytest.mark.parametrize(
    "address", ["/search/?q=ab%00cd&project=%00", "/commands/evaluate/?project=%00", "/guides/?policy=%00"]
)
def test_a_nul_in_an_address_is_left_out(client, project, dev, address):
    client.force_login(dev)
    assert client.get(address).status_code == 200
