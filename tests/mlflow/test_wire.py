"""JSON as protobuf writes it; no database."""

import json
import math

import pytest
from django.http import QueryDict

from apps.core.errors import Invalid
from apps.mlflow import wire
from apps.mlflow.messages import CreateRun, History, HistoryBulk, LogBatch, LogMetric, SearchRuns


def metric(**more):
    return json.dumps({"run_id": "r", "key": "k", "value": 1, "timestamp": 2, **more}).encode()


@pytest.mark.parametrize(
    ("given", "step"),
    [({}, None), ({"step": 5}, 5), ({"step": "5"}, 5), ({"step": "-3"}, -3), ({"step": None}, None)],
)
def test_an_integer_comes_as_a_number_or_a_string(given, step):
    assert wire.decode(metric(**given), LogMetric).step == step


@pytest.mark.parametrize(
    ("value", "found"),
    [(1, 1.0), (0.5, 0.5), ("0.5", 0.5), ("1e3", 1000.0), ("Infinity", math.inf), ("-Infinity", -math.inf)],
)
def test_a_double_comes_in_many_forms(value, found):
    form = wire.decode(metric(value=value), LogMetric)
    assert wire.number(form.value, parameter="value") == found


@pytest.mark.parametrize("body", [metric(value="NaN"), metric(value=math.nan)])
def test_nan_comes_bare_or_as_a_string(body):
    form = wire.decode(body, LogMetric)
    assert math.isnan(wire.number(form.value, parameter="value"))


def test_what_json_has_no_number_for_goes_out_as_its_name():
    assert [wire.double(one) for one in (math.nan, math.inf, -math.inf, 0.5)] == [
        "NaN",
        "Infinity",
        "-Infinity",
        0.5,
    ]


def test_what_is_unknown_is_ignored():
    assert wire.decode(b'{"experiment_id": "3", "colour": {"deep": [1]}}', CreateRun).experiment_id == "3"
    assert wire.decode(b"", CreateRun).experiment_id is None


@pytest.mark.parametrize(
    ("body", "form", "sentence"),
    [
        ({"experiment_id": 3}, CreateRun, "Invalid value 3 for parameter 'experiment_id' supplied"),
        ({"run_id": 31}, LogBatch, "Invalid value 31 for parameter 'run_id' supplied"),
        ({"metrics": "foo"}, LogBatch, "Invalid value \"foo\" for parameter 'metrics' supplied"),
        (
            {"metrics": [{"key": "a", "value": 1}]},
            LogBatch,
            "Missing value for required parameter 'metrics[0].timestamp'",
        ),
        (
            {"metrics": [{"key": 5, "value": 1, "timestamp": 1}]},
            LogBatch,
            "Invalid value 5 for parameter 'metrics[0].key' supplied",
        ),
        ({"key": None, "value": 1, "timestamp": 1}, LogMetric, "Missing value for required parameter 'key'"),
        ({"value": 1, "timestamp": 1}, LogMetric, "Missing value for required parameter 'key'"),
        (
            {"key": "a", "value": 1, "timestamp": "foo"},
            LogMetric,
            "Invalid value \"foo\" for parameter 'timestamp' supplied",
        ),
        ({"key": "a", "value": 1, "timestamp": 2**63}, LogMetric, "for parameter 'timestamp' supplied"),
        (
            {"key": "a", "value": [], "timestamp": 1},
            LogMetric,
            "Invalid value [] for parameter 'value' supplied",
        ),
    ],
)
def test_a_wrong_value_is_named_as_mlflow_names_it(body, form, sentence):
    with pytest.raises(Invalid) as raised:
        wire.decode(json.dumps(body).encode(), form)
    assert sentence in raised.value.sentence


@pytest.mark.parametrize("value", ["foo", "1_0", "nan ", "", "١"])
def test_a_string_that_is_no_number_is_refused(value):
    form = wire.decode(metric(value=value), LogMetric)
    with pytest.raises(Invalid, match="for parameter 'value' supplied"):
        wire.number(form.value, parameter="value")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'"x"',
        b"\xff",
        b'{"run_name": "\xff"}',
        b"[" * 100_000,
        b'{"x": ' + b"[" * 100_000,
        b'{"run_name": "\\u0000"}',
        b'{"run_name": "\\ud800"}',
    ],
)
def test_what_is_no_json_object_or_no_text_is_refused(body):
    with pytest.raises(Invalid):
        wire.decode(body, CreateRun)


def test_what_is_nested_without_end_is_refused_also_beside_what_nobody_knows():
    body = b'{"unknown": ' + b"[" * 900 + b'"\\u0000"' + b"]" * 900 + b"}"
    with pytest.raises(Invalid):
        wire.decode(body, SearchRuns)


def test_a_query_has_numbers_and_lists():
    found = wire.decode_query(QueryDict("run_id=a&metric_key=m&max_results=5"), History)
    assert (found.run_id, found.metric_key, found.max_results) == ("a", "m", 5)
    found = wire.decode_query(QueryDict("run_ids=a&run_ids=b&metric_key=m"), HistoryBulk)
    assert found.run_ids == ["a", "b"]
    assert wire.decode_query(QueryDict("run_id[]=a&metric_key=m"), HistoryBulk).run_id == ["a"]
    with pytest.raises(Invalid, match="metric_key"):
        wire.decode_query(QueryDict("run_id=a"), History)
    with pytest.raises(Invalid, match="NUL"):
        wire.decode_query(QueryDict("run_id=%00&metric_key=m"), History)


def test_a_search_without_anything_has_its_defaults():
    assert wire.decode(b'{"max_results": "7", "run_view_type": "ALL"}', SearchRuns).max_results == 7
