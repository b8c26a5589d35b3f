"""The client for pipelines: how it is handed out, and how it behaves towards a server that is busy, wrong or hostile."""

import ast
import base64
import hashlib
import json
import re
import sys
import time

import pytest

from apps.api.cli import client as cli
from apps.api.download import FILE
from tests.core.test_outgoing import certificate
from tests.listening import answering, listening

TOKEN = "mlgov_a-secret-that-nobody-may-see"
GATE = {
    "state": "fail",
    "to": "staging",
    "policy": "standard revision 1",
    "evidence_digest": "ab" * 32,
    "criteria": [
        {
            **{"key": "auc", "title": "Good \x1b[2Jenough", "severity": "block", "state": "fail"},
            **{"reason": "It is\n0.5.", "remedy": "Train\x07 it.", "changes": []},
        }
    ],
}


@pytest.fixture
def run(monkeypatch, capsys):
    """Run a command against a server; returns the exit status, and what was printed."""
    pauses = []
    monkeypatch.setattr(time, "sleep", pauses.append)

    def command(url, *arguments, token=TOKEN):
        monkeypatch.setenv("MLGOV_URL", url)
        monkeypatch.setenv("MLGOV_TOKEN", token)
        status = cli.main(list(arguments))
        shown = capsys.readouterr()
        assert not token or token not in shown.out + shown.err
        return status, shown.out, shown.err

    command.pauses = pauses
    return command


def address(server):
    return f"http://127.0.0.1:{server.port}"


def in_turn(*handlers):
    left = list(handlers)
    return lambda connection, request: (left.pop(0) if len(left) > 1 else left[0])(connection, request)


def as_json(document, *headers, status="200 OK"):
    return answering(status, json.dumps(document).encode(), "Content-Type: application/json", *headers)


def test_it_is_handed_out_to_everybody_with_its_digest(client):
    answer = client.get("/cli/mlgov")
    digest = hashlib.sha256(answer.content).hexdigest()
    assert answer.status_code == 200
    assert answer.content == FILE.read_bytes()
    assert answer["ETag"] == f'"{digest}"'
    assert answer["Repr-Digest"] == f"sha-256=:{base64.b64encode(bytes.fromhex(digest)).decode()}:"
    assert answer["Content-Disposition"] == 'attachment; filename="mlgov"'
    assert client.get("/cli/mlgov.sha256").content.decode() == f"{digest}  mlgov\n"
    again = client.get("/cli/mlgov", headers={"If-None-Match": f'W/"{digest}"'})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/cli/mlgov", headers={"If-None-Match": '"other"'}).status_code == 200
    assert client.head("/cli/mlgov").status_code == 200
    assert client.post("/cli/mlgov").status_code == 405


def test_it_is_python_3_9_and_needs_the_standard_library_alone():
    tree = ast.parse(FILE.read_text(), feature_version=(3, 9))
    names = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module])
    }
    assert names <= sys.stdlib_module_names


def test_a_gate_that_says_no_is_exit_status_1_and_nothing_reaches_the_terminal(run):
    with listening(as_json(GATE)) as server:
        status, out, err = run(address(server), "gate", "v", "--to", "staging")
    assert status == 1
    assert "Gate to staging: FAIL" in out
    assert "Good ?[2Jenough\n      It is 0.5.\n" in out
    assert "Train? it." in out
    assert err == ""
    request = server.requests[0].decode()
    assert request.startswith("GET /api/v1/versions/v/gate?to=staging HTTP/1.1")
    assert f"Authorization: Bearer {TOKEN}" in request
    assert "Prefer: wait=50" in request


def test_no_text_is_a_command_to_a_ci_server(run):
    told = {"title": "##[add-mask]x", "reason": "::set-output name=a::b", "remedy": "see ##vso[task]"}
    with listening(as_json(GATE | {"criteria": [GATE["criteria"][0] | told]})) as server:
        shown = run(address(server), "gate", "v", "--to", "staging")[1]
        whole = run(address(server), "gate", "v", "--to", "staging", "--json")[1]
    for text in (shown, whole):
        assert not re.search(r"^\s*::|##\w*\[", text, re.MULTILINE)
    assert "# #[add-mask]x" in shown
    assert json.loads(whole)["criteria"][0]["title"] == "##[add-mask]x"


