"""Real workers in processes of their own: over each broker there is, and killed in the middle of their work."""

import io
import os
import shutil
import signal
import socket
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.db.models.functions import Now

from apps.core import blobs
from apps.evaluations import services as evaluations
from apps.evaluations.models import Evaluation
from apps.jobs import running
from apps.jobs import services as jobs
from apps.jobs.models import Job
from mlgov.celery import app
from tests.cast import COLUMNS, predictions_csv
from tests.evaluations.test_partitions import close
from tests.faults.processes import wait_for

pytestmark = [pytest.mark.broker, pytest.mark.django_db(transaction=True)]
#: The scale-out brokers of the machine; CI installs Redis, and RabbitMQ where it can.
RABBIT = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
BROKERS = [
    "pgmq",
    *(["redis"] if shutil.which("redis-server") else []),
    *(["rabbitmq"] if RABBIT.exists() else []),
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def redis(tmp_path):
    port = free_port()
    server = subprocess.Popen(
        ["redis-server", "--port", str(port), "--save", "", "--dir", str(tmp_path), "--bind", "127.0.0.1"],
        stdout=subprocess.DEVNULL,
    )
    yield f"redis://127.0.0.1:{port}/0"
    server.terminate()
    server.wait(10)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def rabbitmq(tmp_path):
    port, distribution = free_port(), free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "RABBITMQ_NODENAME": f"mlgov{port}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(distribution),
        "RABBITMQ_MNESIA_BASE": str(tmp_path / "mnesia"),
        "RABBITMQ_LOG_BASE": str(tmp_path / "log"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(tmp_path / "plugins"),
    }
    server = subprocess.Popen([RABBIT], env=environment, stdout=subprocess.DEVNULL, start_new_session=True)
    wait_for(lambda: answers(port))
    yield f"amqp://guest:guest@127.0.0.1:{port}//"
    os.killpg(server.pid, signal.SIGTERM)
    server.wait(30)


@pytest.fixture
def broker(request, settings):
    """Point web and workers at a broker; returns its address."""
    if request.param == "pgmq":
        yield "pgmq://"
        return
    url = request.getfixturevalue(request.param)
    settings.CELERY_BROKER_URL = url
    before = {name: app.conf[name] for name in ("broker_url", "broker_transport", "broker_transport_options")}
    app.conf.update(broker_url=url, broker_transport=None, broker_transport_options={})
    app.amqp._producer_pool = app._pool = None
    yield url
    app.conf.update(before)
    app.amqp._producer_pool = app._pool = None


def request_evaluation(version, dev, *, rows=600) -> Evaluation:
    stream = io.BytesIO(predictions_csv(rows=rows))
    kept = evaluations.upload_predictions(version, stream=stream, columns=COLUMNS, dataset="holdout", by=dev)
    return evaluations.request_evaluation(kept, by=dev)


@pytest.mark.promise("17")
@pytest.mark.parametrize("broker", BROKERS, indirect=True)
def test_a_worker_wakes_and_evaluates(broker, start_worker, version, dev):
    start_worker(broker)
    evaluation = request_evaluation(version, dev)
    wait_for(lambda: Evaluation.objects.filter(pk=evaluation.pk, state="complete").exists())
    assert Job.objects.get(pk=evaluation.job_id).attempt == 1


@pytest.mark.promise("19")
@pytest.mark.parametrize("broker", BROKERS, indirect=True)
def test_a_worker_killed_in_the_middle_loses_nothing_and_doubles_nothing(broker, start_worker, version, dev):
    victim = start_worker(broker)
    evaluation = request_evaluation(version, dev, rows=60_000)
    wait_for(lambda: Job.objects.filter(pk=evaluation.job_id, state="running").exists())
    os.killpg(victim.pid, signal.SIGKILL)
    victim.wait(10)
    job = Job.objects.get(pk=evaluation.job_id)
    assert (job.state, job.attempt) == ("running", 1)
    # The lease runs out; here, at once.
    Job.objects.filter(pk=job.pk).update(lease_until=Now() - timedelta(seconds=1))
    assert jobs.sweep() == 1
    start_worker(broker)
    wait_for(lambda: Evaluation.objects.filter(pk=evaluation.pk, state="complete").exists(), seconds=90)
    assert Job.objects.get(pk=job.pk).attempt == 2


def children_of(evaluation: Evaluation) -> list[Job]:
    return list(Job.objects.filter(kind="evaluations.map_part", args__evaluation=str(evaluation.pk)))


def test_four_parts_on_two_workers_give_the_figures_of_a_single_pass(start_worker, parted, dev):
    """Parts are mapped by whichever worker takes them; what is counted is the same to 1e-9, ranking within its bound."""
    kept = parted(20_000)
    single = evaluations.request_evaluation(kept, by=dev)
    running.run(single.job_id, worker="alone")
    single.refresh_from_db()
    for _ in range(2):
        start_worker("pgmq://", MLGOV_PART_ROWS="5000")
    evaluation = evaluations.request_evaluation(kept, by=dev)
    wait_for(lambda: Evaluation.objects.filter(pk=evaluation.pk, state="complete").exists(), seconds=90)
    evaluation.refresh_from_db()
    children = children_of(evaluation)
    assert [child.state for child in children] == ["succeeded"] * 4
    assert sum(child.result["rows"] for child in children) == 20_000
    assert evaluation.report["parts"] == 4
    for name in ("confusion", "thresholds", "slices", "fairness", "worst"):
        close(single.report[name], evaluation.report[name], where=name)
    apart = evaluation.report["metrics"]["roc_auc"]["value"] - single.report["metrics"]["roc_auc"]["value"]
    bound = max((one["bound"] for one in evaluation.report["approximations"]), default=0.0)
    assert abs(apart) <= bound + 1e-9


def test_one_worker_maps_every_part_on_its_own(parted, dev, settings):
    settings.EVALUATION_PART_ROWS = 1_000
    evaluation = evaluations.request_evaluation(parted(4_000), by=dev)
    running.run(evaluation.job_id, worker="alone")
    evaluation.refresh_from_db()
    assert evaluation.state == "complete"
    assert evaluation.report["parts"] == 4


def test_a_part_that_fails_ends_the_evaluation_with_its_sentence(parted, dev, settings):
    settings.EVALUATION_PART_ROWS = 1_000
    kept = parted(4_400)
    evaluation = evaluations.request_evaluation(kept, by=dev)
    # The file is damaged on the disk after its upload was looked at.
    path = Path(default_storage.path(blobs.key_of(kept.blob_id)))
    content = path.read_bytes()
    path.write_bytes(content[:4] + bytes(1996) + content[2000:])
    running.run(evaluation.job_id, worker="alone")
    path.write_bytes(content)
    evaluation.refresh_from_db()
    assert evaluation.state == "failed"
    assert "Parquet" in evaluation.error
    assert evaluation.report is None
