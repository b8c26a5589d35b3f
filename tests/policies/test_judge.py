"""The judge: every state of every kind of rule, at and around the boundary, and what gates make of it."""

from dataclasses import dataclass

import pytest

from apps.evaluations.engine.statistics.power import rows_for_interval, sample_size
from apps.evaluations.engine.statistics.proportions import normal_quantile
from apps.policies.champions import ChampionRule, Margin, SliceRule, benjamini_hochberg, holm, p_short
from apps.policies.criteria import Criterion, criterion_of
from apps.policies.estimates import EstimateRule, judge_estimate, needed_rows
from apps.policies.expressions import clauses
from apps.policies.judge import judge, judge_all, judge_criterion
from apps.policies.verdicts import Change, Source, State


def figure(value, low, high, n=100):
    return {"m": {"auc": {"value": value, "low": low, "high": high, "n": n}}}


def of(relation, threshold, **more):
    return criterion_of(
        {
            "key": "k",
            "title": "T",
            "remedy": "R.",
            "estimate": {"figure": "m.auc", relation: threshold},
            **more,
        }
    )


def rule(expression, **more):
    return Criterion("k", "T", expression, **more)


@pytest.mark.promise("three answers")
@pytest.mark.parametrize(
    ("relation", "low", "high", "state"),
    [
        ("above", 0.71, 0.9, "pass"),
        ("above", 0.7, 0.9, "inconclusive"),
        ("above", 0.6, 0.71, "inconclusive"),
        ("above", 0.6, 0.7, "fail"),
        ("above", 0.7, 0.7, "fail"),
        ("at_least", 0.7, 0.9, "pass"),
        ("at_least", 0.69, 0.9, "inconclusive"),
        ("at_least", 0.6, 0.7, "inconclusive"),
        ("at_least", 0.6, 0.69, "fail"),
        ("at_least", 0.7, 0.7, "pass"),
        ("below", 0.5, 0.69, "pass"),
        ("below", 0.5, 0.7, "inconclusive"),
        ("below", 0.7, 0.9, "fail"),
        ("at_most", 0.5, 0.7, "pass"),
        ("at_most", 0.5, 0.71, "inconclusive"),
        ("at_most", 0.7, 0.71, "inconclusive"),
        ("at_most", 0.71, 0.9, "fail"),
    ],
)
def test_the_whole_interval_is_beyond_short_of_or_astride_the_threshold(relation, low, high, state):
    found = judge_criterion(of(relation, 0.7), figure((low + high) / 2, low, high))
    assert found.state == state
    assert found.estimate.threshold == 0.7
    assert found.to_json()["looked_at"][0] == {
        "path": "m.auc.value",
        "value": (low + high) / 2,
        "low": low,
        "high": high,
        "n": 100.0,
    }


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"m": None},
        {"m": {"auc": 0.8}},
        figure(None, None, None),
        figure(0.8, None, 0.9),
        figure(True, False, True),
        figure("0.8", 0.7, 0.9),
        figure(0.8, float("nan"), 0.9),
        figure(0.8, 0.7, float("inf")),
        figure(10**400, 0.7, 0.9),
        figure(0.8, 0.9, 0.7),
    ],
)
def test_a_figure_without_a_finite_interval_is_missing(facts):
    found = judge_criterion(of("above", 0.7), facts)
    assert (found.state, found.missing) == ("missing", ("m.auc",))
    assert found.changes == (Change("m.auc", "no figure with an interval", "evidence"),)


@pytest.mark.promise("three answers")
def test_the_sample_size_is_that_of_the_engine_s_power_of_a_proportion():
    rate, n, threshold = 0.86, 400, 0.8
    half = normal_quantile(0.95) * (rate * (1 - rate) / n) ** 0.5
    # Without the reach to 80 %, the interval touches the threshold: the engine's rows for that half-width.
    touching = rows_for_interval(rate, rate - threshold)
    needed = needed_rows(rate, rate - half, rate + half, n, threshold)
    assert needed / touching == pytest.approx((1 + 0.8416212 / 1.959964) ** 2, rel=0.01)

    def power(rows):
        from scipy import special

        shift = (rate - threshold) / (rate * (1 - rate) / rows) ** 0.5
        return float(special.ndtr(shift - 1.959964))

    assert needed == pytest.approx(sample_size(power), rel=0.01)


