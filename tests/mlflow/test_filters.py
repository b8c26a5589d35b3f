"""The language of searches, sentence by sentence; no database."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.mlflow.filters import (
    EXPERIMENTS,
    RUNS,
    BadFilter,
    Comparison,
    Key,
    Ordering,
    parse_filter,
    parse_order,
)


def test_a_search_has_an_end():
    """A pattern would take minutes for what ends neither in asc nor in desc; the many would be one statement."""
    with pytest.raises(BadFilter, match="one name"):
        parse_order(["a" + " " * 1_000_000 + "b"])
    with pytest.raises(BadFilter, match="at most 100 comparisons"):
        parse_filter(" AND ".join(["metrics.a > 1"] * 20_000))
    with pytest.raises(BadFilter, match="at most 20 clauses"):
        parse_order(["metrics.a"] * 1000)


@pytest.mark.parametrize(
    ("text", "kind", "name", "operator", "value"),
    [
        ("metrics.auc > 0.8", "metric", "auc", ">", 0.8),
        ("metric.auc >= -1e-3", "metric", "auc", ">=", -0.001),
        ("metrics.`val/auc x` <= .5", "metric", "val/auc x", "<=", 0.5),
        ('metrics."a b" != 5', "metric", "a b", "!=", 5.0),
        ("metrics.val/auc=1", "metric", "val/auc", "=", 1.0),
        ("params.C = '1'", "parameter", "C", "=", "1"),
        ("param.x LIKE 'a%'", "parameter", "x", "LIKE", "a%"),
        ('parameters.x ilike "A%"', "parameter", "x", "ILIKE", "A%"),
        ("tags.mlflow.source.name = 'train.py'", "tag", "mlflow.source.name", "=", "train.py"),
        ("tags.`mlflow.parentRunId` = 'abc'", "tag", "mlflow.parentRunId", "=", "abc"),
        ("tag.a != 'it''s'", "tag", "a", "!=", "it's"),
        ("tags.a = 'x AND y'", "tag", "a", "=", "x AND y"),
        ("tags.a IS NULL", "tag", "a", "IS NULL", None),
        ("params.a is not null", "parameter", "a", "IS NOT NULL", None),
        ("attributes.status = 'RUNNING'", "attribute", "status", "=", "RUNNING"),
        ("attr.run_name = 'x'", "attribute", "run_name", "=", "x"),
        ("run.user_id = 'x'", "attribute", "user_id", "=", "x"),
        ("run_name LIKE '%x'", "attribute", "run_name", "LIKE", "%x"),
        ("attributes.`Run name` = 'x'", "attribute", "run_name", "=", "x"),
        ("`run name` = 'x'", "attribute", "run_name", "=", "x"),
        ("Created > 100", "attribute", "start_time", ">", 100.0),
        ("end_time <= 1700000000000", "attribute", "end_time", "<=", 1.7e12),
        ("run_id IN ('a','b')", "attribute", "run_id", "IN", ("a", "b")),
        ("run_id NOT IN ( 'a' )", "attribute", "run_id", "NOT IN", ("a",)),
        ("datasets.name = 'iris'", "dataset", "name", "=", "iris"),
        ("dataset.digest IN ('1', '2')", "dataset", "digest", "IN", ("1", "2")),
        ("  metrics.auc>0.8  ", "metric", "auc", ">", 0.8),
    ],
)
def test_a_comparison_is_read(text, kind, name, operator, value):
    assert parse_filter(text) == (Comparison(Key(kind, name), operator, value),)


def test_comparisons_are_joined_by_and():
    found = parse_filter("metrics.a > 1 and params.b = 'x' AND status = 'FINISHED'")
    assert [one.key.name for one in found] == ["a", "b", "status"]
    assert parse_filter("") == parse_filter("  ") == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("metrics.a > 1 OR metrics.b > 2", "joined by AND"),
        ("metrics.a", "a comparator"),
        ("metrics.a >", "numeric value"),
        ("metrics.a > 'x'", "Expected numeric value type for metric. Found 'x'"),
        ("metrics.a LIKE 'x'", "Invalid comparator 'LIKE'"),
        ("params.a = 1", "Expected a quoted string value for parameter"),
        ("params.a = x", "Expected a quoted string value"),
        ("params.a > '1'", "Invalid comparator '>'"),
        ("tags.a IN ('x')", "Invalid comparator 'IN'"),
        ("status IN ('x')", "Invalid comparator 'IN'"),
        ("start_time = 'x'", "numeric attribute: start_time"),
        ("attributes.colour = 'x'", "Invalid attribute key 'colour' specified. Valid keys are"),
        ("colour = 'x'", "Invalid attribute key 'colour'"),
        ("datasets.size = 'x'", "Invalid dataset key 'size'"),
        ("models.a = 'x'", "Invalid entity type 'models'"),
        ("run_id IN ()", "a list holds quoted texts"),
        ("run_id IN ('a' 'b')", "separated by commas"),
        ("run_id IN 'a'", "followed by a list"),
        ("run_id NOT 'a'", "NOT is followed by IN"),
        ("tags.a IS 'x'", "IS is followed by NULL"),
        ("tags.a = 'x' AND", "begins with a name"),
        ("1 = 1", "begins with a name"),
        ("tags.a = 'x'; DROP TABLE runs", "cannot be read"),
        ("(metrics.a > 1)", "begins with a name"),
        ("tags.a = 'open", "cannot be read"),
    ],
)
def test_what_cannot_be_read_says_why(text, words):
    with pytest.raises(BadFilter) as raised:
        parse_filter(text)
    assert words in str(raised.value)


@pytest.mark.parametrize(
    ("clause", "kind", "name", "descending"),
    [
        ("metrics.auc DESC", "metric", "auc", True),
        ("metrics.auc", "metric", "auc", False),
        ("metrics.`a b` asc", "metric", "a b", False),
        ("params.`desc` desc", "parameter", "desc", True),
        ("start_time DESC", "attribute", "start_time", True),
        ("Created", "attribute", "start_time", False),
        ("attributes.`Run Name` ASC", "attribute", "run_name", False),
        ("tags.x", "tag", "x", False),
    ],
)
def test_an_order_is_read(clause, kind, name, descending):
    assert parse_order([clause]) == (Ordering(Key(kind, name), descending),)


@pytest.mark.parametrize(
    "clause", ["", "metrics.a DOWN", "metrics.a, metrics.b", "colour", "datasets.name", "1"]
)
def test_an_order_that_cannot_be_read_is_refused(clause):
    with pytest.raises(BadFilter):
        parse_order([clause])


def test_experiments_have_their_own_attributes():
    (found,) = parse_filter("name ILIKE 'x%'", EXPERIMENTS)
    assert found.key == Key("attribute", "name")
    assert parse_filter("creation_time > 5", EXPERIMENTS)[0].value == 5.0
    with pytest.raises(BadFilter, match="Invalid entity type 'metrics'"):
        parse_filter("metrics.a > 1", EXPERIMENTS)


@given(st.text(max_size=40))
def test_whatever_is_sent_is_read_or_refused(text):
    with contextlib.suppress(BadFilter):
        parse_filter(text, RUNS)


@given(st.text(max_size=30).filter(lambda text: "\x00" not in text))
def test_a_quoted_text_comes_back(text):
    quoted = text.replace("'", "''")
    assert parse_filter(f"tags.a = '{quoted}'")[0].value == text
