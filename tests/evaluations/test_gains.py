"""The comparison with the version in production as facts: its direction, its champion, and where rows are not the same."""

import pytest

from apps.evaluations.gains import comparison_facts


def figure(value, half, n=100):
    return {"value": value, "low": value - half, "high": value + half, "n": n}


def compared(metric, difference, *, of="Approval v1"):
    one = {"metric": metric, "champion": 0.8, "difference": difference, "q": 0.5}
    return {
        "metrics": {metric: figure(0.9, 0.03)},
        "comparison": {
            "champion": {"version": of},
            **{"paired": True, "rows": 100, "metrics": [one]},
            "slices": [one | {"column": "race", "value": "B"}],
        },
    }


@pytest.mark.parametrize(
    ("metric", "difference", "expected"),
    [("f1", figure(0.02, 0.01), (0.02, 0.01, 0.03)), ("brier", figure(-0.02, 0.01), (0.02, 0.01, 0.03))],
)
def test_a_gain_is_above_zero_whichever_way_the_metric_runs(metric, difference, expected):
    found = comparison_facts(compared(metric, difference), None, "Approval v1")
    for gain in (found["gains"][metric], found["slices"][0]["gain"]):
        assert (gain["value"], gain["low"], gain["high"]) == pytest.approx(expected)
        assert (gain["n"], gain["champion"]) == (100, 0.8)
    assert (found["exists"], found["paired"]) == (True, True)


def test_a_comparison_with_who_was_in_production_before_does_not_count():
    report = compared("f1", figure(0.02, 0.01), of="Approval v1")
    theirs = {"metrics": {"f1": figure(0.88, 0.04, n=80)}}
    found = comparison_facts(report, theirs, "Approval v2")
    assert (found["exists"], found["paired"], found["slices"]) == (True, False, [])
    gain = found["gains"]["f1"]
    assert gain["value"] == pytest.approx(0.02)
    assert gain["low"] == pytest.approx(0.02 - 0.05)
    assert gain["high"] == pytest.approx(0.02 + 0.05)
    assert (gain["n"], gain["champion"]) == (80, 0.88)


def test_independent_reports_turn_round_metrics_that_are_better_when_small():
    own = {"metrics": {"mae": {"value": 2.0, "low": 1.9, "high": 2.4, "n": 10}, "f1": figure(0.5, 0.1)}}
    theirs = {"metrics": {"mae": {"value": 2.5, "low": 2.2, "high": 2.6, "n": 10}}}
    gain = comparison_facts(own, theirs, "v")["gains"]
    assert set(gain) == {"mae"}
    assert gain["mae"]["value"] == pytest.approx(0.5)
    assert gain["mae"]["low"] == pytest.approx(0.5 - 0.5)
    assert gain["mae"]["high"] == pytest.approx(0.5 + (0.1**2 + 0.1**2) ** 0.5)


@pytest.mark.parametrize("reports", [(None, None), (None, {"metrics": {}}), ({"metrics": {}}, None)])
def test_without_both_reports_nothing_is_compared(reports):
    assert comparison_facts(*reports, "v") == {"exists": False}


def test_a_difference_that_does_not_apply_is_no_gain():
    report = compared("f1", {"value": None, "low": None, "high": None, "n": 0})
    found = comparison_facts(report, None, "Approval v1")
    assert found["gains"] == {}
    assert found["slices"][0]["gain"]["value"] is None
