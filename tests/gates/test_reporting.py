"""Reports of a gate: others' schemas accept them, the verdict is the same in each, and hostile texts do nothing."""

import json
import re
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator
from lxml import etree
from markdown_it import MarkdownIt

from apps.gates.reporting import junit, markdown, sarif
from apps.gates.reporting.report import Report, blocks
from apps.policies.judge import State
from apps.policies.pack import Quorum
from apps.policies.verdicts import SHUT, Change, CriterionResult, Verdict, worst

SCHEMAS = Path(__file__).with_name("schemas")
PAGE = "https://mlgov.example.org/versions/01890000-0000-7000-8000-000000000000/"
HOSTILE = (
    "</failure><x>]]>&amp;<!-- -->",
    "<script>alert(1)</script> <img src=x onerror=alert(1)>",
    "[click](javascript:alert(1)) ![](https://evil.example/p.png) <https://evil.example>",
    "| a | b |\n|---|---|\n# head\n- list\n> quote\n```\ncode",
    "@everyone see #1, !2, GH-3 and ~bug, mail bob@evil.example, https://evil.example www.evil.example",
    "\ud800 half \x00\x07\x1b[31mred \u202ereversed \ufffe {0} {12} ` `` *b* _i_ ~~s~~ \\ &lt; &copy;",
)


@cache
def junit_schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(SCHEMAS / "junit-10.xsd"))


@cache
def sarif_schema() -> Draft4Validator:
    return Draft4Validator(json.loads((SCHEMAS / "sarif-2.1.0-rtm.5.json").read_text()))


def criterion(key, state, severity="block", *, words="It is so.", title="", expression="a > 1"):
    changes = (Change(words, words, words),) if state in SHUT else ()
    verdict = Verdict(state, (("a", words),), (), words, changes=changes)
    return CriterionResult(key, title or words, severity, expression, words, "", verdict)


def report(*results, words="approval v3"):
    state = worst({one.verdict.state for one in results if one.severity == "block"})
    return Report(
        project="mortgages",
        model="approval",
        version=words,
        from_stage="development",
        to_stage="staging",
        gate="Ready to be tried",
        gate_key="staging",
        state=state,
        policy="standard revision 1",
        digest="ab" * 32,
        page=PAGE,
        signatures=(Quorum("reviewer", 2),),
        results=results,
    )


def read_junit(content):
    parsed = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
    junit_schema().assertValid(parsed)
    return parsed


def read_sarif(content):
    document = json.loads(content)
    sarif_schema().validate(document)
    return document["runs"][0]


def as_html(text):
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text)


texts = st.text(max_size=60) | st.sampled_from(HOSTILE)
criteria = st.lists(
    st.builds(
        lambda state, severity, words: (state, severity, words),
        st.sampled_from(list(State)),
        st.sampled_from(["block", "warn"]),
        texts,
    ),
    max_size=5,
).map(
    lambda drawn: [
        criterion(f"c{n}", state, severity, words=words) for n, (state, severity, words) in enumerate(drawn)
    ]
)


@settings(max_examples=15)
@given(criteria, texts)
def test_a_report_is_red_exactly_where_the_gate_is_shut(results, words):
    made = report(*results, words=words)
    shut = sum(1 for one in results if blocks(one))
    suite = read_junit(junit.render(made))[0]
    assert len(suite.findall("testcase")) == len(results)
    assert len(suite.findall("testcase/failure")) == shut == int(suite.get("failures"))
    run = read_sarif(sarif.render(made, tool_version="1"))
    errors = [one for one in run["results"] if one["level"] == "error" and not one.get("suppressions")]
    assert len(errors) == shut
    assert (shut == 0) == (made.state == "pass")
    for one in run["results"]:
        assert run["tool"]["driver"]["rules"][one["ruleIndex"]]["id"] == one["ruleId"]


@settings(max_examples=40)
@given(criteria)
def test_no_text_becomes_markup_in_a_comment(results):
    tags = re.findall(r"<(?!!)/?(\w+)", as_html(markdown.render(report(*results))))
    rows = len(results)
    assert tags.count("tr") == 2 * (rows + 1 if rows else 0)
    assert tags.count("a") == 2
    shut = sum(1 for one in results if blocks(one))
    assert tags.count("li") == 2 * shut
    assert set(tags) <= {
        *("h2", "h3", "p", "strong", "ul", "li", "a", "code"),
        *("table", "thead", "tbody", "tr", "th", "td"),
    }