@pytest.mark.parametrize(("value", "n"), [(0.7, 100), (0.75, None), (0.75, 0), (0.7 + 1e-300, 100)])
def test_where_no_sample_size_is_known_none_is_told(value, n):
    found = judge_criterion(of("above", 0.7), figure(value, 0.6, 0.9, n))
    assert (found.state, found.estimate.needed_n) == ("inconclusive", None)
    assert "may not settle it" in found.reason


def test_rows_that_would_settle_it_are_the_change():
    found = judge_criterion(of("above", 0.8), figure(0.879, 0.776, 0.95, 752))
    assert found.estimate.needed_n == pytest.approx(2612, rel=0.001)
    assert found.changes == (Change("m.auc", "n 752", "n 2,612, if the figure stays"),)
    assert found.reason == (
        "Not enough evidence: m.auc is 0.879 [0.776, 0.95], of 752; asked is over 0.8. "
        "2,612 rows would settle it."
    )


def fairness(**intervals):
    return {
        "f": {
            name: {"di": dict(zip(("value", "low", "high"), ends, strict=True))}
            for name, ends in intervals.items()
        }
    }


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        (fairness(race=(0.9, 0.85, 0.95), sex=(1, 0.9, 1.1)), "pass"),
        (fairness(race=(0.85, 0.82, 0.88), sex=(0.9, 0.6, 1.2)), "inconclusive"),
        (fairness(race=(0.7, 0.6, 0.79), sex=(0.9, 0.6, 1.2)), "fail"),
        (fairness(race=(0.9, 0.85, 0.95), sex=(None, None, None)), "missing"),
        (fairness(race=(0.7, 0.6, 0.79), sex=(None, None, None)), "fail"),
        ({"f": {}}, "missing"),
        ({}, "missing"),
    ],
)
def test_a_figure_of_every_key_is_as_weak_as_its_weakest(facts, state):
    assert judge_estimate(EstimateRule("f.*.di", "above", 0.8), facts).state == state


@pytest.mark.parametrize(
    ("when", "facts", "state"),
    [
        ("task == 'binary'", {"task": "binary"}, "fail"),
        ("task == 'binary'", {"task": "regression"}, "pass"),
        ("task == 'binary'", {}, "missing"),
        ("task + 1 == 2", {"task": "x"}, "missing"),
    ],
)
def test_a_criterion_applies_only_when_it_says_so(when, facts, state):
    found = judge_criterion(of("above", 0.7, when=when), figure(0.5, 0.4, 0.6) | facts)
    assert found.state == state
    assert ("task", facts.get("task")) in found.looked_at


def compared(gain, slices=(), **more):
    branch = {"exists": True, "paired": True, "gains": {"f1": gain} if gain else {}, "slices": list(slices)}
    return {
        "champion": {"exists": True, "comparison": branch | more},
        "evaluation": {"headline": {"metric": "f1"}},
    }


def gain(value, low, high, n=800, champion=0.9):
    return {"value": value, "low": low, "high": high, "n": n, "champion": champion}


def part(value, half, *, name="B", n=50):
    one = gain(value, value - half, value + half, n)
    return {"column": "race", "value": name, "metric": "accuracy", "champion": 0.9, "gain": one}


BASIC = ChampionRule(Margin(0.01))
WITH_SLICES = ChampionRule(Margin(0.01), slices=SliceRule(Margin(0.02)))


@pytest.mark.promise("champion")
@pytest.mark.parametrize(
    ("asked", "facts", "state"),
    [
        (BASIC, {"champion": {"exists": False}}, "pass"),
        (BASIC, {}, "missing"),
        (BASIC, {"champion": {"exists": True}}, "missing"),
        (BASIC, {"champion": {"exists": True, "comparison": {"exists": False}}}, "missing"),
        (BASIC, compared(gain(0.02, 0.0, 0.04)), "pass"),
        (BASIC, compared(gain(0.0, -0.01, 0.01)), "pass"),
        (BASIC, compared(gain(0.0, -0.011, 0.01)), "inconclusive"),
        (BASIC, compared(gain(-0.02, -0.03, -0.01)), "inconclusive"),
        (BASIC, compared(gain(-0.02, -0.03, -0.0101)), "fail"),
        (BASIC, compared(None), "missing"),
        (ChampionRule(Margin(0.01), "mae"), compared(gain(0.02, 0.0, 0.04)), "missing"),
        (ChampionRule(Margin(0.0)), compared(gain(0.0, 0.0, 0.0)), "pass"),
        (ChampionRule(Margin(0.1, relative=True)), compared(gain(-0.05, -0.09, 0.0)), "pass"),
        (ChampionRule(Margin(0.1, relative=True)), compared(gain(-0.05, -0.0901, 0.0)), "inconclusive"),
        (
            ChampionRule(Margin(0.1, relative=True)),
            compared(gain(0.0, 0.0, 0.0, champion=None)),
            "missing",
        ),
        (WITH_SLICES, compared(gain(0.02, 0.0, 0.04), [part(-0.2, 0.05)]), "fail"),
        (WITH_SLICES, compared(gain(0.02, 0.0, 0.04), [part(-0.1, 0.3)]), "pass"),
        (WITH_SLICES, compared(gain(-0.05, -0.08, -0.02), [part(0.1, 0.05)]), "fail"),
        (
            ChampionRule(Margin(0.01), slices=SliceRule(Margin(0.02), unsettled="block")),
            compared(gain(0.02, 0.0, 0.04), [part(-0.1, 0.3)]),
            "inconclusive",
        ),
    ],
)
def test_against_the_champion(asked, facts, state):
    criterion = Criterion("k", "T", asked.expression, champion=asked)
    assert judge_criterion(criterion, facts).state == state


