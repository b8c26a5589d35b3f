"""Policy files: the built-in one holds, and each fault is named with its line."""

import pytest

from apps.core.errors import Forbidden, Invalid
from apps.policies.judge import judge_criterion
from apps.policies.loading import standard_text, vocabulary
from apps.policies.pack import PackInvalid, parse_pack
from apps.policies.services import load_standard, publish

STANDARD = standard_text()


def faults(text: str) -> list:
    with pytest.raises(PackInvalid) as caught:
        parse_pack(text, vocabulary())
    return caught.value.problems


def test_the_standard_pack_asks_only_for_facts_that_somebody_gives():
    pack = parse_pack(STANDARD, vocabulary())
    assert sum(one.weight for one in pack.rubric.dimensions) == 100
    assert len(pack.checklist("bias").items) == 8


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        (
            "evaluation.calibration.ece <= 0.1",
            "evaluation.calibration.eec <= 0.1",
            "Did you mean evaluation.calibration.ece",
        ),
        ("data.score >= 24", "data.score >= >= 24", "not an expression"),
        ("gate: production}", "gate: prodution}", "There is no gate 'prodution'"),
        ("severity: warn", "severity: wran", "wran"),
        ("title: Ready for staging", "titel: Ready for staging", "Did you mean 'title'"),
        (
            "{figure: evaluation.metrics.roc_auc, above: 0.65}",
            "{figure: evaluation.metrics.roc_auc, abov: 0.65}",
            "Did you mean 'above'",
        ),
        (
            "{figure: evaluation.metrics.roc_auc, above: 0.65}",
            "{figure: evaluation.metrics.roc_auc, above: 0.65, below: 0.9}",
            "'below' stands beside 'above'",
        ),
        (
            "{figure: evaluation.metrics.roc_auc, above: 0.65}",
            "{figure: evaluation.metrics.roc_auc}",
            "one of above, at_least, below, at_most is needed",
        ),
        (
            "{figure: evaluation.metrics.roc_auc, above: 0.65}",
            "{figure: evaluation.metric.roc_auc, above: 0.65}",
            "No evidence called 'evaluation.metric.roc_auc' has value, low and high. Did you mean evaluation.metrics",
        ),
        (
            "{figure: evaluation.metrics.roc_auc, above: 0.65}",
            "{figure: evaluation.metrics.roc_auc, above: high}",
            "is not of type 'number'",
        ),
        ("relative_margin: 0.01", "relative_margin: -0.01", "less than the minimum"),
        ("control: benjamini_hochberg", "control: bonferroni", "bonferroni"),
        (
            "expression: data.score >= 18",
            "expression: data.score >= 18\n        when: data.scoer > 1",
            "Did you mean data.score",
        ),
        (
            "estimate: {figure: evaluation.metrics.roc_auc, above: 0.65}",
            "expression: evaluation.exists\n        estimate: {figure: evaluation.metrics.roc_auc, above: 0.65}",
            "'estimate' stands beside 'expression'",
        ),
        (
            "expression: evaluation.lift_over_random > 0.1",
            "severity: block",
            "one of expression, estimate, champion is needed",
        ),
    ],
)
def test_a_typing_error_is_named_with_its_line(right, wrong, says):
    assert right in STANDARD
    broken = STANDARD.replace(right, wrong, 1)
    first = broken[: broken.index(wrong)].count("\n") + 1
    found = faults(broken)
    assert any(says in one.sentence for one in found), [one.sentence for one in found]
    near = {one.line for one in found if says in one.sentence}
    # A thing that is lacking has the line of what lacks it: a criterion begins at its key.
    assert near & ({first, first + wrong.count("\n")} if "needed" not in says else {first, first - 2})


@pytest.mark.promise("5")
def test_the_same_content_again_is_the_same_revision(db):
    first = load_standard()
    assert load_standard().pk == first.pk
    changed = publish(STANDARD.replace("Standard method", "Our method"), by=None)
    assert changed.number == first.number + 1


def test_a_person_does_not_load_a_policy_past_the_drafts(db, adam):
    with pytest.raises(Forbidden):
        publish(STANDARD, by=adam)
    with pytest.raises(Invalid):
        publish("slug: [", by=None)


