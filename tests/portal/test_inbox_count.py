"""The count in the frame of every page."""

import gc
import weakref

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.functional import SimpleLazyObject

from apps.gates import services as gates
from apps.portal import queries


class Asked:
    """Stands for a request, which its lazy user refers to."""


def test_what_is_remembered_keeps_no_request_alive(ben):
    request = Asked()
    user = SimpleLazyObject(lambda asked=request: asked and ben)
    queries.inbox_count(user)
    gone = weakref.ref(request)
    del request, user
    gc.collect()
    assert gone() is None


def test_it_is_counted_anew_after_an_event_or_a_minute_and_not_before(ready, dev, ben, monkeypatch):
    before = queries.inbox_count(ben)
    with CaptureQueriesContext(connection) as again:
        assert queries.inbox_count(ben) == before
    assert len(again) == 1
    with monkeypatch.context() as later, CaptureQueriesContext(connection) as anew:
        later.setattr(queries, "COUNTED_SECONDS", 0)
        assert queries.inbox_count(ben) == before
    assert len(anew) > 1
    gates.request_promotion(ready, to_stage="staging", by=dev)
    assert queries.inbox_count(ben) == before + 1


def test_of_very_many_people_some_are_counted_anew(ben, ada, monkeypatch):
    monkeypatch.setattr(queries, "MOST_COUNTED", 1)
    monkeypatch.setattr(queries, "_counted", {})
    for one in (ben, ada, ben):
        queries.inbox_count(one)
    assert set(queries._counted) == {ben.pk}
