"""What one request reads many times is read once, and only where nothing is written."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from pytest_django import DjangoAssertNumQueries

from apps.core.memory import ReadOnceMiddleware, once
from apps.core.rows import rows_of
from apps.jobs.models import Job
from apps.projects.models import Project


def _answers(method: str) -> tuple[int, int]:
    """Return what a read gave first and last in one request of ``method``, while the value grew."""
    value = [0]

    @once
    def read(name: str) -> int:
        value[0] += 1
        return value[0]

    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(f"{read('a')} {read('a')}")

    first, last = ReadOnceMiddleware(view)(RequestFactory().generic(method, "/")).content.split()
    return int(first), int(last)


@pytest.mark.parametrize(
    ("method", "read"), [("GET", (1, 1)), ("HEAD", (1, 1)), ("POST", (1, 2)), ("PATCH", (1, 2))]
)
def test_only_requests_that_write_nothing_remember(method: str, read: tuple[int, int]) -> None:
    assert _answers(method) == read


def test_nothing_is_remembered_beyond_a_request_or_for_other_arguments() -> None:
    seen = []
    read = once(lambda name, *, size=1: seen.append((name, size)) or len(seen))
    middleware = ReadOnceMiddleware(
        lambda request: HttpResponse(f"{read('a')} {read('b')} {read('a', size=2)}")
    )
    for _ in range(2):
        middleware(RequestFactory().get("/"))
    assert seen == [("a", 1), ("b", 1), ("a", 2)] * 2
    assert read("a") != read("a")


def test_what_has_no_rows_costs_no_query_of_its_own(
    project: Project, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(2):
        found = rows_of(
            projects=Project.objects.select_related("policy_revision").order_by("name"),
            jobs=Job.objects.filter(kind="none"),
            none=Job.objects.none(),
        )
    assert found == {"projects": [project], "jobs": [], "none": []}
