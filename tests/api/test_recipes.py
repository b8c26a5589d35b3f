"""The recipes of docs/ci: their shell steps run against a live server, as each CI server would run them."""

import os
import re
import subprocess
import sys
import threading

import pytest
import yaml
from django.conf import settings
from django.db import connection

from apps.accounts import services as accounts
from apps.accounts.enums import Scope
from apps.jobs import running
from apps.jobs.models import Job
from apps.projects.enums import Role
from apps.registry import services as registry
from tests.cast import predictions_csv, weights
from tests.gates.light import tiny_project
from tests.gates.test_reporting import read_junit, read_sarif

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
DOCS = settings.BASE_DIR / "docs" / "ci"
CRITERIA = """
      - {key: auc, title: Ranks well, expression: evaluation.metrics.roc_auc.value > 0.6, remedy: Train it anew.}
      - {key: scanned, title: Files read, severity: warn, expression: checks.artifact_scan.status == 'passed', remedy: Wait.}
"""
#: What a CI server sets for a step.
GIVEN = {
    "GITHUB_SHA": "c0ffee0",
    "GITHUB_RUN_ID": "1",
    "GITHUB_RUN_ATTEMPT": "1",
    "CI_COMMIT_SHA": "c0ffee0",
    "CI_PIPELINE_ID": "1",
    "CI_JOB_ID": "2",
    "GIT_COMMIT": "c0ffee0",
    "BUILD_TAG": "jenkins-model-1",
}


def blocks(name, language):
    found = re.findall(rf"```{language}\n(.*?)```", (DOCS / f"{name}.md").read_text(), re.DOTALL)
    assert len(found) == 2, "one with the client, one with curl alone"
    return found


def steps_of_github(text):
    """Return the steps in the shell that runs them; those of other people's actions are not ours to try."""
    job = yaml.safe_load(text)["jobs"]["gate"]
    steps = [one["run"] for one in job["steps"] if "run" in one]
    return ["bash", "-e"], job["env"], [one for one in steps if not one.startswith("gh ")]


def steps_of_gitlab(text):
    job = yaml.safe_load(text)["model-gate"]
    assert job["artifacts"]["reports"]["junit"] == "gate.xml"
    return ["sh", "-e"], job["variables"], job["script"]


def steps_of_jenkins(text):
    # Groovy reads a backslash in a string of three quotes before the shell does.
    steps = [one.replace("\\\\", "\\") for one in re.findall(r"sh '''\n(.*?)'''", text, re.DOTALL)]
    return ["sh", "-xe"], {"MLGOV_STAGE": re.search(r"MLGOV_STAGE = '(\w+)'", text)[1]}, steps


RECIPES = {
    f"{name}, {way}": (read, blocks(name, language)[number])
    for name, language, read in (
        ("github-actions", "yaml", steps_of_github),
        ("gitlab-ci", "yaml", steps_of_gitlab),
        ("jenkins", "groovy", steps_of_jenkins),
    )
    for number, way in enumerate(("client", "curl"))
}


@pytest.fixture
def worker():
    """Run queued jobs while the test runs."""
    over = threading.Event()

    def work():
        try:
            while not over.wait(0.1):
                for job in list(Job.objects.filter(state="queued")):
                    running.run(job.pk, worker="test")
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    over.set()
    thread.join(60)


@pytest.fixture
def workplace(live_server, tmp_path, ada, dev, worker):
    """A folder with what training leaves behind, and the environment of a step."""
    project = tiny_project(owner=ada, members=[(dev, Role.CONTRIBUTOR)], criteria=CRITERIA)
    model = registry.create_model(project, slug="m", name="M", by=dev)
    _, secret = accounts.issue_token(dev, name="ci", scopes=Scope.values, by=dev)
    folder = tmp_path / "checkout"
    folder.mkdir()
    (folder / "model.npz").write_bytes(weights())
    (folder / "holdout.csv").write_bytes(predictions_csv(rows=300))
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "python3").symlink_to(sys.executable)
    environment = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "MLGOV_URL": live_server.url,
        "MLGOV_MODEL": str(model.pk),
        "MLGOV_TOKEN": secret,
        **GIVEN,
    }
    return folder, environment


def run(shell, step, folder, environment):
    done = subprocess.run(
        [*shell, "-c", step], cwd=folder, env=environment, capture_output=True, text=True, timeout=100
    )
    assert environment["MLGOV_TOKEN"] not in done.stdout
    return done


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_passes_where_the_gate_does_and_fails_where_it_does_not(recipe, workplace):
    read, text = RECIPES[recipe]
    folder, environment = workplace
    shell, variables, steps = read(text)
    environment |= {name: value for name, value in variables.items() if name == "MLGOV_STAGE"}
    for step in steps:
        done = run(shell, step, folder, environment)
        assert done.returncode == 0, done.stdout + done.stderr
    suite = read_junit((folder / "gate.xml").read_bytes())[0]
    assert suite.find("properties/property[@name='state']").get("value") == "pass"
    read_sarif((folder / "gate.sarif").read_bytes())
    assert "Gate to staging: pass" in (folder / "gate.markdown").read_text()
    # The next version is not evaluated, so that its evidence is missing.
    renewed = {name: f"{value}9" for name, value in environment.items() if name in GIVEN}
    (register,) = (one for one in steps if "version.json \\" in one or "mlgov upload" in one)
    assert run(shell, register, folder, environment | renewed).returncode == 0
    done = run(shell, steps[-1], folder, environment | renewed)
    assert done.returncode == 1, done.stdout + done.stderr
    assert len(read_junit((folder / "gate.xml").read_bytes()).findall(".//failure")) == 1
    assert "evidence missing" in (folder / "gate.markdown").read_text()