def test_a_gate_that_passes_is_0_and_writes_what_the_server_sent(run, tmp_path):
    passed = as_json(GATE | {"state": "pass", "criteria": []})
    with listening(in_turn(passed, answering("200 OK", b"<testsuites/>"))) as server:
        file = tmp_path / "gate.xml"
        status, out, _ = run(address(server), "gate", "v", "--to", "staging", "--junit", str(file), "--json")
    assert status == 0
    assert json.loads(out)["state"] == "pass"
    assert file.read_bytes() == b"<testsuites/>"
    assert "Accept: application/junit+xml" in server.requests[1].decode()


def test_it_waits_until_no_job_is_open(run):
    waiting = as_json(GATE, "Mlgov-Open-Jobs: 2", "Preference-Applied: wait=50")
    done = as_json(GATE | {"state": "pass", "criteria": []}, "Mlgov-Open-Jobs: 0")
    with listening(in_turn(waiting, done)) as server:
        assert run(address(server), "gate", "v", "--to", "staging")[0] == 0
        assert len(server.requests) == 2
        assert run.pauses == []


def test_it_does_what_retry_after_says_and_stops_waiting_where_no_seat_is(run):
    busy = as_json({"code": "too_many_waiting", "detail": "Full."}, "Retry-After: 7", status="503 Busy")
    with listening(in_turn(busy, as_json(GATE))) as server:
        assert run(address(server), "gate", "v", "--to", "staging")[0] == 1
    assert run.pauses == [7.0]
    assert "Prefer" not in server.requests[1].decode()


@pytest.mark.parametrize(
    ("given", "seconds"), [("5", 5), ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("soon", None), (None, None)]
)
def test_retry_after_is_a_number_or_a_date(given, seconds):
    assert cli._pause(given) == seconds


def test_a_server_that_stays_away_is_exit_status_3(run):
    with listening(answering()) as server:
        closed = address(server)
    status, _, err = run(closed, "promote", "v", "--to", "staging")
    assert status == 3
    assert "cannot be reached" in err
    assert len(run.pauses) == cli.ATTEMPTS - 1


def test_a_thing_that_is_sent_again_has_the_same_key_and_body(run, tmp_path):
    file = tmp_path / 'mo"del.npz'
    file.write_bytes(bytes(range(256)) * 3000)
    failing = answering("502 Bad Gateway", b"<html>")
    with listening(in_turn(failing, as_json({"id": "new"}, status="201 Created"))) as server:
        status, out, _ = run(address(server), "upload", "m", str(file), "--key", "mine")
    assert (status, out) == (0, "new\n")
    first, second = (request.split(b"\r\n\r\n", 1) for request in server.requests)
    assert b"Idempotency-Key: mine\r\n" in first[0] + b"\r\n"
    assert first[1] == second[1]
    told = base64.b64encode(hashlib.sha256(first[1]).digest()).decode()
    assert f"Content-Digest: sha-256=:{told}:\r\n".lower().encode() in first[0].lower() + b"\r\n"
    assert file.read_bytes() in first[1]
    assert b'filename="mo_del.npz"' in first[1]


def test_a_problem_is_said_in_its_sentence_with_all_faults(run):
    faults = [{"pointer": "/to", "detail": "A."}, {"pointer": "/note", "detail": "B."}]
    problem = as_json({"code": "invalid", "detail": "to: A.", "errors": faults}, status="422 Unprocessable")
    with listening(problem) as server:
        status, _, err = run(address(server), "promote", "v", "--to", "x")
    assert (status, err) == (3, "mlgov: 422: to: A. /note B.\n")
    assert run.pauses == []


