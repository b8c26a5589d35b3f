"""The problem brief: steps, drafts, revisions, and two people at once (M1.1)."""

import importlib
import json

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.core.errors import Conflict
from apps.projects import briefs, services
from apps.projects.models import BriefRevision
from apps.projects.queries import brief_of, revisions_of
from tests.cast import BRIEF

pytestmark = pytest.mark.method("M1.1")


def step(project, key):
    return reverse("projects:brief_step", args=[project.slug, key])


def test_a_brief_is_filled_step_by_step_and_is_a_draft_until_it_is_complete(client, project, dev):
    client.force_login(dev)
    whole = reverse("projects:brief", args=[project.slug])
    for found in briefs.STEPS:
        content = client.get(whole).content.decode()
        assert "This is a draft" in content
        page = client.get(step(project, found.key))
        body = {name: BRIEF.get(name, "") for name in found.fields}
        answer = client.post(
            step(project, found.key), body | {"lock_version": page.context["form"].initial["lock_version"]}
        )
        after = briefs.step_after(found)
        assert answer["Location"] == (step(project, after.key) if after else whole)
    page = client.get(whole)
    assert "The brief is complete" in page.content.decode()
    assert "Near real time" in page.content.decode()
    assert revisions_of(brief_of(project)).count() == 1 + len(briefs.STEPS)


def test_the_meter_counts_and_links_to_the_step_of_each_gap(client, project, dev):
    services.change_brief(project, by=dev, baseline="By hand.", task="classification")
    client.force_login(dev)
    answer = client.get(reverse("projects:brief", args=[project.slug]))
    assert answer.context["progress"].filled == 2
    assert f"{step(project, 'care')}#id_kill_criteria" in answer.content.decode()


@pytest.mark.parametrize(
    "path", ["brief/steps/nowhere/", "brief/revisions/?older=1&newer=99", "brief/revisions/?older=x"]
)
def test_a_step_or_a_revision_that_is_not_there_is_404(client, project, dev, path):
    client.force_login(dev)
    assert client.get(f"/projects/{project.slug}/{path}").status_code == 404


def test_bad_figures_and_choices_are_refused_beside_their_field(client, project, dev, vera, cleo):
    client.force_login(dev)
    answer = client.post(
        step(project, "goal"), {"lock_version": 1, "success_target": "much", "success_direction": "up"}
    )
    assert answer.status_code == 422
    assert {"success_target", "success_direction"} <= set(answer.context["form"].errors)
    client.force_login(vera)
    assert client.post(step(project, "goal"), {"lock_version": 1, "baseline": "x"}).status_code == 403
    assert "disabled" in client.get(step(project, "goal")).content.decode()
    client.force_login(cleo)
    assert client.get(step(project, "goal")).status_code == 404


def test_two_people_at_once_both_texts_stand_side_by_side_and_nothing_is_lost(client, project, dev, ada):
    services.change_brief(project, by=ada, baseline="People decide by hand.")
    client.force_login(dev)
    mine = {"lock_version": "1", "baseline": "A rule decides.", "success_metric": "f1"}
    answer = client.post(step(project, "goal"), mine)
    assert answer.status_code == 412
    content = answer.content.decode()
    assert "Ada saved this brief while you wrote" in content
    assert [(one.name, one.before, one.after) for one in answer.context["differences"]] == [
        ("success_metric", "", "f1"),
        ("baseline", "People decide by hand.", "A rule decides."),
    ]
    assert brief_of(project).baseline == "People decide by hand."
    assert (
        client.post(
            step(project, "goal"), mine | {"lock_version": answer.context["form"]["lock_version"].value()}
        ).status_code
        == 302
    )
    assert brief_of(project).baseline == "A rule decides."


def test_the_interface_answers_412_with_theirs_and_yours(pipeline, project, ada):
    path = f"/api/v1/projects/{project.pk}/brief"
    etag = pipeline.get(path)["ETag"]
    services.change_brief(project, by=ada, success_target=0.7, baseline="By hand.")
    body = {"success_target": 0.8, "baseline": "By hand."}
    answer = pipeline.patch(path, body, format="json", headers={"If-Match": etag})
    assert answer.status_code == 412
    found = answer.json()
    assert (found["code"], found["changed_by"], found["lock_version"]) == ("changed_meanwhile", "Ada", 2)
    assert found["difference"] == [{"field": "success_target", "theirs": 0.7, "yours": 0.8}]
    again = pipeline.patch(path, body, format="json", headers={"If-Match": f'"{found["lock_version"]}"'})
    assert again.status_code == 200
    assert "success_metric" in again.json()["missing"]
    rows = pipeline.get(f"{path}/revisions").json()["results"]
    assert [(one["number"], one["changed"]) for one in rows] == [
        (3, ["success_target"]),
        (2, ["baseline", "success_target"]),
        (1, []),
    ]


def test_a_revision_is_written_by_a_change_alone_and_never_altered(project, dev, ada):
    services.change_brief(project, by=dev, baseline="By hand.")
    services.change_brief(project, by=ada, baseline="By hand.")
    brief = brief_of(project)
    assert [one.number for one in revisions_of(brief)] == [2, 1]
    for act in (
        lambda: BriefRevision.objects.filter(brief=brief).update(content={}),
        lambda: BriefRevision.objects.filter(brief=brief).delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()
    with pytest.raises(Conflict):
        services.change_brief(project, by=dev, expect=1, baseline="Else.")


def test_the_revisions_page_shows_the_difference_at_one_price(client, project, dev):
    client.force_login(dev)
    path = reverse("projects:brief_revisions", args=[project.slug])
    client.get(path)  # The frame counts what waits once.
    with CaptureQueriesContext(connection) as one:
        client.get(path)
    for number in range(3):
        services.change_brief(project, by=dev, baseline=f"Text {number}")
    client.get(path)  # The frame counts what waits once.
    with CaptureQueriesContext(connection) as more:
        client.get(path)
    assert len(more) == len(one)
    answer = client.get(path, {"older": 2, "newer": 4})
    assert [(line.label, line.before, line.after) for line in answer.context["differences"]] == [
        ("Baseline", "Text 0", "Text 2")
    ]


def test_the_first_revision_of_an_older_brief_is_what_a_save_would_have_kept(project, dev):
    services.change_brief(project, by=dev, **BRIEF)
    migration = importlib.import_module("apps.projects.migrations.0015_first_brief_revisions")
    text = migration.BACKFILL
    with connection.cursor() as cursor:
        cursor.execute(text[text.index("SELECT") : text.index("WHERE NOT EXISTS")])
        ((_, _, brief, number, content, changed, author),) = cursor.fetchall()
    kept = revisions_of(brief_of(project))[0]
    assert (brief, number, author) == (kept.brief_id, kept.number, project.created_by_id)
    assert (json.loads(content), json.loads(changed)) == (kept.content, [])


@pytest.mark.method("M9.1")
def test_each_change_of_the_fairness_promise_dates_it_anew(project, ada):
    def declared(**fields):
        return services.change_brief(project, by=ada, **fields).fairness_declared_at

    assert declared(fairness_metric="disparate impact") is None
    first = declared(fairness_threshold=0.8)
    assert first is not None
    assert declared(baseline="By hand.") == first
    assert declared(fairness_threshold=0.1) >= first
    assert declared(fairness_threshold=None) is None
