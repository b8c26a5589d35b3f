#!/usr/bin/env python3
"""mlgov in a pipeline: one file, Python 3.9 or newer, nothing to install.

    mlgov gate VERSION --to STAGE [--wait 600] [--junit FILE] [--sarif FILE] [--markdown FILE]
    mlgov upload MODEL FILE [FILE ...] [--run RUN] [--change minor|major] [--commit SHA] [--description TEXT]
    mlgov evaluate VERSION FILE --dataset NAME --columns JSON [--split holdout] [--wait 600]
    mlgov promote VERSION --to STAGE [--note TEXT]
    mlgov card VERSION [--format json|pdf|FORMAT] [--output FILE]

MLGOV_URL is the address of the server and MLGOV_TOKEN a token of it. The token goes to that address alone and is never
printed; TLS is always verified (SSL_CERT_FILE names an authority of your own). --json prints what the server answered.

Exit status: 0 the gate passes, or it is done; 1 the gate says no, the request is refused, or the evaluation failed;
2 the command cannot be used like this; 3 the network or the server.
"""

from __future__ import annotations

import argparse
import email.utils
import http.client
import json
import os
import re
import secrets
import ssl
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

PASSED, SAID_NO, USAGE, BROKEN = 0, 1, 2, 3
#: Then seconds: of one answer, of one wait that the server grants, and that a server may ask us to pause.
ATTEMPTS, TIMEOUT, ONE_WAIT, LONGEST_PAUSE = 6, 90, 50, 60
CHUNK, BINARY = 256 * 1024, "application/octet-stream"
PASSING = {"pass", "waived"}
FINISHED = {"succeeded", "failed", "quarantined", "cancelled"}
REPORTS = {"junit": "application/junit+xml", "sarif": "application/sarif+json", "markdown": "text/markdown"}
COMMITS = ("GITHUB_SHA", "CI_COMMIT_SHA", "GIT_COMMIT")


class Failed(Exception):
    """The network failed, the server refused, or the command cannot be used like this (``status``)."""

    def __init__(self, sentence: str, status: int = BROKEN) -> None:
        super().__init__(sentence)
        self.status = status


class Again(Exception):
    """A sentence, and the seconds after which it may work, if the server said."""


def inert(text: str) -> str:
    """Return a text without what a terminal would obey."""
    return re.sub("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", "?", text)


def clean(text: Any) -> str:
    """Return a text of the server on one line."""
    return inert(" ".join(str(text).split()))