def test_the_token_follows_no_redirect(run):
    with listening(answering()) as other:
        moved = answering("302 Found", b"", f"Location: {address(other)}/")
        with listening(moved) as server:
            status, _, err = run(address(server), "gate", "v", "--to", "staging")
    assert status == 3
    assert "Correct MLGOV_URL" in err
    assert other.requests == []


@pytest.mark.parametrize(
    ("url", "token", "says"),
    [
        ("http://mlgov.example.org", TOKEN, "everybody reads the token"),
        ("http://127.0.0.1.example.org", TOKEN, "everybody reads the token"),
        ("ftp://mlgov.example.org", TOKEN, "Set MLGOV_URL"),
        ("", TOKEN, "Set MLGOV_URL"),
        ("https://user:secret@mlgov.example.org", TOKEN, "Set MLGOV_URL"),
        ("https://mlgov.example.org", "", "Set MLGOV_TOKEN"),
        ("https://mlgov.example.org", "two\nlines", "Set MLGOV_TOKEN"),
    ],
)
def test_what_would_give_the_token_away_is_refused(run, url, token, says):
    status, _, err = run(url, "gate", "v", "--to", "staging", token=token)
    assert status == 2
    assert says in err


def test_a_certificate_of_nobody_is_refused_at_once(run, tmp_path):
    with listening(answering(), tls=certificate(tmp_path, "mlgov.example.org")) as server:
        status, _, err = run(f"https://127.0.0.1:{server.port}", "gate", "v", "--to", "staging")
    assert status == 3
    assert "is not valid" in err
    assert run.pauses == []
    assert server.requests == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("gate", "v"),
        ("fly",),
        ("evaluate", "v", "/no/such/file", "--dataset", "d", "--columns", "{}"),
        ("upload", "m", "/no/such/file"),
    ],
)
def test_a_command_that_cannot_be_used_is_exit_status_2(run, arguments):
    try:
        status = run("https://mlgov.example.org", *arguments)[0]
    except SystemExit as stopped:
        status = stopped.code
    assert status == 2


def test_an_evaluation_that_fails_is_1_and_one_that_takes_too_long_3(run, tmp_path):
    file = tmp_path / "p.csv"
    file.write_text("a\n1\n")
    arguments = ("evaluate", "v", str(file), "--dataset", "d", "--columns", "{}", "--wait", "0")
    sent, begun = as_json({"id": "p"}), as_json({"id": "e", "job": {"id": "j"}})
    for job, state, status in (
        ("failed", "failed", 1),
        ("running", "queued", 3),
        ("succeeded", "complete", 0),
    ):
        asked = as_json({"state": job, "step": "", "progress": 0.5})
        found = as_json({"id": "e", "state": state, "error": "Why."})
        with listening(in_turn(sent, begun, asked, found)) as server:
            assert run(address(server), *arguments)[0] == status


def test_a_card_is_written_as_it_is_in_the_format_named(run, tmp_path):
    for name, path in (("json", "card.json"), ("hugging-face", "card/exports/hugging-face")):
        with listening(answering("200 OK", b"\x00whole")) as server:
            file = tmp_path / name
            assert run(address(server), "card", "v", "--format", name, "--output", str(file))[0] == 0
        assert file.read_bytes() == b"\x00whole"
        assert server.requests[0].startswith(f"GET /api/v1/versions/v/{path} HTTP".encode())


def test_a_promotion_that_is_refused_is_1_with_what_is_in_the_way(run):
    made = {"id": "p", "to_stage": "staging", "verdict": {"criteria": GATE["criteria"]}}
    for state, status in (("refused", 1), ("open", 0)):
        with listening(as_json(made | {"state": state}, status="201 Created")) as server:
            found, out, _ = run(address(server), "promote", "v", "--to", "staging")
        assert found == status
        assert f"Promotion to staging: {state}" in out
        assert f"{address(server)}/promotions/p/" in out
        assert "Good ?[2Jenough\n      It is 0.5.\n" in out