@pytest.mark.parametrize("words", HOSTILE)
def test_a_hostile_text_is_shown_as_it_is_but_reaches_nobody(words):
    shown = as_html(markdown.render(report(criterion("c", State.FAIL, words=words))))
    assert "javascript:alert" not in re.sub(r">[^<]*<", "><", shown)
    assert not re.search(r"[@#!]\w", re.sub("<[^>]*>|&#?\\w+;", "", shown))
    assert not re.search("[\u202e\x1b]|://e|www[.]e", re.sub("<[^>]*>", "", shown))
    hostile = report(criterion("c", State.FAIL, words=words), words=words)
    others = junit.render(hostile) + sarif.render(hostile, tool_version="1")
    assert not re.search("[\u202e\x1b]", others.decode().replace("\\u001b", "\x1b"))


def test_the_verdict_stands_first_and_what_to_do_before_the_table():
    made = report(
        criterion("auc", State.FAIL, words="0.7", title="Good enough"),
        criterion("note", State.MISSING, "warn", title="Nice to have"),
        criterion("brief", State.PASS, title="Brief written"),
    )
    lines = markdown.render(made).splitlines()
    assert lines[0] == "<!-- mlgov gate mortgages/approval/staging -->"
    assert lines[2] == "## ❌ Gate to staging: fail"
    assert "1 of 3 criteria hold. 1 keeps it shut." in lines[4]
    whole = "\n".join(lines)
    assert whole.index("### What to do") < whole.index("- **Good enough**") < whole.index("| Criterion |")
    assert "2 × reviewer" in whole
    assert f"`{'ab' * 6}`" in whole
    assert f"(<{PAGE}>)" in whole


def test_a_comment_fits_where_it_is_sent():
    for words in ("long words ", "&", "<|@"):
        many = [criterion(f"c{n}", State.FAIL, words=words * 200, title=words * 20) for n in range(300)]
        text = markdown.render(report(*many, words=words * 20))
        assert len(text) < 65_536
        rows, left = text.count("\n| ❌"), re.search(r"(\d+) more criteria stand on the page", text)[1]
        assert rows > 10
        assert rows + int(left) == 300


def test_thousands_of_criteria_are_reported():
    many = report(*(criterion(f"c{n}", State.FAIL, words=f"w{n}") for n in range(2_000)))
    assert junit.render(many).count(b"<failure ") == 2_000
    assert sarif.render(many, tool_version="1").count(b'"ruleIndex"') == 2_000
    assert "1920 more criteria stand on the page" in markdown.render(many)


def test_what_is_told_of_one_criterion_has_an_end():
    one = report(criterion("c", State.FAIL, words="x" * 1_000_000))
    assert len(junit.render(one)) < 20_000
    assert len(sarif.render(one, tool_version="1")) < 60_000


def test_a_waiver_is_seen_and_shuts_nothing():
    made = report(criterion("auc", State.WAIVED, words="Waived until May.", title="Good enough"))
    suite = read_junit(junit.render(made))[0]
    assert suite.findtext("testcase/system-out") == "Waived until May."
    (found,) = read_sarif(sarif.render(made, tool_version="1"))["results"]
    assert found["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": "Waived until May."}
    ]


def test_a_failure_says_why_and_what_to_do_in_words_and_in_order():
    one = criterion("auc", State.INCONCLUSIVE, words="0.7", title="Good enough")
    failure = read_junit(junit.render(report(one))).find(".//failure")
    assert failure.get("type") == "inconclusive"
    assert failure.get("message") == "Not enough evidence: 0.7"
    assert failure.text.splitlines() == ["0.7", "0.7 is 0.7, needed 0.7.", "0.7", "Rule: a > 1", "a = 0.7"]
    (found,) = read_sarif(sarif.render(report(one), tool_version="1"))["results"]
    assert found["message"]["text"].startswith("Good enough: not enough evidence. 0.7\n")


def test_a_viewer_of_sarif_sees_no_argument_and_no_link():
    one = criterion("c", State.FAIL, words="[here](https://evil.example) {0} {a: 1}")
    text = read_sarif(sarif.render(report(one), tool_version="1"))["results"][0]["message"]["text"]
    assert "\\[here\\](https://evil.example) {{0}} {a: 1}" in text
