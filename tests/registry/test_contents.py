"""What a version consists of, what checks ran on, and what a worker finds in its files."""

import io
import pickle  # noqa: TID251 - hostile files have to be made before they can be refused

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from apps.audit.models import Event
from apps.core.errors import Invalid, MlgovError, Refused
from apps.evidence.services import collect
from apps.gates import services as gates
from apps.jobs import running
from apps.jobs import services as jobs
from apps.jobs.models import Job
from apps.registry import jobs as scanning
from apps.registry import services
from apps.registry.enums import SCANNER
from apps.registry.models import Artifact, Check, Scan
from apps.registry.queries import contents_of, latest_checks, pinned_files_of
from tests.registry.test_reports import JUNIT
from tests.registry.test_scanning import Shell, npz

COMMIT = "a" * 40
#: A pickle that calls the shell when it is loaded.
HARMFUL = b"cposix\nsystem\n(S'id'\ntR."


def pin(version, content, path="model.npz", *, by):
    return services.pin_artifact(version, path=path, stream=io.BytesIO(content), by=by)


def work(version):
    """Run the scans that wait, as a worker would."""
    for job in Job.objects.filter(kind="registry.scan", state="queued", args__version=str(version.pk)):
        running.run(job.pk, worker="test")
    return latest_checks(version).get("artifact_scan")


def test_the_first_file_is_pinned_when_a_version_is_registered(version):
    assert list(contents_of(version).files) == ["model"]


def test_another_file_under_the_same_path_takes_its_place_and_the_old_pin_stays_told(version, dev):
    pin(version, b"one", by=dev)
    pin(version, b"two", by=dev)
    rows = Artifact.objects.filter(version=version, path="model.npz").order_by("created_at")
    assert [one.replaced_at is None for one in rows] == [False, True]


@pytest.mark.method("M8.2")
@pytest.mark.promise("checks")
def test_checks_expire_when_the_files_change_and_when_the_commit_does(version, dev):
    services.report_check(version, name="lint", status="passed", by=dev)
    assert latest_checks(version)["lint"].status == "passed"
    pin(version, npz(), by=dev)
    assert latest_checks(version)["lint"].status == "expired"
    version.refresh_from_db()
    services.report_check(version, name="lint", status="passed", by=dev)
    services.change_commit(version, commit=COMMIT, by=dev)
    version.refresh_from_db()
    assert latest_checks(version)["lint"].status == "expired"
    assert collect(version).document["checks"]["lint"]["status"] == "expired"


@pytest.mark.promise("checks")
def test_a_check_of_another_commit_is_refused(version, dev):
    services.change_commit(version, commit=COMMIT, by=dev)
    version.refresh_from_db()
    services.report_check(version, name="lint", status="passed", commit=COMMIT, by=dev)
    with pytest.raises(Invalid, match="was built from"):
        services.report_check(version, name="lint", status="passed", commit="b" * 40, by=dev)


@pytest.mark.parametrize("path", ["../up", "/etc/passwd", "a//b", "a b", "x" * 301, ""])
def test_a_path_outside_its_version_is_refused(version, dev, path):
    with pytest.raises(Invalid, match="cannot be the path"):
        pin(version, b"x", path, by=dev)


@pytest.mark.parametrize("commit", ["main", "abc", "g" * 40, "a" * 65])
def test_what_is_no_commit_is_refused(version, dev, commit):
    with pytest.raises(Invalid, match="is no commit"):
        services.change_commit(version, commit=commit, by=dev)


def test_pipelines_cannot_report_mlgovs_own_scan(version, dev):
    with pytest.raises(Invalid, match="mlgov's own scan"):
        services.report_check(version, name="artifact_scan", status="passed", by=dev)


def test_once_judged_files_and_commit_stay(version, dev):
    gates.request_promotion(version, to_stage="archived", by=dev)
    version.refresh_from_db()
    with pytest.raises(Refused, match="Register a new version"):
        pin(version, b"x", by=dev)
    with pytest.raises(Refused, match="Register a new version"):
        services.change_commit(version, commit=COMMIT, by=dev)


