"""The difference of two policies: each part by name, from what to what, and stricter or looser where figures tell."""

import pytest

from apps.policies.comparing import compare
from apps.policies.loading import standard_text

STANDARD = standard_text()


@pytest.mark.parametrize(
    ("right", "wrong", "where", "kind", "direction"),
    [
        (
            "expression: data.score >= 18\n",
            "expression: data.score >= 24\n",
            "Criterion",
            "changed",
            "stricter",
        ),
        (
            "expression: data.score >= 18\n",
            "expression: data.score >= 12\n",
            "Criterion",
            "changed",
            "looser",
        ),
        (
            "evaluation.calibration.ece <= 0.1",
            "evaluation.calibration.ece <= 0.05",
            "Criterion",
            "changed",
            "stricter",
        ),
        ("above: 0.65}", "above: 0.7}", "above", "changed", "stricter"),
        ("severity: warn", "severity: block", "severity", "changed", "stricter"),
        ("title: Ready for staging", "title: Fit for staging", "title", "changed", ""),
        ("longest_days: 90", "longest_days: 30", "longest days", "changed", "stricter"),
    ],
)
def test_a_change_is_named_with_its_direction(right, wrong, where, kind, direction):
    assert right in STANDARD
    found = compare(STANDARD, STANDARD.replace(right, wrong, 1)).parts
    assert len(found) == 1
    assert where in found[0].where
    assert (found[0].kind, found[0].direction) == (kind, direction)
    assert found[0].before != found[0].after


def test_a_new_and_a_lost_criterion():
    base = "slug: a\ngates:\n- key: g\n  title: G\n  criteria:\n"
    one = "  - {key: x, title: X, expression: data.score > 1}\n"
    two = "  - {key: y, title: Y, expression: data.score > 2}\n"
    (added,) = compare(base + one, base + one + two).parts
    assert (added.kind, added.direction, added.after) == ("added", "stricter", "data.score > 2")
    assert added.where == "Gate “G” › Criterion “Y”"
    (removed,) = compare(base + one + two, base + one).parts
    assert (removed.kind, removed.direction) == ("removed", "looser")


def test_the_lines_are_marked_and_the_same_text_differs_in_nothing():
    changed = compare(STANDARD, STANDARD.replace("data.score >= 18", "data.score >= 24"))
    assert {mark for mark, _ in changed.lines} == {"added", "removed", "same", "place"}
    assert compare(STANDARD, STANDARD).parts == compare(STANDARD, STANDARD).lines == ()
    assert compare("", STANDARD).parts
