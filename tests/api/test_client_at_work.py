"""The client in the hands of a person: a terminal that is narrow, Ctrl-C, logs without an end, and wrong files."""

import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import threading
import time

import pytest

from apps.api.cli import client as cli
from apps.api.download import FILE
from tests.api.test_client import GATE, TOKEN, address, as_json, in_turn, run
from tests.listening import answering, listening

__all__ = ["run"]


def on_a_terminal(columns, url, *arguments, wait_for=b"", then=None):
    """Run the client on a terminal so wide; returns the exit status and what was drawn."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {"MLGOV_URL": url, "MLGOV_TOKEN": TOKEN, "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    done = subprocess.Popen(
        [sys.executable, FILE, *arguments],
        **{"stdin": slave, "stdout": slave, "stderr": slave, "env": environment, "start_new_session": True},
        # As a terminal starts it, also where these tests run in the background of a shell, which lets Ctrl-C be ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    os.close(slave)
    drawn = b""
    while True:
        try:
            part = os.read(master, 65_536)
        except OSError:
            break
        drawn += part
        if then and wait_for in drawn:
            done.send_signal(then)
            then = None
    os.close(master)
    return done.wait(30), drawn.decode()


def test_a_narrow_terminal_gets_lines_and_a_bar_that_fit():
    long = {"title": "Good enough for all of the people who ask", "reason": "It is 0.5, which is not enough."}
    found = GATE | {"criteria": [GATE["criteria"][0] | long]}
    with listening(as_json(found, "Mlgov-Open-Jobs: 0")) as server:
        status, drawn = on_a_terminal(40, address(server), "gate", "v", "--to", "staging")
    assert status == 1
    lines = drawn.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert max(map(len, lines)) < 40
    assert "      It is 0.5, which is not enough." in lines
    assert any("jobs that are open: 0" in line for line in lines)


def test_ctrl_c_says_how_to_go_on_and_shows_no_traceback(tmp_path):
    file = tmp_path / "m.npz"
    file.write_bytes(b"x" * 900_000)
    over = threading.Event()
    with listening(lambda connection, request: over.wait(20)) as server:
        status, drawn = on_a_terminal(
            *(80, address(server), "upload", "m", str(file), "--key", "mine"),
            **{"wait_for": b"sending", "then": signal.SIGINT},
        )
        over.set()
    assert status == 130
    assert "mlgov: Stopped. The same command with --key mine goes on." in drawn
    assert "Traceback" not in drawn


def test_whoever_has_read_enough_changes_no_exit_status():
    environment = {**os.environ, "MLGOV_TOKEN": TOKEN}
    passed = GATE | {"state": "pass", "criteria": [GATE["criteria"][0] | {"state": "pass"}] * 5000}
    with listening(as_json(passed)) as server:
        done = subprocess.run(
            ["bash", "-c", f"{sys.executable} {FILE} gate v --to s | head -1; exit ${{PIPESTATUS[0]}}"],
            **{"env": environment | {"MLGOV_URL": address(server)}, "capture_output": True, "text": True},
        )
    assert (done.returncode, done.stdout, done.stderr) == (0, "Gate to staging: PASS\n", "")


def test_a_log_gets_a_line_each_minute_and_no_bar(run, monkeypatch):
    waiting = as_json(GATE, "Mlgov-Open-Jobs: 2", "Preference-Applied: wait=50")
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 50 * len(server.requests))
    with listening(waiting) as server:
        _, _, err = run(address(server), "gate", "v", "--to", "staging", "--wait", "300")
    lines = err.splitlines()
    assert len(lines) == 4
    assert lines[0].startswith("mlgov: jobs that are open: 2 (")
    assert lines[-1] == "mlgov: Jobs about the version are still open (2): the verdict may change."


def test_why_it_asks_again_is_said(run):
    with listening(in_turn(answering("502 Bad Gateway", b"<html>"), as_json(GATE))) as server:
        assert (
            run(address(server), "gate", "v", "--to", "staging")[2]
            == "mlgov: 502: Bad Gateway Again in 1 s.\n"
        )


def test_nothing_is_sent_where_a_file_cannot_be_read_or_written(run, tmp_path):
    good = tmp_path / "good"
    good.write_bytes(b"x")
    os.mkfifo(tmp_path / "pipe")
    missing = str(tmp_path / "no" / "gate.xml")
    with listening(as_json({"id": "new"})) as server:
        for arguments in (
            ("upload", "m", str(good), str(tmp_path)),
            ("upload", "m", str(good), str(tmp_path / "none")),
            ("upload", "m", str(tmp_path / "pipe")),
            ("gate", "v", "--to", "staging", "--junit", missing),
            ("gate", "v", "--to", "staging", "--sarif", str(tmp_path)),
            ("card", "v", "--output", missing),
            ("promote", "v", "--to", "staging", "--key", "two\nlines"),
        ):
            assert run(address(server), *arguments)[0] == 2, arguments
        assert server.requests == []


def test_a_token_is_tried_before_a_large_file_is_sent(run, tmp_path):
    file = tmp_path / "m.npz"
    file.write_bytes(b"x" * 2 * cli.LARGE)
    refused = as_json({"code": "not_signed_in", "detail": "Unknown token."}, status="401 Unauthorized")
    with listening(refused) as server:
        status, _, err = run(address(server), "upload", "m", str(file))
    assert (status, err) == (3, "mlgov: 401: Unknown token.\n")
    assert len(server.requests) == 1
    no_right = as_json({"code": "forbidden", "detail": "No right to read."}, status="403 Forbidden")
    with listening(in_turn(no_right, as_json({"id": "new"}))) as server:
        assert run(address(server), "upload", "m", str(file))[:2] == (0, "new\n")


def test_a_name_that_is_no_text_is_sent_as_far_as_it_is(run, tmp_path):
    file = tmp_path / os.fsdecode(b"m\xff.npz")
    file.write_bytes(b"x")
    with listening(as_json({"id": "new"})) as server:
        assert run(address(server), "upload", "m", str(file))[0] == 0
    assert b'filename="m?.npz"' in server.requests[0]
    assert run("http://127.0.0.1:1", "gate", "v", "--to", "\udcff")[::2] == (
        2,
        "mlgov: An argument is not text.\n",
    )


@pytest.mark.parametrize("body", [b"{}", b"[]", b"null", b"<html>", b'{"state": "pass"}'])
def test_an_answer_of_somebody_else_is_no_verdict(run, body):
    with listening(answering("200 OK", body)) as server:
        status, _, err = run(address(server), "gate", "v", "--to", "staging")
    assert status == 3
    assert "Is MLGOV_URL" in err


@pytest.mark.parametrize("errors", [None, "text", [1, 2], {"a": 1}])
def test_a_problem_of_another_shape_is_still_said(run, errors):
    with listening(as_json({"detail": "No.", "errors": errors}, status="409 Conflict")) as server:
        status, _, err = run(address(server), "promote", "v", "--to", "staging")
    assert (status, err) == (1, "mlgov: 409: No.\n")


@pytest.mark.parametrize("tail", ["/", "/api/v1", "/api/v1/", "/api"])
def test_the_address_may_be_that_of_the_interface(run, tail):
    with listening(as_json(GATE)) as server:
        run(address(server) + tail, "gate", "v", "--to", "staging", token=f" {TOKEN}\n")
    assert server.requests[0].startswith(b"GET /api/v1/versions/v/gate?to=staging HTTP")
    assert f"Bearer {TOKEN}\r\n".encode() in server.requests[0]


@pytest.mark.parametrize(
    "url", ["https://[::1", "https://x:99999", "https://x:abc", "https://x/?a=b", "https://x y"]
)
def test_an_address_that_is_none_is_exit_status_2(run, url):
    status, _, err = run(url, "gate", "v", "--to", "staging")
    assert (status, "Set MLGOV_URL" in err) == (2, True)


def test_a_report_that_says_otherwise_by_then_does_not_pass(run, tmp_path):
    passed = as_json(GATE | {"state": "pass", "criteria": []})
    later = answering("200 OK", b"<testsuites/>", "Mlgov-Gate: fail")
    with listening(in_turn(passed, later)) as server:
        file = str(tmp_path / "gate.xml")
        assert run(address(server), "gate", "v", "--to", "staging", "--junit", file)[0] == 1
