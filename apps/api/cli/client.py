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
2 the command cannot be used like this; 3 the network or the server; 130 somebody stopped it.
"""

from __future__ import annotations

import argparse
import base64
import email.utils
import hashlib
import http.client
import json
import os
import re
import secrets
import ssl
import sys
import textwrap
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TextIO
from urllib.parse import quote, urlencode, urlsplit

PASSED, SAID_NO, USAGE, BROKEN, STOPPED = 0, 1, 2, 3, 130
#: Then seconds: of one answer, of one wait that the server grants, and that a server may ask us to pause.
ATTEMPTS, TIMEOUT, ONE_WAIT, LONGEST_PAUSE = 6, 90, 50, 60
CHUNK, BINARY = 256 * 1024, "application/octet-stream"
#: Bytes from which on a token is tried before a file is sent: who refuses a large one may hang up before it says why.
LARGE = 1_000_000
#: Bytes from which on a file is sent in parts of PART bytes, so that a broken connection costs one of them.
IN_PARTS, PART = 50_000_000, 8 * 1024 * 1024
#: Times to ask again while the server joins the parts, which it does once more where a proxy did not wait for it.
JOINING = 180
#: Seconds after which a log that nobody sees a bar in gets a line: some CI servers end a job that says nothing.
SILENCE = 60
PASSING = {"pass", "waived"}
FINISHED = {"succeeded", "failed", "quarantined", "cancelled"}
REPORTS = {"junit": "application/junit+xml", "sarif": "application/sarif+json", "markdown": "text/markdown"}
COMMITS = ("GITHUB_SHA", "CI_COMMIT_SHA", "GIT_COMMIT")
INDENT = " " * 6


class Failed(Exception):
    """The network failed, the server refused by an HTTP status, or the command cannot be used like this."""

    def __init__(self, sentence: str, status: int = BROKEN, *, answered: int = 0) -> None:
        super().__init__(sentence)
        self.status, self.answered = status, answered


class Again(Exception):
    """A sentence, the seconds after which it may work, if the server said, and its code."""


def inert(text: str) -> str:
    """Return a text without what a terminal would obey, or a CI server that reads its log for commands."""
    text = re.sub("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", "?", text)
    return re.sub(
        r"##(?=\w*\[)|^(\s*)::", lambda found: "# #" if found[1] is None else f"{found[1]}: :", text
    )


def clean(text: Any) -> str:
    """Return a text of the server on one line."""
    return inert(" ".join(str(text).split()))


def columns(stream: TextIO) -> int | None:
    """Return how wide the terminal is, or None where there is none."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80 if stream.isatty() else None
    except (OSError, ValueError):
        return 80


class Progress:
    """A bar on standard error while there is a person to see it; in a log a line now and then."""

    def __init__(self) -> None:
        self.shown, self._said, self._drawn = sys.stderr.isatty(), time.monotonic(), False

    def bar(self, label: str, share: float) -> None:
        """Draw the bar anew."""
        share = min(max(share, 0.0), 1.0)
        if self.shown:
            wide = columns(sys.stderr) or 80
            full = int(30 * share)
            drawn = f"[{'#' * full}{' ' * (30 - full)}] " if wide >= 60 else ""
            text = f"{drawn}{share:4.0%} {clean(label)}"[: wide - 1]
            print(f"\r{text:<{wide - 1}}", end="", file=sys.stderr, flush=True)
            self._drawn = True
        elif time.monotonic() - self._said >= SILENCE:
            self.say(f"{clean(label)} ({share:.0%})")

    def clear(self) -> None:
        """Take the bar away."""
        if self._drawn:
            print("\r" + " " * ((columns(sys.stderr) or 80) - 1) + "\r", end="", file=sys.stderr, flush=True)
            self._drawn = False

    def say(self, sentence: str) -> None:
        """Say something that is not the answer."""
        self.clear()
        self._said = time.monotonic()
        print(f"mlgov: {sentence}", file=sys.stderr, flush=True)


