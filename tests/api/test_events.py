"""Keeping in step with the records: nothing is skipped, nothing comes twice, and nobody reads what they may not see."""

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.api import waiting
from apps.audit.models import Event, Leaf
from apps.projects import services as projects
from apps.projects.enums import Role
from tests.audit.conftest import seal, sealing
from tests.plugin import CLUSTER

__all__ = ["seal", "sealing"]

FEED = "/api/v1/events"


def ask(client, after="", **more):
    answer = client.get(FEED, {"after": after, **more})
    assert answer.status_code == 200, answer.json()
    return answer.json()


def walk(client, after="", **more):
    """Return the ids of all that is there after a cursor, and the cursor to keep."""
    page = ask(client, after, **more)
    ids = [one["id"] for one in page["results"]]
    while page["next"]:
        page = client.get(page["next"]).json()
        ids += [one["id"] for one in page["results"]]
    return ids, page["cursor"]


def rename(project, ada, name):
    projects.change_project(project, by=ada, name=name)
    return Event.objects.latest("id").pk


def test_all_come_once_in_order_page_by_page_and_the_cursor_is_kept(pipeline, project, ada, seal):
    assert ask(pipeline) == {"next": None, "previous": None, "results": [], "cursor": ""}
    seal()
    mine = list(Event.objects.filter(project_id=project.pk).order_by("id").values_list("pk", flat=True))
    ids, cursor = walk(pipeline, page_size=2)
    assert ids == mine
    assert len(ids) > 2
    # Nothing new is no step: the cursor stays, also while others' records are sealed.
    projects.create_project(slug="other", name="Other", by=ada)
    seal()
    assert ask(pipeline, cursor) == {"next": None, "previous": None, "results": [], "cursor": cursor}
    new = rename(project, ada, "New")
    assert ask(pipeline, cursor)["results"] == []
    seal()
    (shown,) = ask(pipeline, cursor)["results"]
    assert (shown["id"], shown["project"], shown["object"]) == (new, str(project.pk), "New")
    assert shown["sentence"] == "changed the project New"


@pytest.mark.django_db(transaction=True)
def test_what_commits_late_behind_the_cursor_is_not_skipped(pipeline, project, ada, seal):
    seal()
    _, cursor = walk(pipeline)
    insert = (
        "INSERT INTO audit_event (kind, object_type, object_id, object_label, actor_kind, actor_label, request_id, data, "
        "project_id) VALUES ('projects.project_changed', 'projects.project', gen_random_uuid(), 'late', 'system', 'mlgov', "
        "'', '{}', %s)"
    )
    with psycopg.connect(**CLUSTER.parameters("mlgov_owner", connection.settings_dict["NAME"])) as slow:
        slow.execute(insert, [project.pk])
        quick = rename(project, ada, "Quick")
        assert ask(pipeline, cursor)["results"] == []
        seal()
        ids, cursor = walk(pipeline, cursor)
        assert ids == [quick]
        slow.commit()
        seal()
    late = Event.objects.get(object_label="late").pk
    assert late < quick
    assert walk(pipeline, cursor)[0] == [late]


def test_kinds_and_projects_narrow_it_and_end_is_now(pipeline, stranger, project, ada, ci, seal):
    other = projects.create_project(slug="other", name="Other", by=ada)
    projects.add_member(other, user=ci.user, role=Role.VIEWER, by=ada)
    seal()
    kinds = {one["kind"] for one in ask(pipeline, kind="projects.member")["results"]}
    assert kinds == {"projects.member_added"}
    page = ask(pipeline, project=other.pk)
    assert {one["project"] for one in page["results"]} == {str(other.pk)}
    newest = pipeline.get(FEED, {"project": other.pk}).json()["results"]
    assert [one["id"] for one in reversed(newest)] == [one["id"] for one in page["results"]]
    end = ask(pipeline, "end")
    assert end["results"] == []
    new = rename(other, ada, "Newer")
    seal()
    assert walk(pipeline, end["cursor"])[0] == [new]
    assert stranger.get(FEED, {"after": "", "project": other.pk}).status_code == 404
    assert ask(stranger)["results"] == []


