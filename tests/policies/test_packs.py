"""Policy files: the built-in one holds, and each fault is named with its line."""

import pytest

from apps.core.errors import Forbidden, Invalid
from apps.policies.judge import judge
from apps.policies.loading import PACKS, vocabulary
from apps.policies.pack import PackInvalid, parse_pack
from apps.policies.services import load_standard, publish

STANDARD = (PACKS / "standard.yaml").read_text()


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
    ],
)
def test_a_typing_error_is_named_with_its_line(right, wrong, says):
    assert right in STANDARD
    broken = STANDARD.replace(right, wrong, 1)
    line = next(number for number, text in enumerate(broken.splitlines(), 1) if wrong in text)
    found = faults(broken)
    assert any(says in one.sentence for one in found), [one.sentence for one in found]
    assert line in {one.line for one in found}


def test_the_same_content_again_is_the_same_revision(db, adam):
    first = load_standard()
    assert load_standard().pk == first.pk
    changed = publish(STANDARD.replace("Standard method", "Our method"), by=adam)
    assert changed.number == first.number + 1


def test_only_an_administrator_publishes(db, ada):
    with pytest.raises(Forbidden):
        publish(STANDARD, by=ada)
    with pytest.raises(Invalid):
        publish("slug: [", by=None)


def test_required_checks_become_criteria_of_their_gate():
    pack = parse_pack(STANDARD)
    staging = {one.key: one.expression for one in pack.gate("staging").criteria}
    assert staging["lint"] == "checks.lint.status == 'passed'"
    assert staging["sample_run"].startswith("version.change != 'major' || (has(checks.sample_run)")
    assert "monitoring_dashboard" not in staging


@pytest.mark.parametrize(
    ("change", "checks", "state"),
    [
        ("minor", {}, "pass"),
        ("major", {}, "fail"),
        ("major", {"sample_run": {"status": "passed"}}, "pass"),
        ("major", {"sample_run": {"status": "expired"}}, "fail"),
    ],
)
def test_a_check_that_only_major_versions_need(change, checks, state):
    pack = parse_pack(STANDARD)
    rule = next(one for one in pack.gate("staging").criteria if one.key == "sample_run")
    assert judge(rule, {"version": {"change": change}, "checks": checks}).state == state


def test_a_check_that_names_no_gate_is_a_fault_with_its_line():
    text = (
        (PACKS / "standard.yaml")
        .read_text()
        .replace("{minor: staging, major: staging}", "{minor: stagin}", 1)
    )
    with pytest.raises(PackInvalid, match="There is no gate 'stagin'"):
        parse_pack(text)