class Form:
    """A multipart form whose file is read from the disk while it is sent, again for each attempt."""

    def __init__(self, fields: dict[str, str], file: Path, progress: Progress) -> None:
        if file.exists() and not file.is_file():
            raise Failed(f"{clean(file)} is not a file.", USAGE)
        with file.open("rb") as stream:
            self.length = os.fstat(stream.fileno()).st_size
        self.fields = {name: value for name, value in fields.items() if value}
        self.file, self.progress, self.boundary = file, progress, secrets.token_hex(16)
        parts = [self._part(name) + f"\r\n\r\n{value}\r\n" for name, value in self.fields.items()]
        name = re.sub(r'[\r\n"\\]', "_", file.name)
        parts.append(f'{self._part("file")}; filename="{name}"\r\nContent-Type: {BINARY}\r\n\r\n')
        self.head = "".join(parts).encode(errors="replace")
        self.tail = f"\r\n--{self.boundary}--\r\n".encode()
        self.size = len(self.head) + self.length + len(self.tail)

    def _part(self, name: str) -> str:
        return f'--{self.boundary}\r\nContent-Disposition: form-data; name="{name}"'

    def digest(self) -> str:
        """Return Content-Digest of the form."""
        return digest_field(self._parts("reading"))

    def sha256(self) -> str:
        """Return the SHA-256 of the file alone."""
        sha = hashlib.sha256()
        for chunk in self._chunks("reading"):
            sha.update(chunk)
        self.progress.clear()
        return sha.hexdigest()

    def part(self, offset: int) -> bytes:
        """Return the next bytes of the file."""
        with self.file.open("rb") as stream:
            stream.seek(offset)
            chunk = stream.read(min(PART, self.length - offset))
        if not chunk:
            raise Failed(f"{clean(self.file)} became shorter while it was sent.")
        return chunk

    def __iter__(self) -> Iterator[bytes]:
        return self._parts("sending")

    def _parts(self, doing: str) -> Iterator[bytes]:
        yield self.head
        yield from self._chunks(doing)
        yield self.tail
        self.progress.clear()

    def _chunks(self, doing: str) -> Iterator[bytes]:
        with self.file.open("rb") as stream:
            while left := self.length - stream.tell():
                chunk = stream.read(min(left, CHUNK))
                if not chunk:
                    raise Failed(f"{clean(self.file)} became shorter while it was sent.")
                yield chunk
                self.progress.bar(f"{doing} {self.file.name}", stream.tell() / self.size)