def test_access_is_that_of_now(pipeline, stranger, project, ada, cleo, ci, seal):
    seal()
    _, cursor = walk(pipeline)
    hidden = projects.create_project(slug="hidden", name="Hidden", by=ada)
    rename(project, ada, "Seen")
    projects.add_member(project, user=cleo, role=Role.VIEWER, by=ada)
    seal()
    of_cleo = walk(stranger)[0]
    assert of_cleo == walk(pipeline)[0]
    assert not Event.objects.filter(pk__in=of_cleo, project_id=hidden.pk).exists()
    projects.remove_member(project.memberships.get(user=ci.user), by=ada)
    seal()
    assert ask(pipeline, cursor) == {"next": None, "previous": None, "results": [], "cursor": cursor}


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"after": "12"}, 422, "bad_cursor"),
        ({"after": "-1.0123456789abcdef"}, 422, "bad_cursor"),
        ({"after": "9" * 200}, 422, "bad_cursor"),
        ({"after": "\x00"}, 200, None),
        ({"after": "0.0123456789abcdef"}, 409, "cursor_of_another_log"),
        ({"after": f"{'9' * 18}.0123456789abcdef"}, 409, "cursor_of_another_log"),
        ({"after": "", "cursor": "x"}, 422, "two_cursors"),
        ({"project": "x"}, 422, "bad_project"),
        ({"after": "", "project": "0199c3f0-a5b1-7cc2-a1d3-4c7f5b0d2e11"}, 404, "not_found"),
        ({"after": "", "since": "yesterday"}, 422, "bad_moment"),
        ({"after": "", "since": "0001-01-01T00:00:00+21:29"}, 422, "bad_moment"),
    ],
)
def test_what_cannot_be_asked(pipeline, project, seal, asked, status, code):
    seal()
    answer = pipeline.get(FEED, asked)
    assert (answer.status_code, answer.json().get("code")) == (status, code)


def test_a_cursor_of_a_log_that_was_replaced_is_refused(pipeline, project, ada, seal):
    seal()
    cursor = walk(pipeline)[1]
    position = int(cursor.split(".")[0])
    assert Leaf.objects.get(position=position).leaf_hash.hex().startswith(cursor.split(".")[1])
    forged = f"{position}.{'0' * 16}"
    assert pipeline.get(FEED, {"after": forged}).status_code == 409


def test_it_costs_the_same_with_more_rows(pipeline, project, ada, seal):
    def cost():
        with CaptureQueriesContext(connection) as caught:
            page = ask(pipeline, cursor)
        return len(caught), len(page["results"])

    seal()
    _, cursor = walk(pipeline)
    rename(project, ada, "One")
    seal()
    cost()
    one = cost()
    for name in ("Two", "Three"):
        rename(project, ada, name)
    seal()
    three = cost()
    assert (one[1], three[1]) == (1, 3)
    assert one[0] == three[0]


@pytest.mark.django_db(transaction=True)
def test_it_waits_for_what_comes_and_asks_again_who_may_see_it(pipeline, project, ada, ci, seal, monkeypatch):
    seal()
    _, cursor = walk(pipeline)
    prefer = {"Prefer": "wait=20"}
    made = []

    def meanwhile(_):
        if not made:
            made.append(rename(project, ada, "While waiting"))
            seal()

    monkeypatch.setattr(waiting.time, "sleep", meanwhile)
    answer = pipeline.get(FEED, {"after": cursor}, headers=prefer)
    assert [one["id"] for one in answer.json()["results"]] == made
    assert answer["Preference-Applied"] == "wait=20"
    cursor = answer.json()["cursor"]
    looks = []

    def gone(_):
        looks.append(1)
        if len(looks) == 1:
            projects.remove_member(project.memberships.get(user=ci.user), by=ada)
            seal()
        else:
            monkeypatch.setattr(waiting.time, "monotonic", lambda: float("inf"))

    monkeypatch.setattr(waiting.time, "sleep", gone)
    answer = pipeline.get(FEED, {"after": cursor}, headers=prefer)
    assert (answer.json()["results"], answer.json()["cursor"]) == ([], cursor)
