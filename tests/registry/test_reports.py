"""JUnit XML and SARIF are summarised; what is not one of them gets a sentence."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.registry.reports import ReportInvalid, summary_of

JUNIT = b"""<?xml version="1.0"?><testsuites><testsuite name="s" tests="3">
<testcase classname="tests.a" name="one" time="0.5"/>
<testcase classname="tests.a" name="two" time="1.25"><failure message="assert 1 == 2">trace</failure></testcase>
<testcase classname="tests.a" name="three"><skipped/></testcase>
</testsuite></testsuites>"""
RULES = [{"id": "R1", "defaultConfiguration": {"level": "error"}}]


def sarif(*results, **run):
    driver = {"name": "bandit", "rules": RULES}
    return json.dumps(
        {"version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": list(results), **run}]}
    ).encode()


PLACE = {
    "physicalLocation": {"artifactLocation": {"uri": "src/a.py"}, "region": {"startLine": 7}},
}


@pytest.mark.promise("checks")
def test_junit_counts_tests_and_names_the_failures():
    found = summary_of("junit", JUNIT)
    assert not found.passed
    assert found.sentence == "1 of 2 tests failed, 1 skipped."
    assert found.figures == {"tests": 3, "failures": 1, "errors": 0, "skipped": 1, "seconds": 1.75}
    assert found.items[0]["name"] == "tests.a.two"
    assert found.items[0]["message"] == "assert 1 == 2"


def test_junit_passes_when_all_ran_and_none_failed():
    found = summary_of("junit", b'<testsuite><testcase name="a"/></testsuite>')
    assert found.passed
    assert found.sentence == "1 tests passed."


@pytest.mark.parametrize(
    "content", [b"<testsuite/>", b'<testsuite><testcase name="a"><skipped/></testcase></testsuite>']
)
def test_a_report_that_shows_nothing_has_not_passed(content):
    assert not summary_of("junit", content).passed


def test_sarif_takes_the_level_of_the_rule_and_leaves_out_what_is_suppressed():
    found = summary_of(
        "sarif",
        sarif(
            {"ruleId": "R1", "message": {"text": "eval"}, "locations": [PLACE]},
            {"ruleId": "R2", "message": {"text": "x"}},
            {"ruleId": "R1", "suppressions": [{"kind": "inSource"}]},
            {"ruleId": "R1", "kind": "pass"},
        ),
    )
    assert not found.passed
    assert found.figures == {"errors": 1, "warnings": 1, "notes": 0, "suppressed": 1}
    assert found.items[0] == {"level": "error", "name": "R1", "message": "eval", "where": "src/a.py:7"}
    assert found.sentence == "bandit: 1 errors, 1 warnings, 0 notes, 1 suppressed."


@pytest.mark.promise("checks")
@pytest.mark.parametrize(("fail_on", "passed"), [("error", True), ("warning", False), ("note", False)])
def test_sarif_fails_from_the_level_that_is_named(fail_on, passed):
    assert summary_of("sarif", sarif({"ruleId": "R2", "level": "warning"}), fail_on=fail_on).passed is passed


def test_a_scanner_that_broke_off_has_not_passed():
    assert not summary_of("sarif", sarif(invocations=[{"executionSuccessful": False}])).passed


@pytest.mark.parametrize(
    ("kind", "content", "words"),
    [
        ("junit", b"<testsuite>", "line 1, column 12"),
        ("junit", b"<html/>", "The root is <html>"),
        ("junit", b'<!DOCTYPE a [<!ENTITY x "y">]><testsuite>&x;</testsuite>', "entities or a DTD"),
        ("sarif", b"{", "This is not JSON"),
        ("sarif", b"[]", "version 2.1.0"),
        ("sarif", b'{"version": "1.0", "runs": []}', "version 2.1.0"),
        ("tap", b"ok", "no kind of report"),
    ],
)
def test_what_is_no_report_gets_a_sentence(kind, content, words):
    with pytest.raises(ReportInvalid, match=words):
        summary_of(kind, content)


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
KEYS = ("tool", "results", "invocations")


@given(st.dictionaries(st.sampled_from(KEYS), json_like), json_like)
def test_no_sarif_breaks_it(run, result):
    document = {"version": "2.1.0", "runs": [run, {"results": [result]}, result]}
    with contextlib.suppress(ReportInvalid):
        summary_of("sarif", json.dumps(document).encode())
