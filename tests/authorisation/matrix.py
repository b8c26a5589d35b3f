"""Read the written matrix, walk the URL map, and ask one address as one person."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.contrib.messages import ERROR, get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import URLPattern, URLResolver, get_resolver
from django.views.generic.edit import ProcessFormView

from apps.api.base import Endpoint
from apps.portal.permissions_page import Case, read_matrix
from tests.cast import predictions_csv

FILE = Path(__file__).with_name("matrix.yaml")
PREFIX = "api/v1/"
#: MLflow's calls share a few addresses and take tokens alone; tests/mlflow/test_signing_in.py walks their own table.
PROTOCOL = "mlflow/"
VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Address:
    """An address of the URL map and what it takes."""

    name: str
    route: str
    verbs: tuple[str, ...]
    scopes: dict[str, str] | None

    @property
    def section(self) -> str:
        return "interface" if self.scopes is not None else "pages"


def addresses(resolver=None, prefix="", namespace="") -> Iterator[Address]:
    """Walk the URL map."""
    for entry in (resolver or get_resolver()).url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from addresses(entry, route, inner)
        elif isinstance(entry, URLPattern) and not route.startswith(PROTOCOL):
            view = entry.callback
            scopes = None
            cls = getattr(view, "cls", None)
            if cls is not None and issubclass(cls, Endpoint):
                scopes = {verb: str(scope) for verb, scope in cls.scopes.items()}
            name = route.removeprefix(PREFIX) if scopes is not None else namespace + (entry.name or route)
            yield Address(name if entry.name or scopes is not None else route, route, _verbs(view), scopes)


def _verbs(view) -> tuple[str, ...]:
    """Return the verbs that a view takes: by its class, else by ``require_http_methods``, else GET and POST."""
    cls = getattr(view, "cls", None) or getattr(view, "view_class", None)
    if cls is not None:
        return tuple(verb for verb in VERBS if _implements(cls, verb.lower()))
    while view is not None:
        for cell in getattr(view, "__closure__", None) or ():
            if isinstance(cell.cell_contents, list) and set(cell.cell_contents) <= {*VERBS, "HEAD"}:
                return tuple(verb for verb in VERBS if verb in cell.cell_contents)
        view = getattr(view, "__wrapped__", None)
    return ("GET", "POST")


def _implements(cls, verb: str) -> bool:
    """PUT of a form view is its POST under another name."""
    found = getattr(cls, verb, None)
    return verb in cls.http_method_names and found is not None and found is not ProcessFormView.put


def cases() -> list[Case]:
    """Return every row, with the answer to each role worked out."""
    return read_matrix(FILE)


def address_of(case: Case, address: Address, world) -> str:
    """Fill in the address: the row's object, else the world's object of the kind before ``<uuid:pk>``."""
    path, parts = "/" + address.route.replace("^", ""), address.route.split("/")
    for position, part in enumerate(parts):
        if "<" not in part:
            continue
        placeholder = part[part.index("<") : part.index(">") + 1]
        word = placeholder.strip("<>").split(":")[-1]
        path = path.replace(
            placeholder, case.at.get(word) or _filled(word, parts[position - 1], case, world), 1
        )
    return path


def _filled(word: str, kind: str, case: Case, world) -> str:
    if word == "pk" and kind == "keys":
        return "1"
    if word == "pk":
        return str(world.objects[case.object or kind].pk)
    if word == "number":
        return str(world.objects["number"].pk)
    return {"slug": "mortgages", "key": "bias", "provider_id": "nobody"}.get(word) or world.words[word]


def ask(case: Case, address: Address, role: str, world):
    """Send the request of a row as somebody."""
    client = world.client(role)
    headers = {}
    secret = world.secrets["token"] if role == "token" else ""
    if role == "narrow":
        secret = world.secrets[f"without {(address.scopes or {}).get(case.verb, 'read')}"]
    if secret:
        headers["Authorization"] = f"Bearer {secret}"
    if case.if_match:
        known = world.objects.get(case.if_match)
        headers["If-Match"] = f'"{known.lock_version if known else case.if_match}"'
    path = address_of(case, address, world)
    me = world.cast.get(world.people.get(role, ""))
    words = world.words | {"me": str(me.pk) if me else ""}
    if case.verb == "GET":
        return client.get(path, _said(case.query, words), headers=headers)
    body = _said(case.body, words)
    files = {name: _file(value) for name, value in body.items() if str(value).startswith("@")}
    send = getattr(client, case.verb.lower())
    if not case.interface or files:
        return send(path, body | files, headers=headers)
    return send(path, body, content_type="application/json", headers=headers)


def _said(value: Any, words: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _said(one, words) for key, one in value.items()}
    if isinstance(value, list):
        return [_said(one, words) for one in value]
    return value.format(**words) if isinstance(value, str) else value


def _file(value: str) -> SimpleUploadedFile:
    content = predictions_csv(rows=60) if value == "@predictions" else value[1:].encode() or b"notes"
    return SimpleUploadedFile("file.csv", io.BytesIO(content).read())


def outcome(case: Case, answer) -> str:
    """Say in the matrix's words what an answer is."""
    status = answer.status_code
    if (
        status in {301, 302, 303}
        and "/accounts/login/" in answer["Location"]
        and case.name not in {"account_logout", "identity:accept"}
    ):
        return "login"
    if status < 400:
        told = get_messages(answer.wsgi_request) if hasattr(answer, "wsgi_request") else []
        return "refused" if any(one.level >= ERROR for one in told) else "ok"
    if status == 403 or (status == 422 and not case.interface):
        return "refused"
    return str(status)


def end(answer) -> None:
    """Read and close a download; closing the answer itself would close the connection to the database."""
    if answer.streaming:
        for _ in answer.streaming_content:
            pass
    if getattr(answer, "file_to_stream", None):
        answer.file_to_stream.close()