class Progress:
    """A bar on standard error while there is a person to see it."""

    def __init__(self) -> None:
        self.shown = sys.stderr.isatty()

    def bar(self, label: str, share: float) -> None:
        """Draw the bar anew."""
        if self.shown:
            full = int(30 * min(max(share, 0.0), 1.0))
            text = f"\r[{'#' * full}{' ' * (30 - full)}] {share:4.0%} {clean(label)[:40]:<40}"
            print(text, end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Take the bar away."""
        if self.shown:
            print("\r" + " " * 80 + "\r", end="", file=sys.stderr, flush=True)


class Form:
    """A multipart form whose file is read from the disk while it is sent, again for each attempt."""

    def __init__(self, fields: dict[str, str], file: Path, progress: Progress) -> None:
        self.file, self.progress, self.boundary = file, progress, secrets.token_hex(16)
        parts = [self._part(name) + f"\r\n\r\n{value}\r\n" for name, value in fields.items() if value]
        name = re.sub(r'[\r\n"\\]', "_", file.name)
        parts.append(f'{self._part("file")}; filename="{name}"\r\nContent-Type: {BINARY}\r\n\r\n')
        self.head = "".join(parts).encode()
        self.tail = f"\r\n--{self.boundary}--\r\n".encode()
        self.size = len(self.head) + file.stat().st_size + len(self.tail)

    def _part(self, name: str) -> str:
        return f'--{self.boundary}\r\nContent-Disposition: form-data; name="{name}"'

    def __iter__(self) -> Iterator[bytes]:
        yield self.head
        with self.file.open("rb") as stream:
            for chunk in iter(lambda: stream.read(CHUNK), b""):
                yield chunk
                self.progress.bar(f"sending {self.file.name}", stream.tell() / self.size)
        yield self.tail
        self.progress.clear()


class Answer(NamedTuple):
    """What the server answered."""

    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON; raises Failed."""
        try:
            return json.loads(self.body)
        except ValueError:
            raise Failed("The answer is not JSON. Is MLGOV_URL the address of mlgov?") from None


class _EveryAnswer(urllib.request.HTTPErrorProcessor):
    """Neither follows redirects, which could carry the token elsewhere, nor raises."""

    def http_response(self, request: Any, response: Any) -> Any:
        return response

    https_response = http_response


class Server:
    """The API of a server; asks again where that may help."""

    def __init__(self, url: str, token: str, progress: Progress, *, allow_http: bool) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.password:
            raise Failed("Set MLGOV_URL to the server, for example https://mlgov.example.org.", USAGE)
        local = re.fullmatch(r"localhost|::1|127(\.\d{1,3}){3}", parts.hostname)
        if parts.scheme == "http" and not local and not allow_http:
            raise Failed("Over http:// everybody reads the token. Use https://, or --allow-http.", USAGE)
        if not re.fullmatch(r"[!-~]+", token):
            raise Failed("Set MLGOV_TOKEN to a token of the server (the page Tokens of the portal).", USAGE)
        self.base, self.progress = url.rstrip("/"), progress
        self._headers = {"Authorization": f"Bearer {token}", "User-Agent": "mlgov-cli"}
        secure = urllib.request.HTTPSHandler(context=ssl.create_default_context())
        self._opener = urllib.request.build_opener(secure, _EveryAnswer)

    def get(self, path: str, *, accept: str = "application/json", wait: int = 0) -> Answer:
        """Read; with ``wait``, the server may take so many seconds until its work is done."""
        return self.call("GET", path, {"Accept": accept}, wait=wait)

    def post(self, path: str, body: Any, *, key: str) -> Any:
        """Do something once, however often it has to be sent; returns the JSON of the answer."""
        headers = {"Accept": "application/json", "Idempotency-Key": key}
        if isinstance(body, Form):
            headers["Content-Type"] = f"multipart/form-data; boundary={body.boundary}"
            headers["Content-Length"] = str(body.size)
        else:
            headers["Content-Type"], body = "application/json", json.dumps(body).encode()
        return self.call("POST", path, headers, body).json

    def call(self, verb: str, path: str, headers: dict[str, str], body: Any = None, wait: int = 0) -> Answer:
        """Send a request until it is answered; raises Failed."""
        for attempt in range(1, ATTEMPTS + 1):
            prefer = {"Prefer": f"wait={min(wait, ONE_WAIT)}"} if wait > 0 else {}
            try:
                return self._once(verb, path, {**self._headers, **headers, **prefer}, body)
            except Again as again:
                sentence, pause = again.args
            # Where too many wait already, an answer comes at once to who does not.
            wait = 0
            if attempt < ATTEMPTS:
                time.sleep(min(2.0 ** (attempt - 1) if pause is None else pause, LONGEST_PAUSE))
        raise Failed(f"{sentence} ({ATTEMPTS} attempts)")

    def _once(self, method: str, path: str, headers: dict[str, str], body: Any) -> Answer:
        request = urllib.request.Request(self.base + path, data=body, headers=headers, method=method)
        try:
            with self._opener.open(request, timeout=TIMEOUT) as response:
                answer = Answer(response.status, response.headers, response.read())
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            if isinstance(reason, ssl.SSLCertVerificationError):
                raise Failed(f"The certificate of {self.base} is not valid: {clean(reason)}.") from None
            raise Again(f"{self.base} cannot be reached: {clean(reason)}.", None) from None
        if answer.status < 300:
            return answer
        code, sentence = _problem(answer)
        if answer.status in {429, 502, 503, 504} or code == "still_running":
            raise Again(sentence, _pause(answer.headers.get("Retry-After")))
        raise Failed(sentence)


def _problem(answer: Answer) -> tuple[str, str]:
    """Return the code of a problem document and its sentence, or what can be said without one."""
    if 300 <= answer.status < 400:
        return "moved", "The server sends elsewhere, where this program does not follow. Correct MLGOV_URL."
    try:
        document = json.loads(answer.body)
        code, sentence = str(document.get("code", "")), f"{answer.status}: {clean(document['detail'])}"
    except (ValueError, KeyError, AttributeError, TypeError):
        return "", f"{answer.status}: {clean(http.client.responses.get(answer.status, 'the server refused'))}"
    faults = [f"{one.get('pointer', '')} {one.get('detail', '')}" for one in document.get("errors", [])[1:]]
    return code, " ".join([sentence, *(clean(one) for one in faults)])


def _pause(given: str | None) -> float | None:
    """Return the seconds of Retry-After, which is a number or a date (RFC 9110, section 10.2.3)."""
    try:
        if given is None or given.strip().isdigit():
            return float(given) if given else None
        return max(0.0, email.utils.parsedate_to_datetime(given).timestamp() - time.time())
    except (TypeError, ValueError):
        return None


def until(server: Server, seconds: int, look: Callable[[int], tuple[bool, Answer]]) -> Answer:
    """Ask until it is done or the time is over; returns the last answer."""
    ends = time.monotonic() + seconds
    while True:
        left = max(0, int(ends - time.monotonic()))
        done, answer = look(left)
        if done or left == 0:
            server.progress.clear()
            return answer
        if "Preference-Applied" not in answer.headers:
            time.sleep(2)


def gate(server: Server, options: argparse.Namespace) -> int:
    """Ask the gate, and write its reports."""
    asked = {name: getattr(options, name) for name in ("to", "policy", "revision")}
    query = urlencode({name: value for name, value in asked.items() if value})
    path = f"/api/v1/versions/{quote(options.version, safe='')}/gate?{query}"

    def look(left: int) -> tuple[bool, Answer]:
        answer = server.get(path, wait=left)
        jobs = answer.headers.get("Mlgov-Open-Jobs", "0")
        server.progress.bar(f"jobs that are open: {jobs}", 1 - left / max(options.wait, 1))
        return jobs == "0", answer

    found = until(server, options.wait, look).json
    for name, media_type in REPORTS.items():
        if target := getattr(options, name):
            target.write_bytes(server.get(path, accept=media_type).body)
    _show(options, found, _gate_lines)
    return PASSED if found["state"] == "pass" else SAID_NO


def _gate_lines(found: dict[str, Any]) -> list[str]:
    lines = [f"Gate to {found['to']}: {found['state'].upper()}", ""]
    for one in sorted(found["criteria"], key=lambda one: one["state"] in PASSING):
        shut = one["state"] not in PASSING
        told = clean(one["title"] + (f": {one['reason']}" if shut else ""))
        lines.append(f"  {one['state']:<12} {one['severity']:<5} {told}")
        for change in one["changes"] if shut else []:
            lines.append(f"{'':21}{clean(change['what'])} is {change['now']}, needed {change['needed']}")
        lines += [f"{'':21}{clean(one['remedy'])}"] if shut and one["remedy"] else []
    return [*lines, "", f"{found['policy']}, evidence {found['evidence_digest'][:12]}"]


def upload(server: Server, options: argparse.Namespace) -> int:
    """Register a version with its files."""
    names = [file.name for file in options.files]
    if len(set(names)) < len(names):
        raise Failed("Two files have one name; a version has one file of each name.", USAGE)
    fields = {name: getattr(options, name) for name in ("run", "change", "commit", "description")}
    fields["commit"] = fields["commit"] or next(filter(None, map(os.environ.get, COMMITS)), "")
    first = Form({**fields, "path": names[0]}, options.files[0], server.progress)
    path = f"/api/v1/models/{quote(options.model, safe='')}/versions"
    made = server.post(path, first, key=options.key)
    for number, file in enumerate(options.files[1:], start=1):
        form = Form({"path": file.name}, file, server.progress)
        server.post(f"/api/v1/versions/{made['id']}/artifacts", form, key=f"{options.key}-{number}")
    _show(options, made, lambda found: [str(found["id"])])
    return PASSED


def evaluate(server: Server, options: argparse.Namespace) -> int:
    """Upload predictions, and have them evaluated."""
    fields = {name: getattr(options, name) for name in ("columns", "dataset", "split")}
    version = f"/api/v1/versions/{quote(options.version, safe='')}"
    form = Form(fields, options.file, server.progress)
    sent = server.post(f"{version}/predictions", form, key=options.key)
    begun = server.post(f"/api/v1/predictions/{sent['id']}/evaluations", {}, key=f"{options.key}-1")
    job = _wait_for_job(server, begun["job"]["id"], options.wait)
    found = server.get(f"/api/v1/evaluations/{begun['id']}").json
    _show(options, found, lambda one: [f"Evaluation {one['id']}: {one['state']}", clean(one["error"])])
    if job["state"] not in FINISHED:
        raise Failed(f"The evaluation is not done after {options.wait} seconds; it goes on.")
    return PASSED if found["state"] == "complete" else SAID_NO


def _wait_for_job(server: Server, job: str, seconds: int) -> Any:
    def look(left: int) -> tuple[bool, Answer]:
        answer = server.get(f"/api/v1/jobs/{job}", wait=min(left, 2) if server.progress.shown else left)
        found = answer.json
        server.progress.bar(found["step"] or found["state"], found["progress"])
        return found["state"] in FINISHED, answer

    return until(server, seconds, look).json


def promote(server: Server, options: argparse.Namespace) -> int:
    """Ask for a promotion."""
    path = f"/api/v1/versions/{quote(options.version, safe='')}/promotions"
    made = server.post(path, {"to": options.to, "note": options.note}, key=options.key)
    _show(options, made, lambda found: _promotion_lines(server, found))
    return SAID_NO if made["state"] in {"refused", "rejected"} else PASSED


def _promotion_lines(server: Server, made: dict[str, Any]) -> list[str]:
    lines = [f"Promotion to {made['to_stage']}: {made['state']}", f"{server.base}/promotions/{made['id']}/"]
    for one in made["verdict"]["criteria"]:
        if one["severity"] == "block" and one["state"] not in PASSING:
            lines.append(f"  {one['state']:<12} {clean(one['title'])}: {clean(one['reason'])}")
    return lines


def card(server: Server, options: argparse.Namespace) -> int:
    """Write the model card."""
    base = f"/api/v1/versions/{quote(options.version, safe='')}"
    if options.format == "pdf":
        job = server.post(f"{base}/card/pdf", {}, key=options.key)
        if _wait_for_job(server, job["id"], options.wait)["state"] != "succeeded":
            raise Failed("The PDF was not made; its job says why.")
    named = {"json": f"{base}/card.json", "pdf": f"{base}/card/pdf"}
    path = named.get(options.format) or f"{base}/card/exports/{quote(options.format, safe='')}"
    content = server.get(path, accept="*/*").body
    if options.output:
        options.output.write_bytes(content)
    else:
        sys.stdout.buffer.write(content)
    return PASSED


def _show(options: argparse.Namespace, found: Any, lines: Callable[[Any], list[str]]) -> None:
    print(json.dumps(found, indent=2) if options.json else "\n".join(inert(line) for line in lines(found)))


#: How an argument is read; one that is not here is a text, and may be left out.
ARGUMENTS: dict[str, dict[str, Any]] = {
    **{name: {"type": Path} for name in ("file", "--junit", "--sarif", "--markdown", "--output")},
    **{name: {"required": True} for name in ("--to", "--dataset", "--columns")},
    **{name: {} for name in ("version", "model")},
    "files": {"type": Path, "nargs": "+", "metavar": "FILE"},
    "--change": {"choices": ["minor", "major"], "default": "minor"},
    "--split": {"default": "holdout"},
    "--format": {"default": "json"},
    "--wait": {"type": int, "default": 600, "help": "seconds to wait for jobs (600; 0: not at all)"},
    "--json": {"action": "store_true", "help": "print what the server answered"},
    "--key": {"default": secrets.token_hex(16), "help": "one key does a thing once, in a rerun too"},
    "--allow-http": {"action": "store_true", "help": "send the token without TLS"},
}
COMMANDS: dict[Callable[[Server, argparse.Namespace], int], str] = {
    gate: "version --to --policy --revision --junit --sarif --markdown",
    upload: "model files --run --change --commit --description",
    evaluate: "version file --dataset --columns --split",
    promote: "version --to --note",
    card: "version --format --output",
}


def _parser() -> argparse.ArgumentParser:
    about = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="mlgov", description=__doc__, formatter_class=about)
    commands = parser.add_subparsers(dest="command", required=True)
    for run, names in COMMANDS.items():
        one = commands.add_parser(run.__name__, help=run.__doc__)
        one.set_defaults(act=run)
        for name in f"{names} --wait --json --key --allow-http".split():
            one.add_argument(name, **ARGUMENTS.get(name, {"default": ""}))
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    options = _parser().parse_args(arguments)
    try:
        address, token = os.environ.get("MLGOV_URL", ""), os.environ.get("MLGOV_TOKEN", "")
        return int(options.act(Server(address, token, Progress(), allow_http=options.allow_http), options))
    except Failed as error:
        print(f"mlgov: {error}", file=sys.stderr)
        return error.status
    except OSError as error:  # a file; what the network did is said above
        print(f"mlgov: {clean(error.filename or '')} {clean(error.strerror or error)}", file=sys.stderr)
        return USAGE


if __name__ == "__main__":
    sys.exit(main())