def digest_field(parts: Iterable[bytes]) -> str:
    """Return Content-Digest (RFC 9530): a body that comes out otherwise is refused."""
    sha = hashlib.sha256()
    for part in parts:
        sha.update(part)
    return f"sha-256=:{base64.b64encode(sha.digest()).decode()}:"


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
        url, token = re.sub(r"/+(api(/v1)?/*)?$", "", url.strip()), token.strip()
        try:
            parts = urlsplit(url)
            usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
        except ValueError:
            usable = False
        if (
            not usable
            or "@" in parts.netloc
            or parts.query
            or parts.fragment
            or not re.fullmatch("[!-~]+", url)
        ):
            raise Failed("Set MLGOV_URL to the server, for example https://mlgov.example.org.", USAGE)
        local = re.fullmatch(r"localhost|::1|127(\.\d{1,3}){3}", str(parts.hostname))
        if parts.scheme == "http" and not local and not allow_http:
            raise Failed("Over http:// everybody reads the token. Use https://, or --allow-http.", USAGE)
        if not re.fullmatch(r"[!-~]+", token):
            raise Failed("Set MLGOV_TOKEN to a token of the server (the page Tokens of the portal).", USAGE)
        self.base, self.progress = url, progress
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
            if body.size > LARGE:
                self._try_token()
            headers["Content-Type"] = f"multipart/form-data; boundary={body.boundary}"
            headers["Content-Length"] = str(body.size)
            headers["Content-Digest"] = body.digest()
        else:
            headers["Content-Type"], body = "application/json", json.dumps(body).encode()
        return self.call("POST", path, headers, body).json

    def send(self, path: str, form: Form, *, key: str, project: Callable[[], str]) -> Any:
        """Send a form; a large file goes before it, in parts of an upload in the ``project``. Returns the JSON."""
        if form.length <= IN_PARTS:
            return self.post(path, form, key=key)
        told = {"project": project(), "size": form.length, "sha256": form.sha256()}
        upload = self.post("/api/v1/uploads", told, key=f"{key}-upload")["id"]
        self._send_parts(f"/api/v1/uploads/{quote(str(upload), safe='')}", form)
        return self.post(path, {**form.fields, "upload": upload}, key=key)

    def _send_parts(self, path: str, form: Form) -> None:
        """Send what is not there yet, from the offset that the server tells; where it moved, from there."""
        place, complete, stuck = -1, False, 0
        while not complete:
            told = self.call("HEAD", path, {}).headers
            offset, complete = int(told["Upload-Offset"]), told["Upload-Complete"] == "?1"
            stuck, place = (0, offset) if offset > place else (stuck + 1, place)
            if stuck == ATTEMPTS:
                raise Failed(f"The upload does not get beyond {offset} of {form.length} bytes.")
            try:
                while not complete:
                    told = self._send_part(path, form, offset).headers
                    offset, complete = int(told["Upload-Offset"]), told["Upload-Complete"] == "?1"
            except Failed as error:
                # What was sent last may be there although its answer never came.
                if error.answered != 409:
                    raise
        self.progress.clear()

    def _send_part(self, path: str, form: Form, offset: int) -> Answer:
        part = form.part(offset) if offset < form.length else b""
        ends = offset + len(part)
        headers = {"Content-Type": "application/partial-upload", "Upload-Offset": str(offset)}
        headers["Upload-Complete"] = "?1" if ends == form.length else "?0"
        headers["Content-Digest"] = digest_field([part])
        answer = self.call("PATCH", path, headers, part)
        self.progress.bar(f"sending {form.file.name}", ends / form.length)
        return answer

    def _try_token(self) -> None:
        try:
            self.get("/api/v1/me")
        except Failed as error:
            if error.answered != 403:  # a token that may do other things than read is a token
                raise

    def call(self, verb: str, path: str, headers: dict[str, str], body: Any = None, wait: int = 0) -> Answer:
        """Send a request until it is answered; raises Failed."""
        tried = dict.fromkeys((ATTEMPTS, JOINING), 0)
        while True:
            prefer = {"Prefer": f"wait={min(wait, ONE_WAIT)}"} if wait > 0 else {}
            try:
                return self._once(verb, path, {**self._headers, **headers, **prefer}, body)
            except Again as again:
                sentence, pause, code = again.args
            # Where too many wait already, an answer comes at once to who does not.
            wait = 0
            most = JOINING if code == "upload_busy" else ATTEMPTS
            tried[most] += 1
            if tried[most] == most:
                raise Failed(f"{sentence} ({most} attempts)")
            seconds = min(2.0 ** min(tried[most] - 1, 6) if pause is None else pause, LONGEST_PAUSE)
            if code != "too_many_waiting":
                self.progress.say(f"{sentence} Again in {seconds:.0f} s.")
            time.sleep(seconds)

    def _once(self, method: str, path: str, headers: dict[str, str], body: Any) -> Answer:
        request = urllib.request.Request(self.base + path, data=body, headers=headers, method=method)
        try:
            with self._opener.open(request, timeout=TIMEOUT) as response:
                answer = Answer(response.status, response.headers, response.read())
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            if isinstance(reason, ssl.SSLCertVerificationError):
                raise Failed(f"The certificate of {self.base} is not valid: {clean(reason)}.") from None
            raise Again(f"{self.base} cannot be reached: {clean(reason)}.", None, "") from None
        if answer.status < 300:
            return answer
        code, sentence = _problem(answer)
        if answer.status in {429, 502, 503, 504} or code in {"still_running", "upload_busy"}:
            raise Again(sentence, _pause(answer.headers.get("Retry-After")), code)
        raise Failed(sentence, SAID_NO if answer.status == 409 else BROKEN, answered=answer.status)


