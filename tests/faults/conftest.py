"""Workers in processes of their own, and a table that is read in parts."""

import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from django.conf import settings as django_settings
from django.db import connection

from apps.evaluations import services as evaluations
from tests.cast import COLUMNS, predictions_csv
from tests.faults.processes import Web
from tests.plugin import CLUSTER, address_of

ROOT = Path(django_settings.BASE_DIR)


@pytest.fixture
def start_worker(tmp_path):
    started = []

    def start(broker_url: str, **settings: str) -> subprocess.Popen:
        environment = os.environ | {
            "DATABASE_URL": address_of(CLUSTER, "mlgov_worker", connection.settings_dict["NAME"]),
            "MLGOV_VAR": str(tmp_path),
            "MLGOV_BUS_DIR": str(Path(os.environ["MLGOV_VAR"]) / "bus"),
            "MLGOV_ROLE": "worker",
            "CELERY_BROKER_URL": broker_url,
            "C_FORCE_ROOT": "1",
            **settings,
        }
        worker = subprocess.Popen(
            [
                *(sys.executable, "-m", "celery", "--app=mlgov.celery", "--quiet", "worker", "--queues=jobs"),
                *("--concurrency=1", "--loglevel=ERROR", "--without-gossip", "--without-mingle"),
            ],
            cwd=ROOT,
            env=environment,
            start_new_session=True,
        )
        started.append(worker)
        return worker

    yield start
    for worker in started:
        if worker.poll() is None:
            os.killpg(worker.pid, signal.SIGKILL)
        worker.wait(10)


@pytest.fixture
def parted(version, dev, tmp_path):
    """Upload predictions as a Parquet file of four row groups."""

    def upload(rows: int):
        path = tmp_path / "predictions.parquet"
        table = pyarrow.csv.read_csv(io.BytesIO(predictions_csv(rows=rows)))
        pq.write_table(table, path, row_group_size=rows // 4)
        with path.open("rb") as stream:
            return evaluations.upload_predictions(
                version, stream=stream, columns=COLUMNS, dataset="holdout", by=dev
            )

    return upload


@pytest.fixture
def start_web(transactional_db, tmp_path):
    """Return a function that starts a web server on the test's database, or on another one."""
    started = []

    def start(database: str = "", **more: str) -> Web:
        here = address_of(CLUSTER, "mlgov_app", connection.settings_dict["NAME"])
        web = Web(tmp_path, database or here, **more)
        started.append(web)
        return web

    yield start
    for web in started:
        web.stop()


@pytest.fixture
def _passwords_as_in_production(settings, _passwords_hashed_fast):
    """A web process of its own reads no hash that only tests make."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
