"""Work on what people upload happens in a child that knows no secrets and can be ended."""

import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from apps.core import sandbox
from apps.core.pdf import glyphs
from apps.core.pdf.documents import Document
from apps.core.sandbox import SandboxFailed

ROOMY = {"memory_mb": 1500, "cpu_seconds": 30, "wall_seconds": 60}


@pytest.fixture(params=[False, True], ids=["fresh", "forked"])
def run(request):
    """Call a function of the misbehaving module in a fresh interpreter, or in a fork of one that has loaded it."""

    def _run(name, payload=None, **limits):
        given = {**ROOMY, "warm": request.param, **limits}
        return sandbox.call(f"tests.core.misbehaving:{name}", payload or {}, **given)

    return _run


@pytest.mark.promise("23", "24")
@pytest.mark.parametrize(
    ("name", "payload", "limits", "code"),
    [
        ("spin", {}, {"cpu_seconds": 1}, "cpu"),
        ("sleep", {}, {"wall_seconds": 1}, "wall"),
        ("claim", {"bytes": 2 * 1024**3}, {"memory_mb": 600}, "memory"),
    ],
)
def test_each_limit_ends_the_child_with_a_sentence(run, name, payload, limits, code):
    with pytest.raises(SandboxFailed, match="was stopped") as caught:
        run(name, payload, **limits)
    assert caught.value.code == code


def test_who_stops_the_job_stops_the_child(run):
    began = time.monotonic()

    def watch():
        raise SandboxFailed("The job was stopped.", code="cancelled")

    with pytest.raises(SandboxFailed, match="The job was stopped"):
        run("sleep", wall_seconds=120, watch=watch)
    assert time.monotonic() - began < 60


@pytest.mark.promise("23")
def test_the_child_knows_no_secrets_and_what_it_prints_is_no_answer(run, monkeypatch):
    monkeypatch.setenv("MLGOV_SECRET_KEY", "not for the child")
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@/nothing")
    names = run("surroundings")["names"]
    assert not [name for name in names if name.startswith(("MLGOV", "DATABASE", "DJANGO"))]


@pytest.mark.promise("24")
@pytest.mark.parametrize("warm", [False, True])
def test_a_layout_without_end_is_ended(tmp_path, warm):
    """Fifty bytes of colspan burn half a minute; so would any other page that the layout cannot bear."""
    html = "<html lang=en><title>T</title><table><td colspan=999999999>x</table></html>"
    payload = Document(html, identifier="ab" * 32).payload(str(tmp_path / "a.pdf"))
    limits = {"memory_mb": 2500, "cpu_seconds": 5, "wall_seconds": 30}
    with pytest.raises(SandboxFailed, match="was stopped"):
        sandbox.call("apps.core.pdf.rendering:render", payload, glyphs.ENVIRONMENT, warm=warm, **limits)
    assert not (tmp_path / "a.pdf").exists()


def forked(name, payload=None):
    return sandbox.call(f"tests.core.misbehaving:{name}", payload or {}, warm=True, **ROOMY)


def servers():
    """Return the processes that fork for this one what misbehaves."""
    found = sandbox._servers.items()
    return [server.process for key, server in found if key[0] == "tests.core.misbehaving"]


def test_a_crash_says_its_last_line(run):
    with pytest.raises(SandboxFailed, match="RuntimeError: the library gave up") as caught:
        run("crash")
    assert caught.value.code == "crash"


def test_children_of_one_server_run_beside_each_other_and_answer_who_asked():
    began = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda number: forked("nap", {"number": number, "seconds": 1}), range(4)))
    assert [one["number"] for one in answers] == [0, 1, 2, 3]
    assert len({one["parent"] for one in answers}) == 1
    assert time.monotonic() - began < 4 * 4


@pytest.mark.promise("23")
def test_a_child_knows_nothing_of_the_children_before_it_and_beside_it():
    assert forked("remember", {"word": "one person's document"}) == {"remembered": []}
    assert forked("remember", {"word": "another's"}) == {"remembered": []}
    with ThreadPoolExecutor(2) as pool:
        pool.submit(forked, "nap", {"number": 0, "seconds": 2})
        time.sleep(0.5)
        # Input, errors twice (what a library prints is no answer), and the output.
        assert sorted(forked("descriptors")["open"]) == ["0", "1", "2", "3"]


def test_a_server_that_ended_is_followed_by_another():
    forked("surroundings")
    for process in servers():
        process.kill()
    assert forked("surroundings")["names"]
    assert all(process.poll() is None for process in servers())


def test_who_waits_for_a_child_whose_server_is_killed_is_told():
    def strike():
        for process in servers():
            process.kill()

    began = time.monotonic()
    with pytest.raises(SandboxFailed, match="stopped unexpectedly") as caught:
        sandbox.call("tests.core.misbehaving:sleep", {}, warm=True, watch=strike, **ROOMY)
    assert caught.value.code == "crash"
    assert time.monotonic() - began < 30


def test_what_starts_threads_when_it_is_loaded_is_never_forked():
    answer = sandbox.call("tests.core.threading_module:parent", {}, warm=True, **ROOMY)
    assert answer == {"parent": os.getpid()}
