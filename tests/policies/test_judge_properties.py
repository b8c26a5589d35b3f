"""What holds of the judge for any numbers and any evidence."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.policies.champions import ChampionRule, Margin, SliceRule, benjamini_hochberg, holm
from apps.policies.criteria import Criterion
from apps.policies.estimates import RELATIONS, EstimateRule, held_against
from apps.policies.expressions import compiled
from apps.policies.judge import judge, judge_all
from apps.policies.loading import standard_text
from apps.policies.pack import parse_pack
from apps.policies.verdicts import State

NUMBERS = st.floats(-1e6, 1e6)
STANDARD = parse_pack(standard_text())


def branch(ends, n=100):
    low, value, high = sorted(ends)
    return {"value": value, "low": low, "high": high, "n": n}


@pytest.mark.promise("three answers")
@given(st.lists(NUMBERS, min_size=5, max_size=5), NUMBERS, st.sampled_from(RELATIONS))
def test_a_narrower_interval_never_turns_a_pass_into_a_fail_or_back(ends, threshold, relation):
    a, b, value, c, d = sorted(ends)
    wide = held_against("x", branch((a, value, d)), relation, threshold)
    narrow = held_against("x", branch((b, value, c)), relation, threshold)
    if wide.state != State.INCONCLUSIVE:
        assert narrow.state == wide.state


@given(st.lists(NUMBERS, min_size=3, max_size=3), NUMBERS, st.floats(1, 1e9))
def test_what_would_settle_it_is_more_than_there_is(ends, threshold, n):
    found = held_against("x", branch(ends, n), "above", threshold)
    if found.needed_n is not None:
        assert found.state == State.INCONCLUSIVE
        assert found.needed_n > n


@given(st.lists(st.floats(0, 1), max_size=30))
def test_holm_is_stricter_than_benjamini_and_hochberg_and_both_than_none(ps):
    for p, q, adjusted in zip(ps, benjamini_hochberg(ps), holm(ps), strict=True):
        assert p <= q * (1 + 1e-9)
        assert q <= adjusted * (1 + 1e-9)
        assert adjusted <= 1


KEYS = st.sampled_from(
    [
        *(
            "evaluation",
            "metrics",
            "roc_auc",
            "value",
            "low",
            "high",
            "n",
            "champion",
            "exists",
            "comparison",
        ),
        *(
            "gains",
            "slices",
            "headline",
            "metric",
            "fairness",
            "race",
            "estimates",
            "disparate_impact",
            "data",
        ),
        *("score", "gain", "column", "costs", "month", "budget", "fairness_worst", "x"),
    ]
)
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=True), st.text(max_size=5),
    st.sampled_from([2**63, -(2**63), 10**400, "f1", "roc_auc", "holdout"]),
)  # fmt: skip
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=30,
)
CRITERIA = [
    *(one for gate in STANDARD.gates for one in gate.criteria),
    Criterion("e", "E", "", estimate=EstimateRule("evaluation.*.*", "below", 0.5)),
    Criterion("c", "C", "", champion=ChampionRule(Margin(0.1, relative=True), slices=SliceRule(Margin(0), "holm"))),
    Criterion("d", "D", "data.score / costs.month > 1 && evaluation.x[data.score] == 'a'", when="data.score > 0"),
    Criterion("l", "L", "evaluation.fairness.all(k, evaluation.fairness[k].value > 0.5)"),
]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(KEYS, JSON, max_size=6))
def test_the_judge_answers_whatever_the_evidence_is(facts):
    found = judge_all(CRITERIA, facts).to_json()
    assert len(found["criteria"]) == len(CRITERIA)
    assert all(one["reason"] for one in found["criteria"])


@pytest.mark.parametrize("value", [{"a": 1}, [], "x", None, True, 0.5])
@given(paths=st.lists(KEYS, min_size=1, max_size=4))
def test_a_branch_of_the_wrong_kind_never_passes(value, paths):
    facts = value
    for step in reversed(paths):
        facts = {step: facts}
    figures = [one for one in CRITERIA if one.estimate is not None]
    assert all(one.verdict.state != State.PASS for one in judge_all(figures, facts).results)


EXPRESSIONS = [one.expression for one in CRITERIA if one.estimate is None and one.champion is None]
EXPRESSIONS += [
    "has(data.score) && data.score > 1 || evaluation.x",
    "evaluation.all(data, data != 'x') && data.score > 1",
    "evaluation.fairness.race == data && has(evaluation.fairness)",
]


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(KEYS, JSON, max_size=6), st.sampled_from(EXPRESSIONS))
def test_the_branches_that_an_expression_reads_give_the_answer_of_all_evidence(facts, expression):
    found = judge(Criterion("k", "T", expression), facts)
    if found.state in (State.PASS, State.FAIL):
        program = compiled(expression)
        whole = program.execute({name: facts.get(name, {}) for name in program.variables()})
        assert whole == (found.state == State.PASS)