@pytest.mark.promise("champion")
def test_an_underpowered_slice_neither_blocks_a_better_model_nor_hides_a_worse_one():
    small = [part(-0.05, 0.4, name=f"small {number}", n=12) for number in range(12)]
    better = judge_criterion(
        Criterion("k", "T", "", champion=WITH_SLICES), compared(gain(0.02, 0.01, 0.04), small)
    )
    assert better.state == "pass"
    assert "12 have too few rows to tell" in better.reason
    worse = [*small, part(-0.15, 0.03, name="B", n=2000)]
    found = judge_criterion(
        Criterion("k", "T", "", champion=WITH_SLICES), compared(gain(0.02, 0.01, 0.04), worse)
    )
    assert found.state == "fail"
    assert "1 of 13 slices are worse beyond chance: race B accuracy" in found.reason
    assert [change.what for change in found.changes] == ["race B accuracy"]
    assert found.estimate.name == "race B accuracy"


def test_a_slice_that_is_worse_by_itself_may_be_chance_among_many():
    barely = part(-0.08, 0.055, name="B")
    assert barely["gain"]["high"] < -0.02
    alone = Criterion("k", "T", "", champion=WITH_SLICES)
    assert judge_criterion(alone, compared(gain(0, 0, 0.01), [barely])).state == "fail"
    many = [barely, *(part(0.0, 0.03, name=str(number)) for number in range(40))]
    assert judge_criterion(alone, compared(gain(0, 0, 0.01), many)).state == "pass"


@pytest.mark.parametrize(
    ("adjust", "expected"), [(benjamini_hochberg, [0.02, 0.04, 0.04, 0.02]), (holm, [0.03, 0.06, 0.06, 0.02])]
)
def test_many_ps_are_adjusted_as_r_s_p_adjust(adjust, expected):
    assert adjust([0.01, 0.04, 0.03, 0.005]) == pytest.approx(expected)
    assert adjust([]) == []


def test_the_p_at_the_margin_is_five_percent_where_the_interval_touches_it():
    assert p_short(-0.05, -0.02, -0.02) == pytest.approx(0.05)
    assert p_short(-0.05, -0.05, -0.02) == 0
    assert p_short(0.0, 0.1, -0.02) == 1