def test_required_checks_become_criteria_of_their_gate():
    pack = parse_pack(STANDARD)
    staging = {one.key: one for one in pack.gate("staging").criteria}
    assert (staging["lint"].expression, staging["lint"].when) == ("checks.lint.status == 'passed'", "")
    assert staging["sample_run"].when == "version.change == 'major'"
    assert "monitoring_dashboard" not in staging


@pytest.mark.parametrize(
    ("change", "checks", "state"),
    [
        ("minor", {}, "pass"),
        ("major", {}, "missing"),
        ("major", {"sample_run": {"status": "passed"}}, "pass"),
        ("major", {"sample_run": {"status": "expired"}}, "fail"),
    ],
)
def test_a_check_that_only_major_versions_need(change, checks, state):
    pack = parse_pack(STANDARD)
    rule = next(one for one in pack.gate("staging").criteria if one.key == "sample_run")
    assert judge_criterion(rule, {"version": {"change": change}, "checks": checks}).state == state


def test_a_check_that_names_no_gate_is_a_fault_with_its_line():
    text = standard_text().replace("{minor: staging, major: staging}", "{minor: stagin}", 1)
    with pytest.raises(PackInvalid, match="There is no gate 'stagin'"):
        parse_pack(text)


def test_a_rule_that_is_not_cel_reads_as_one():
    gates = parse_pack(STANDARD, vocabulary()).gates
    read = {one.key: one.expression for gate in gates for one in gate.criteria}
    assert read["ranking"] == (
        "passes if evaluation.metrics.roc_auc.low > 0.65, fails if evaluation.metrics.roc_auc.high <= 0.65, "
        "else not enough evidence"
    )
    assert "the margin is 1.00% of the champion's value" in read["beats_champion"]
    assert "q < 0.05 (benjamini hochberg); one with too few rows does not block" in read["beats_champion"]


CONDITIONAL = """
conditions:
  templates:
    - {key: traffic, title: Few, expression: monitoring.traffic_percent <= limit, parameter: {title: Percent, default: 10}}
    - {key: soon, title: Soon, expression: days_in_stage < 30.0 && days_since_evaluation < 90.0, on_breach: suspend}
obligations: {overdue_blocks: true}
"""


def conditional(change=("", "")):
    base = standard_text()
    head, rest = base.split("\nconditions:\n", 1)
    return head + CONDITIONAL.replace(*change) + rest[rest.index("\ngates:") :]


def test_conditions_are_read_from_the_pack():
    rules = parse_pack(conditional(), vocabulary()).conditional
    assert [one.key for one in rules.templates] == ["traffic", "soon"]
    assert (rules.until_on_breach, rules.overdue_blocks) == ("alarm", True)
    standard = parse_pack(standard_text(), vocabulary()).conditional
    assert [(one.key, one.parameter.default) for one in standard.templates] == [
        ("traffic", 10),
        ("drift", 0.2),
        ("reevaluated", 90),
    ]
    assert standard.overdue_blocks


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("key: soon", "key: traffic"), "is used twice"),
        (("<= limit", "<= 10.0"), "does not ask for 'limit'"),
        ((", parameter: {title: Percent, default: 10}", ""), "there is no 'parameter'"),
        (("default: 10}", "default: 10, maximum: 5}"), "at most 5"),
        (("monitoring.traffic_percent", "monitoring.trafic_percent"), "Did you mean"),
        (("on_breach: suspend", "on_breach: shout"), "shout"),
    ],
)
def test_faults_of_conditions_have_their_line(change, sentence):
    with pytest.raises(PackInvalid) as caught:
        parse_pack(conditional(change), vocabulary())
    (problem,) = caught.value.problems
    assert sentence in problem.sentence
    assert conditional(change).splitlines()[problem.line - 1].startswith("    - {key:")


def test_a_gate_knows_neither_the_clock_nor_what_runs():
    text = conditional().replace("expression: card.complete", "expression: days_in_stage < 30.0", 1)
    with pytest.raises(PackInvalid, match="No evidence is called"):
        parse_pack(text, vocabulary())