def _problem(answer: Answer) -> tuple[str, str]:
    """Return the code of a problem document and its sentence, or what can be said without one."""
    if 300 <= answer.status < 400:
        target = clean(answer.headers.get("Location", "elsewhere"))[:200]
        return "moved", f"The server sends to {target}, where the token does not go. Correct MLGOV_URL."
    try:
        document = json.loads(answer.body)
        code, sentence = str(document.get("code", "")), f"{answer.status}: {clean(document['detail'])}"
    except (ValueError, KeyError, AttributeError, TypeError):
        return "", f"{answer.status}: {clean(http.client.responses.get(answer.status, 'the server refused'))}"
    more = document.get("errors")
    faults = [one for one in more[1:] if isinstance(one, dict)] if isinstance(more, list) else []
    told = [clean(f"{one.get('pointer', '')} {one.get('detail', '')}") for one in faults]
    return code, " ".join([sentence, *told])


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
    """Ask the gate whether a version may go to a stage, and write its reports."""
    asked = {name: getattr(options, name) for name in ("to", "policy", "revision")}
    query = urlencode({name: value for name, value in asked.items() if value})
    path = f"/api/v1/versions/{quote(options.version, safe='')}/gate?{query}"
    targets = {name: getattr(options, name) for name in REPORTS if getattr(options, name)}
    for target in targets.values():
        _writable(target)

    def look(left: int) -> tuple[bool, Answer]:
        answer = server.get(path, wait=left)
        jobs = _open_jobs(answer)
        server.progress.bar(f"jobs that are open: {jobs}", 1 - left / max(options.wait, 1))
        return jobs == "0", answer

    answer = until(server, options.wait, look)
    found, states = answer.json, [answer.json["state"]]
    for name, target in targets.items():
        report = server.get(path, accept=REPORTS[name])
        states.append(report.headers.get("Mlgov-Gate", "pass"))
        target.write_bytes(report.body)
    _show(options, found, _gate_lines)
    if (jobs := _open_jobs(answer)) != "0":
        server.progress.say(f"Jobs about the version are still open ({jobs}): the verdict may change.")
    return PASSED if set(states) == {"pass"} else SAID_NO


def _open_jobs(answer: Answer) -> str:
    return clean(answer.headers.get("Mlgov-Open-Jobs", "0"))


def _gate_lines(found: dict[str, Any]) -> list[str]:
    def place(one: dict[str, Any]) -> tuple[bool, bool]:
        return one["state"] in PASSING, one["severity"] != "block"

    lines = [f"Gate to {found['to']}: {found['state'].upper()}", ""]
    for one in sorted(found["criteria"], key=place):
        lines.append(f"  {one['state']:<12} {one['severity']:<5} {clean(one['title'])}")
        if one["state"] not in PASSING:
            changes = [f"{one['what']} is {one['now']}, needed {one['needed']}" for one in one["changes"]]
            lines += [INDENT + clean(told) for told in (one["reason"], *changes, one["remedy"]) if told]
    return [*lines, "", f"{found['policy']}, evidence {found['evidence_digest'][:12]}"]


def upload(server: Server, options: argparse.Namespace) -> int:
    """Register the next version of a model with its files, and print its id."""
    names = [file.name for file in options.files]
    if len(set(names)) < len(names):
        raise Failed("Two files have one name; a version has one file of each name.", USAGE)
    fields = {name: getattr(options, name) for name in ("run", "change", "commit", "description")}
    fields["commit"] = fields["commit"] or next(filter(None, map(os.environ.get, COMMITS)), "")
    first = Form({**fields, "path": names[0]}, options.files[0], server.progress)
    others = [Form({"path": file.name}, file, server.progress) for file in options.files[1:]]
    path = f"/api/v1/models/{quote(options.model, safe='')}/versions"
    project = _project_of(server, options.model)
    made = server.send(path, first, key=options.key, project=project)
    for number, form in enumerate(others, start=1):
        pinned = f"/api/v1/versions/{made['id']}/artifacts"
        server.send(pinned, form, key=f"{options.key}-{number}", project=project)
    _show(options, made, lambda found: [str(found["id"])])
    return PASSED


def _project_of(server: Server, model: str) -> Callable[[], str]:
    """Return what asks for the project of a model, which only an upload in parts needs to know."""
    return lambda: str(server.get(f"/api/v1/models/{quote(model, safe='')}").json["project"])