@pytest.mark.parametrize(
    ("expression", "facts", "state", "changes"),
    [
        ("a.b >= 18", {"a": {"b": 14}}, "fail", [("a.b", "14", "at least 18")]),
        ("a.b >= 18", {"a": {"b": 18}}, "pass", []),
        ("a.b >= 18", {}, "missing", [("a.b", "not there", "evidence")]),
        ("a.b == 'ok'", {"a": {"b": "no"}}, "fail", [("a.b", "no", "ok")]),
        ("a.b == ''", {"a": {"b": "no"}}, "fail", [("a.b", "no", "empty")]),
        ("a.b == true", {"a": {"b": False}}, "fail", [("a.b", "no", "yes")]),
        ("a.b", {"a": {"b": False}}, "fail", [("a.b", "no", "yes")]),
        ("!a.b", {"a": {"b": True}}, "fail", [("a.b", "yes", "no")]),
        ("a.b <= a.c", {"a": {"b": 5, "c": 3}}, "fail", [("a.b", "5", "at most 3")]),
        ("a.b > 1 && a.c < 2", {"a": {"b": 1, "c": 3}}, "fail", [("a.b", "1", "over 1"), ("a.c", "3", "under 2")]),
        ("a.b > 1 && a.c < 2", {"a": {"b": 1, "c": 1}}, "fail", [("a.b", "1", "over 1")]),
        ("a.b > 1 || a.c < 2", {"a": {"b": 1, "c": 3}}, "fail", [("a.b > 1 || a.c < 2", "does not hold", "must hold")]),
        (
            "has(a.b) && a.b > 1", {"a": {"c": 1}}, "fail",
            [("has(a.b)", "does not hold", "must hold"), ("a.b", "not there", "evidence")],
        ),
        ("a.b > 'x'", {"a": {"b": 1}}, "missing", [("a.b > 'x'", "does not hold", "must hold")]),
        ("a.b + 1", {"a": {"b": 1}}, "missing", [("a.b + 1", "does not hold", "must hold")]),
        ("a.b >", {}, "missing", []),
    ],
)  # fmt: skip
def test_cel_and_what_would_have_to_change(expression, facts, state, changes):
    found = judge(rule(expression), facts)
    assert found.state == state
    assert [(one.what, one.now, one.needed) for one in found.changes] == changes


def test_a_value_is_shown_with_the_interval_that_the_evidence_has_beside_it():
    facts = {"w": {"di": 0.9, "estimates": {"di": {"value": 0.9, "low": 0.8, "high": 1.0, "n": 60}}}}
    (seen,) = judge(rule("w.di > 0.8"), facts).to_json()["looked_at"]
    assert seen == {"path": "w.di", "value": 0.9, "low": 0.8, "high": 1.0, "n": 60}


def test_clauses_are_split_outside_brackets_and_strings():
    assert clauses("a.b && (c || d) && x.all(y, y && z) && s == 'p && q'") == (
        *("a.b", "(c || d)", "x.all(y, y && z)", "s == 'p && q'"),
    )
    assert clauses("a || b && c") == ("a || b && c",)
    assert clauses("a ? b : c && d") == ("a ? b : c && d",)


@dataclass(frozen=True)
class Slip:
    id: str
    until: str


GATE = [
    Criterion("passes", "T", "ok"),
    Criterion("fails", "T", "!ok"),
    Criterion("missing", "T", "nowhere"),
    criterion_of({"key": "open", "title": "T", "remedy": "", "estimate": {"figure": "m.auc", "above": 0.7}}),
]
FACTS = {"ok": True} | figure(0.75, 0.6, 0.9)


@pytest.mark.parametrize(
    ("keys", "state"),
    [
        (["passes"], "pass"),
        ([], "pass"),
        (["passes", "missing"], "missing"),
        (["passes", "missing", "open"], "inconclusive"),
        (["passes", "missing", "open", "fails"], "fail"),
    ],
)
def test_a_gate_fails_before_it_is_inconclusive_before_it_is_missing(keys, state):
    assert judge_all([one for one in GATE if one.key in keys], FACTS).state == state


@pytest.mark.parametrize("key", ["fails", "missing", "open"])
def test_a_waiver_stands_in_for_what_does_not_pass_and_is_shown(key):
    criterion = next(one for one in GATE if one.key == key)
    found = judge_all([criterion], FACTS, waivers={key: Slip("w1", "2027-03-01"), "passes": Slip("w2", "x")})
    assert found.state == State.PASS
    (one,) = found.to_json()["criteria"]
    plain = judge_all([criterion], FACTS).to_json()["criteria"][0]["state"]
    assert (one["state"], one["waiver"]) == ("waived", {"id": "w1", "until": "2027-03-01", "state": plain})
    assert one["reason"].startswith("Waived until 2027-03-01.")


def test_a_waiver_of_what_passes_is_not_used():
    (one,) = judge_all([GATE[0]], FACTS, waivers={"passes": Slip("w", "x")}).to_json()["criteria"]
    assert (one["state"], one["waiver"]) == ("pass", None)


def test_what_only_warns_does_not_shut_a_gate():
    assert judge_all([Criterion("k", "T", "!ok", severity="warn")], FACTS).state == "pass"


def test_each_number_names_the_nearest_page_that_it_comes_from():
    pages = [Source("m", "Metrics", "/m"), Source("m.auc", "AUC", "/auc"), Source("o", "Other", "/o")]
    found = judge_all([GATE[3], GATE[0]], FACTS, sources=pages).results
    assert [one.label for one in found[0].sources] == ["AUC"]
    assert found[1].sources == ()