@pytest.mark.promise("retirement")
def test_the_database_keeps_pins_and_scans(version, dev):
    artifact = version.artifacts.get()
    for statement in (
        "UPDATE registry_artifact SET path = 'other'",
        "UPDATE registry_artifact SET replaced_at = NULL",
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    with pytest.raises(Exception, match="append-only"), transaction.atomic():
        artifact.delete()


@pytest.mark.slow
def test_a_worker_reads_the_files_and_reports(version, dev):
    pin(version, npz(), "model", by=dev)
    version.refresh_from_db()
    found = work(version)
    assert found.status == "passed"
    assert found.check.summary == "1 files read, nothing in them runs when they are loaded."
    assert found.check.source == "mlgov"


@pytest.mark.promise("25")
@pytest.mark.slow
def test_a_file_that_calls_a_shell_fails_the_check_with_its_name(version, dev):
    pin(version, pickle.dumps(Shell()), "model", by=dev)
    version.refresh_from_db()
    found = work(version)
    assert found.status == "failed"
    assert found.check.items[0]["where"] == "model"
    assert "system" in found.check.items[0]["name"]
    scans = Scan.objects.count()
    services.scan(version, by=dev)
    work(version)
    assert Scan.objects.count() == scans, "the same content is read once"


@pytest.mark.promise("25")
@pytest.mark.slow
def test_code_among_the_files_fails_the_check_by_its_name(version, dev):
    """The same content under another name is a text."""
    for path in ("model/code/helper.py", "model/notes.txt"):
        pin(version, b"numpy==2.3.5\n", path, by=dev)
    version.refresh_from_db()
    found = work(version)
    assert found.status == "failed"
    assert [one["where"] for one in found.check.items if one["name"] == "code"] == ["model/code/helper.py"]
    files = {one.artifact.path: one.danger for one in pinned_files_of(version)}
    assert files["model/code/helper.py"] == "suspicious"
    assert files["model/notes.txt"] == "safe"


@pytest.mark.slow
def test_what_an_earlier_scanner_said_stays_shown(version, dev, monkeypatch):
    pin(version, npz(), "model", by=dev)
    version.refresh_from_db()
    work(version)
    monkeypatch.setattr("apps.registry.jobs.SCANNER", "a later one")
    assert [one.danger for one in pinned_files_of(version)] == ["safe"]
    services.scan(version, by=dev)
    work(version)
    assert Scan.objects.filter(scanner="a later one").count() == 1
    assert [one.scan.scanner for one in pinned_files_of(version)] == ["a later one"]


def test_the_page_of_a_check_shows_its_failures_and_the_file_is_an_attachment(client, version, dev, cleo):
    made = services.report_file(version, name="tests", kind="junit", stream=io.BytesIO(JUNIT), by=dev)
    client.force_login(dev)
    page = client.get(reverse("registry:check", args=[made.pk]))
    assert b"assert 1 == 2" in page.content
    answer = client.get(reverse("registry:check_report", args=[made.pk]))
    assert answer.getvalue() == JUNIT
    assert answer["Content-Disposition"] == 'attachment; filename="tests.xml"'
    services.report_check(version, name="tests", status="passed", by=dev)
    assert (
        b"A newer report of this check counts"
        in client.get(reverse("registry:check", args=[made.pk])).content
    )
    assert (
        client.get(reverse("registry:check_report", args=[Check.objects.latest("created_at").pk])).status_code
        == 404
    )
    client.force_login(cleo)
    for name in ("registry:check", "registry:check_report"):
        assert client.get(reverse(name, args=[made.pk])).status_code == 404


API = "/api/v1"


def test_the_interface_pins_lists_and_reports(pipeline, model):
    made = pipeline.post(f"{API}/models/{model.pk}/versions", {"commit": COMMIT}, format="json").json()
    assert made["commit"] == COMMIT
    assert made["files"] == []
    at = f"{API}/versions/{made['id']}"
    answer = pipeline.post(
        f"{at}/artifacts", {"path": "w/model.npz", "file": io.BytesIO(npz())}, format="multipart"
    )
    assert answer.status_code == 201, answer.content
    assert pipeline.get(f"{at}/artifacts").json()["results"][0]["path"] == "w/model.npz"
    body = {"name": "tests", "kind": "junit", "file": io.BytesIO(JUNIT), "commit": COMMIT}
    answer = pipeline.post(f"{at}/checks/reports", body, format="multipart")
    assert (answer.status_code, answer.json()["status"]) == (201, "failed")
    assert answer.json()["summary"] == "1 of 2 tests failed, 1 skipped."
    changed = pipeline.patch(at, {"commit": "b" * 40}, format="json").json()
    assert changed["commit"] == "b" * 40


def test_a_report_that_cannot_be_read_is_refused_with_its_place(pipeline, version):
    body = {"name": "tests", "kind": "junit", "file": io.BytesIO(b"<testsuite>")}
    answer = pipeline.post(f"{API}/versions/{version.pk}/checks/reports", body, format="multipart")
    assert answer.status_code == 422
    assert "line 1, column 12" in answer.json()["detail"]
    assert not Check.objects.filter(version=version).exists()


@pytest.mark.promise("checks")
def test_a_scan_that_was_overtaken_does_not_hide_the_newer_one(version, dev, monkeypatch):
    pin(version, npz(), by=dev)
    slow = Job.objects.filter(kind="registry.scan").latest("id")
    outcome = scanning._outcome

    def overtaken(found):
        monkeypatch.undo()
        pin(version, b"more", "more.bin", by=dev)
        running.run(Job.objects.filter(kind="registry.scan").latest("id").pk, worker="quick")
        return outcome(found)

    monkeypatch.setattr(scanning, "_outcome", overtaken)
    running.run(slow.pk, worker="slow")
    slow.refresh_from_db()
    assert slow.state == "succeeded", slow.error
    found = latest_checks(version)["artifact_scan"]
    assert (found.status, found.check.figures["files"]) == ("passed", len(contents_of(version).files))


def read_before_an_upgrade(version, *, danger=""):
    """Let an earlier scanner read the files of a version, and take each for ``danger`` where it is given."""
    with pytest.MonkeyPatch.context() as earlier:
        earlier.setattr("apps.registry.jobs.SCANNER", "an earlier one")
        if danger:
            for one in version.artifacts.pinned():
                Scan.objects.create(blob=one.blob, scanner="an earlier one", format="pickle", danger=danger)
        return work(version)


def look_again():
    """Run the periodic job, as a worker would, and then the scans that it asked for; return of how many versions."""
    job = jobs.enqueue("registry.scan_again", {}, by=None)
    running.run(job.pk, worker="test")
    for one in Job.objects.filter(kind="registry.scan", state="queued", started_by=None).order_by("id"):
        running.run(one.pk, worker="test")
    job.refresh_from_db()
    assert job.state == "succeeded", job.error
    return job.result["versions"]


@pytest.mark.promise("checks")
def test_what_an_earlier_scanner_read_is_read_again_once(version, dev):
    pin(version, npz(), by=dev)
    before = read_before_an_upgrade(version).check
    assert (look_again(), look_again()) == (1, 0)
    assert Scan.objects.filter(scanner=SCANNER).count() == len(contents_of(version).files)
    # It says the same, so that nothing is reported: no signature under it ends.
    assert latest_checks(version)["artifact_scan"].check == before


@pytest.mark.promise("checks")
def test_a_newer_scanner_that_finds_more_says_so_for_whoever_reported_before(version, dev):
    pin(version, HARMFUL, "odd.bin", by=dev)
    assert read_before_an_upgrade(version, danger="safe").status == "passed"
    assert look_again() == 1
    found = latest_checks(version)["artifact_scan"]
    assert (found.status, found.check.reported_by) == ("failed", dev)
    event = Event.objects.get(kind="registry.check_reported", object_id=found.check.pk)
    assert (event.actor_kind, event.actor_label) == ("system", "mlgov")


@pytest.mark.promise("checks")
def test_versions_of_the_same_content_are_all_checked_again(version, dev, monkeypatch):
    monkeypatch.setattr("apps.registry.services.rescanning.AT_ONCE", 1)
    pair = [services.register_version(version.model, by=dev) for _ in range(2)]
    for one in pair:
        pin(one, HARMFUL, "odd.bin", by=dev)
        for each in one.artifacts.pinned():
            Scan.objects.get_or_create(
                blob=each.blob, scanner="an earlier one", defaults={"format": "pickle", "danger": "safe"}
            )
        assert read_before_an_upgrade(one).status == "passed"
    # When the second one's turn comes, its content has been read for the first.
    assert [look_again() for _ in range(3)] == [1, 1, 0]
    for one in pair:
        assert latest_checks(one)["artifact_scan"].status == "failed"


def test_a_worker_of_before_the_upgrade_is_not_taken_for_one_after_it(version, dev, monkeypatch):
    pin(version, HARMFUL, "odd.bin", by=dev)
    read_before_an_upgrade(version, danger="safe")
    assert services.scan_again() == 1
    assert read_before_an_upgrade(version).status == "passed"
    assert look_again() == 1
    assert latest_checks(version)["artifact_scan"].status == "failed"


def test_few_are_read_again_at_once(version, dev, monkeypatch):
    other = services.register_version(version.model, by=dev)
    for one in (version, other):
        pin(one, npz(), by=dev)
        read_before_an_upgrade(one)
    monkeypatch.setattr("apps.registry.services.rescanning.AT_ONCE", 1)
    assert (services.scan_again(), services.scan_again()) == (1, 0)
    assert Job.objects.get(state="queued", started_by=None).args["version"] == str(other.pk)


def test_what_waits_to_be_scanned_or_was_never_or_is_deleted_is_left(version, dev, ada):
    pin(version, npz(), by=dev)
    assert look_again() == 0
    read_before_an_upgrade(version)
    pin(version, b"more", "more.bin", by=dev)
    assert look_again() == 0
    read_before_an_upgrade(version)
    services.delete_version(version, by=ada)
    assert look_again() == 0


def test_a_scan_that_nobody_asked_for_and_that_failed_is_tried_again_by_people_alone(
    version, dev, monkeypatch
):
    pin(version, npz(), by=dev)
    read_before_an_upgrade(version)

    def away(version):
        raise MlgovError("The store does not answer.", code="away")

    monkeypatch.setattr("apps.registry.jobs.artifacts_of", away)
    assert (look_again(), look_again()) == (1, 0)
    job = Job.objects.get(kind="registry.scan", state="failed")
    monkeypatch.undo()
    jobs.retry(job, by=dev)
    running.run(job.pk, worker="test")
    assert Scan.objects.filter(scanner=SCANNER).exists()