def evaluate(server: Server, options: argparse.Namespace) -> int:
    """Upload predictions of a version, and have them evaluated."""
    fields = {name: getattr(options, name) for name in ("columns", "dataset", "split")}
    version = f"/api/v1/versions/{quote(options.version, safe='')}"
    form = Form(fields, options.file, server.progress)

    def project() -> str:
        return _project_of(server, str(server.get(version).json["model"]))()

    sent = server.send(f"{version}/predictions", form, key=options.key, project=project)
    begun = server.post(f"/api/v1/predictions/{sent['id']}/evaluations", {}, key=f"{options.key}-1")
    job = _wait_for_job(server, begun["job"]["id"], options.wait)
    found = server.get(f"/api/v1/evaluations/{begun['id']}").json
    _show(options, found, _evaluation_lines)
    if job["state"] not in FINISHED:
        raise Failed(f"The evaluation is not done after {options.wait} seconds; it goes on.")
    return PASSED if found["state"] == "complete" else SAID_NO


def _evaluation_lines(found: dict[str, Any]) -> list[str]:
    told = [INDENT + clean(found["error"])] if found["error"] else []
    return [f"Evaluation {found['id']}: {found['state']}", *told]


def _wait_for_job(server: Server, job: str, seconds: int) -> Any:
    def look(left: int) -> tuple[bool, Answer]:
        answer = server.get(f"/api/v1/jobs/{job}", wait=min(left, 2) if server.progress.shown else left)
        found = answer.json
        server.progress.bar(found["step"] or found["state"], found["progress"])
        return found["state"] in FINISHED, answer

    return until(server, seconds, look).json


def promote(server: Server, options: argparse.Namespace) -> int:
    """Ask for a promotion; people sign it in the portal."""
    path = f"/api/v1/versions/{quote(options.version, safe='')}/promotions"
    made = server.post(path, {"to": options.to, "note": options.note}, key=options.key)
    _show(options, made, lambda found: _promotion_lines(server, found))
    return SAID_NO if made["state"] in {"refused", "rejected"} else PASSED


def _promotion_lines(server: Server, made: dict[str, Any]) -> list[str]:
    lines = [f"Promotion to {made['to_stage']}: {made['state']}", f"{server.base}/promotions/{made['id']}/"]
    for one in made["verdict"]["criteria"]:
        if one["severity"] == "block" and one["state"] not in PASSING:
            lines.append(f"  {one['state']:<12} {one['severity']:<5} {clean(one['title'])}")
            lines.append(INDENT + clean(one["reason"]))
    return lines


def card(server: Server, options: argparse.Namespace) -> int:
    """Write the model card of a version."""
    if options.output:
        _writable(options.output)
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
        _print(content)
    return PASSED


def _writable(target: Path) -> None:
    """Refuse what could not be written, before anything is waited for."""
    if target.is_dir() or not target.parent.is_dir():
        raise Failed(f"{clean(target)} cannot be written: its folder is missing, or it is one.", USAGE)


def _show(options: argparse.Namespace, found: Any, lines: Callable[[Any], list[str]]) -> None:
    """Print what was answered: for people as lines, on a terminal folded at its edge."""
    if options.json:
        _print(json.dumps(found, indent=2).replace("##", "#\\u0023").encode() + b"\n")
        return
    wide, shown = columns(sys.stdout), [inert(line) for line in lines(found)]
    if wide:
        folded = textwrap.TextWrapper(max(wide - 1, 20), subsequent_indent=INDENT, break_on_hyphens=False)
        shown = ["\n".join(folded.wrap(line)) for line in shown]
    _print("\n".join([*shown, ""]).encode(sys.stdout.encoding or "utf-8", "replace"))


def _print(content: bytes) -> None:
    """Write to standard output; whoever reads it may have seen enough, which changes no exit status."""
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


