"""Whatever the OpenAPI document lets one send, the answer is one that it describes, and never a fault of ours.

schemathesis makes requests of the document, some as it says and some not; hypothesis draws the same ones each time. Each
is sent to the WSGI application and then undone, so that none depends on another.
"""

import copy
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest
import schemathesis
from django.core.signals import got_request_exception, request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.generation.feedback import NO_FEEDBACK
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from apps.api.openapi import document
from mlgov.wsgi import application
from tests.api import everything

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
#: A part of a file is sent as bytes are.
schemathesis.serializer.alias("application/partial-upload", "application/octet-stream")
#: Requests of an operation.
EXAMPLES = 6
#: Operations by the beginning of their address, so that workers share them.
PARTS = ("projects", "versions", "")


def served(environ: Any, start_response: Any) -> list[bytes]:
    """Answer a request, and close what was answered as a server does.

    As with Django's own client the connection stays, on which the test's transaction is open.
    """
    ends = (request_started, request_finished)
    for signal in ends:
        signal.disconnect(close_old_connections)
    try:
        answer = application(environ, start_response)
        try:
            return list(answer)
        finally:
            answer.close()
    finally:
        for signal in ends:
            signal.connect(close_old_connections)


@cache
def schema() -> Any:
    # Who is asked sends a token; credentials that are made up are refused, which other tests show.
    config = schemathesis.Config()
    loaded = schemathesis.openapi.from_dict(copy.deepcopy(document()), config=config)
    loaded.config.generation.update(with_security_parameters=False)
    loaded.app = served
    return loaded


def operations(part: str) -> Iterator[Any]:
    for found in schema().get_all_operations():
        operation = found.ok()
        first = operation.path.removeprefix("/api/v1/").split("/")[0]
        if first == part or (not part and first not in PARTS):
            yield operation


@contextmanager
def faults() -> Iterator[list[str]]:
    """Collect the tracebacks of what breaks meanwhile."""
    seen: list[str] = []

    def note(**_: Any) -> None:
        seen.append(traceback.format_exc())

    got_request_exception.connect(note)
    try:
        yield seen
    finally:
        got_request_exception.disconnect(note)


def cases(operation: Any, choices: list[dict[str, str]]) -> st.SearchStrategy[Any]:
    """Return requests as the document says and others, of what there is and of what there is not."""
    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    known = [
        operation.as_strategy(generation_mode=mode, feedback=NO_FEEDBACK, path_parameters=one)
        for mode in modes
        for one in choices or [None]
    ]
    return st.one_of([*known, operation.as_strategy(feedback=NO_FEEDBACK)])


def send(case: Any, token: str) -> Any:
    """Send a request, with the ETag of what it changes, and undo what it did."""
    # None of these jobs ends while somebody waits for it.
    case.headers.pop("Prefer", None)
    headers = {"Authorization": f"Bearer {token}"}
    with transaction.atomic():
        if case.method in {"PATCH", "PUT"} and "get" in case.operation.schema[case.path]:
            read = case.operation.schema[case.path]["GET"].Case(path_parameters=case.path_parameters)
            headers["If-Match"] = read.call(headers=headers).headers.get("etag", ['"1"'])[0]
        answer = case.call(headers=headers)
        transaction.set_rollback(True)
    return answer


def found_at(operation: Any, world: everything.Everything) -> dict[str, str]:
    """Send requests to an operation; return what is wrong with the answers, each fault once."""
    found: dict[str, str] = {}

    @settings(
        max_examples=EXAMPLES,
        phases=[Phase.generate],
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(cases(operation, world.parameters(operation.path)), st.sampled_from(world.tokens))
    def tried(case: Any, token: str) -> None:
        if isinstance(case.body, dict):
            case.body = world.filled(case.body)
        with faults() as seen:
            answer = send(case, token)
        try:
            case.validate_response(answer, checks=CHECKS)
        except FailureGroup as failures:
            for one in failures.exceptions:
                name = f"{operation.label}: {one.title} ({answer.status_code})"
                found.setdefault(name, "\n".join([name, str(one), repr(case), *seen]))

    tried()
    return found


@pytest.mark.parametrize("part", PARTS)
def test_every_answer_is_as_the_document_says(version, ada, dev, ben, rita, vera, ci, part):
    cast = {"ada": ada, "dev": dev, "ben": ben, "rita": rita, "vera": vera}
    world = everything.make(version, cast, ci.user, ci.secret)
    found: dict[str, str] = {}
    tried = 0
    for operation in operations(part):
        found |= found_at(operation, world)
        tried += 1
    assert tried > 40
    assert not found, "\n\n".join(found.values())


def test_every_kind_of_address_is_tried_with_what_there_is(version, ada, dev, ben, rita, vera, ci):
    cast = {"ada": ada, "dev": dev, "ben": ben, "rita": rita, "vera": vera}
    world = everything.make(version, cast, ci.user, ci.secret)
    for path in document()["paths"]:
        assert all(world.parameters(path)), path
