"""A finding from its beginning to its end: found, told, set aside for a time, back again, gone."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from apps.audit.models import Event
from apps.core.errors import Conflict, Forbidden, Invalid
from apps.evidence import following
from apps.evidence.models import Followed
from apps.experiments import services as experiments
from apps.findings import services
from apps.findings.enums import FindingState
from apps.findings.judging import _judged, judge_project
from apps.findings.models import Decision, Finding, Judged
from apps.findings.queries import standing_of
from apps.jobs.models import Job
from apps.jobs.running import run as run_job
from apps.projects import services as projects
from apps.registry import services as registry
from tests.faults.processes import wait_for
from tests.gates.light import notices
from tests.gates.turning import age

pytestmark = [pytest.mark.django_db, pytest.mark.method("M12")]
REASON = "The data team mends it this month."


@pytest.fixture
def ended(run, dev):
    """A run has ended in a project whose brief names no baseline: a mistake."""
    return experiments.end_run(run, by=dev)


@pytest.fixture
def found(ended, project):
    services.look_at(project)
    return Finding.objects.get(project=project, key="no_baseline")


def soon(days=30):
    return timezone.now().date() + timedelta(days=days)


def set_aside(finding, by, **more):
    return services.decide(
        finding, **{"choice": "go_on", "reason": REASON, "until": soon(), "by": by, **more}
    )


def over(finding):
    """Let the time of a finding that was set aside be over, as a month does."""
    age(finding, until=timedelta(days=31))


def test_a_mistake_is_found_once_with_its_facts_and_told(found, project, run):
    assert found.state == FindingState.OPEN
    assert {one["path"] for one in found.seen["looked_at"]} == {"brief.missing", "project.ended_runs"}
    assert services.look_at(project) == {"found": 0, "gone": 0, "returned": 0}
    assert notices("findings.mistake_found") == ["Ada", "Dev"]
    assert Event.objects.filter(kind="findings.found", object_id=found.pk).count() == 1


def test_it_is_gone_when_the_evidence_says_so(found, project, ada):
    projects.change_brief(project, by=ada, baseline="People decide by hand.")
    services.look_at(project)
    found.refresh_from_db()
    assert found.state == FindingState.GONE
    assert found.gone_at is not None


def test_set_aside_until_a_day_it_comes_back(found, project, rita):
    set_aside(found, rita)
    assert services.look_at(project)["returned"] == 0
    over(found)
    assert services.look_at(project)["returned"] == 1
    found.refresh_from_db()
    assert (found.state, found.until) == (FindingState.OPEN, None)
    assert [one.decided_by for one in found.decisions.all()] == [rita]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"reason": "no"}, "Give the reason in 10 characters"),
        ({"until": None}, "set aside until a day after today"),
        ({"until": soon(0)}, "after today"),
        ({"until": soon(181)}, "180 days"),
        ({"choice": "stop"}, "Only a kill criterion stops a project"),
    ],
)
def test_a_decision_that_says_too_little_is_refused(found, ada, more, says):
    with pytest.raises(Invalid, match=says):
        set_aside(found, ada, **more)
    assert not Decision.objects.exists()


def test_who_may_decide(found, dev, ada, ci):
    for by in (dev, ci.user):
        with pytest.raises(Forbidden):
            set_aside(found, by)
    with pytest.raises(Conflict):
        set_aside(found, ada, expect=7)
    set_aside(found, ada, expect=found.lock_version)


def test_the_database_keeps_one_alive_and_every_decision(found, project, ada):
    set_aside(found, ada)
    with pytest.raises(IntegrityError), transaction.atomic():
        Finding.objects.create(
            project=project, kind="mistake", key="no_baseline", title="x", remedy="x", seen={}
        )
    with pytest.raises(Exception, match="findings_decision"), transaction.atomic():
        Decision.objects.update(reason="Something else altogether.")


@pytest.mark.django_db(transaction=True)
def test_events_lead_to_a_look_without_anybody_asking(ended, project):
    """An act in the project is noticed once; what the look itself writes is noticed never.

    It is noticed when every older transaction has ended, also those of tests beside this one.
    """
    Followed.objects.create(horizon=0)
    assert wait_for(lambda: _follow()["projects"]) == 1
    job = Job.objects.get(kind="findings.look", args={"project": str(project.pk)})
    assert _follow()["projects"] == 0
    run_job(job.pk, worker="test")
    assert standing_of(project).open_mistakes
    assert _follow()["projects"] == 0
    experiments.create_experiment(project, name="second", by=project.created_by)
    assert wait_for(lambda: _follow()["jobs"]) >= 1


def _follow():
    with transaction.atomic():
        return following.follow()


def look_again():
    """Let the daily pass run, with the looks that it enqueues; returns how many there were."""
    daily = Job.objects.create(kind="findings.look_again", args={})
    run_job(daily.pk, worker="test")
    for job in Job.objects.filter(kind="findings.look", state="queued"):
        run_job(job.pk, worker="test")
    daily.refresh_from_db()
    return daily.result["projects"]


def test_time_is_looked_at_without_any_event(ended, project, rita):
    assert look_again() == 1
    finding = Finding.objects.get(project=project, key="no_baseline")
    assert look_again() == 0
    set_aside(finding, rita)
    over(finding)
    assert look_again() == 1
    finding.refresh_from_db()
    assert finding.state == FindingState.OPEN


def test_a_project_whose_look_failed_holds_up_no_other(ended, project, ada):
    other = projects.create_project(slug="other", name="Other", by=ada)
    failed = {"state": "quarantined", "finished_at": timezone.now()}
    Job.objects.create(
        kind="findings.look", args={"project": str(project.pk)}, project_id=project.pk, **failed
    )
    assert look_again() == 1
    assert list(Judged.objects.exclude(at=None).values_list("project_id", flat=True)) == [other.pk]


def test_for_want_of_evidence_of_its_own_version_nothing_is_cleared(version, model, dev, project):
    """Another version says no, and of the one that was found wrong nothing is known now."""
    newer = registry.register_version(model, by=dev)
    rule = next(one.rule for one in judge_project(project) if one.rule.key == "uncalibrated")
    looks = [(version, {}), (newer, {"evaluation": {"calibration": {"ece": 0.01}}})]
    judged = _judged(rule, looks)
    assert (judged.holds, judged.version) == (False, newer)
    assert not judged.clears(version.pk)
    assert judged.clears(newer.pk)
    assert judged.clears(None)


@pytest.mark.method("M1.2")
def test_kill_criteria_judge_what_is_in_production_and_not_the_newest_alone(
    project, version, model, dev, ada
):
    projects.add_kill_criterion(project, title="First", expression="version.number == 1", by=ada)
    newer = registry.register_version(model, by=dev)
    watched = {one.rule.key: one for one in judge_project(project) if one.rule.key.startswith("own_")}
    assert [one.holds for one in watched.values()] == [False]
    in_production = [(one, {"version": {"number": one.number}}) for one in (version, newer)]
    rule = next(iter(watched.values())).rule
    assert rule.subject == "watched"
    assert _judged(rule, in_production).version == version


@pytest.mark.django_db(transaction=True)
def test_after_a_restore_into_another_cluster_everything_is_followed_anew(ended, project):
    Followed.objects.create(horizon=2**60)
    assert wait_for(lambda: _follow()["projects"]) == 1


def test_the_pages_say_what_is_wrong_and_take_a_decision(client, found, project, ada, dev, cleo):
    page, one = reverse("findings:project", args=[project.slug]), reverse("findings:finding", args=[found.pk])
    for person, status in ((cleo, 404), (dev, 200), (ada, 200)):
        client.force_login(person)
        assert client.get(page).status_code == status
        assert client.get(one).status_code == status
    given = {"reason": REASON, "until": "", "lock_version": found.lock_version, "choice": "go_on"}
    refused = client.post(one, given)
    assert refused.status_code == 422
    assert "set aside until a day after today" in refused.content.decode()
    assert client.post(one, given | {"until": soon().isoformat()}).status_code == 302
    found.refresh_from_db()
    assert found.state == FindingState.SET_ASIDE


def test_pipelines_read_findings_and_do_not_decide(client, found, project, ci):
    sign_in = {"HTTP_AUTHORIZATION": f"Bearer {ci.secret}"}
    listed = client.get(f"/api/v1/projects/{project.pk}/findings", **sign_in).json()["results"]
    assert [one["key"] for one in listed] == ["no_baseline"]
    rules = client.get(f"/api/v1/projects/{project.pk}/findings/rules", **sign_in).json()
    assert {one["key"]: one["holds"] for one in rules}["no_baseline"] is True
    answer = client.post(
        f"/api/v1/findings/{found.pk}/decisions",
        {"choice": "go_on", "reason": REASON, "until": soon().isoformat()},
        content_type="application/json",
        HTTP_IF_MATCH=f'"{found.lock_version}"',
        **sign_in,
    )
    assert answer.status_code == 403
    assert answer.json()["code"] == "person_needed"