#: How an argument is read, and what it is.
ARGUMENTS: dict[str, dict[str, Any]] = {
    "version": {"help": "the id of the version, as upload prints it"},
    "model": {"help": "the id of the model"},
    "file": {"type": Path, "metavar": "FILE", "help": "the predictions: Parquet, CSV or JSON Lines"},
    "files": {"type": Path, "nargs": "+", "metavar": "FILE", "help": "a file of the model"},
    "--to": {"required": True, "metavar": "STAGE", "help": "the stage to ask for, such as staging"},
    "--policy": {"metavar": "PACK", "help": "try the gate of another policy"},
    "--revision": {"metavar": "NUMBER", "help": "try the gate of another revision of the policy"},
    "--junit": {"type": Path, "metavar": "FILE", "help": "write the verdict as JUnit XML"},
    "--sarif": {"type": Path, "metavar": "FILE", "help": "write the verdict as SARIF"},
    "--markdown": {"type": Path, "metavar": "FILE", "help": "write the verdict as Markdown, for a comment"},
    "--run": {"metavar": "RUN", "help": "the id of the run that trained it"},
    "--change": {"choices": ["minor", "major"], "default": "minor", "help": "how much is new in it (minor)"},
    "--commit": {"metavar": "SHA", "help": f"the commit it is from (by itself: {', '.join(COMMITS)})"},
    "--description": {"metavar": "TEXT", "help": "what is new in it"},
    "--dataset": {"required": True, "metavar": "NAME", "help": "the data set that was predicted"},
    "--columns": {"required": True, "metavar": "JSON", "help": 'such as {"label": "y", "score": "p"}'},
    "--split": {"default": "holdout", "metavar": "NAME", "help": "which part of the data set (holdout)"},
    "--note": {"metavar": "TEXT", "help": "why it is asked for"},
    "--format": {"default": "json", "help": "json, pdf, or a format of the exports (json)"},
    "--output": {"type": Path, "metavar": "FILE", "help": "where to write it (standard output)"},
    "--wait": {"type": int, "default": 600, "metavar": "SECONDS", "help": "for jobs (600; 0: not at all)"},
    "--json": {"action": "store_true", "help": "print what the server answered"},
    "--key": {"metavar": "TEXT", "help": "one key does a thing once, in a rerun too"},
    "--allow-http": {"action": "store_true", "help": "send the token without TLS"},
}
COMMANDS: dict[Callable[[Server, argparse.Namespace], int], str] = {
    gate: "version --to --policy --revision --junit --sarif --markdown --wait --json",
    upload: "model files --run --change --commit --description --key --json",
    evaluate: "version file --dataset --columns --split --wait --key --json",
    promote: "version --to --note --key --json",
    card: "version --format --output --wait --key",
}


def _parser() -> argparse.ArgumentParser:
    about = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="mlgov", description=__doc__, formatter_class=about)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for run, names in COMMANDS.items():
        one = commands.add_parser(run.__name__, help=run.__doc__, description=run.__doc__)
        one.set_defaults(act=run, key="")
        for name in f"{names} --allow-http".split():
            text = name.startswith("--") and not {"action", "type"} & set(ARGUMENTS[name])
            one.add_argument(name, **{**({"default": ""} if text else {}), **ARGUMENTS[name]})
    return parser


def _run(options: argparse.Namespace) -> int:
    options.key = options.key or secrets.token_hex(16)
    if not re.fullmatch("[!-~]{1,190}", options.key):
        raise Failed("A key is of at most 190 letters, digits and signs of ASCII, without spaces.", USAGE)
    address, token = os.environ.get("MLGOV_URL", ""), os.environ.get("MLGOV_TOKEN", "")
    server = Server(address, token, Progress(), allow_http=options.allow_http)
    try:
        return int(options.act(server, options))
    finally:
        server.progress.clear()


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    options = _parser().parse_args(arguments)
    try:
        return _run(options)
    except Failed as error:
        status, sentence = error.status, str(error)
    except OSError as error:  # a file; what the network did is said above
        status, sentence = USAGE, clean(f"{error.filename or ''} {error.strerror or error}")
    except UnicodeError:
        status, sentence = USAGE, "An argument is not text."
    except (AttributeError, KeyError, TypeError) as error:
        missed = f"{type(error).__name__} {clean(error)}"
        status, sentence = BROKEN, f"The answer is none of mlgov's ({missed}). Is MLGOV_URL its address?"
    except KeyboardInterrupt:
        again = (
            f" The same command with --key {options.key} goes on." if "--key" in COMMANDS[options.act] else ""
        )
        status, sentence = STOPPED, f"Stopped.{again}"
    print(f"mlgov: {sentence}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
