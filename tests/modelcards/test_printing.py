"""The printed card, made of documents written by hand: nothing said, everything said, too much said, and hostile."""

import copy
import io
import subprocess

import pytest
from pypdf import PdfReader

from apps.core.pdf import making
from apps.core.templatetags.printed import excerpt
from apps.evaluations import chapters
from apps.modelcards import jobs, printing
from tests.core.pdf.test_rendering import words_outside
from tests.modelcards import sample

GROUPS = [(key, key.capitalize()) for key in dict.fromkeys(one[2] for one in sample.WRITTEN)]
SCRIPTS = "العربية and 中文字体 and 😀 and 𓀀"
LINKS = (
    "[a](file:///etc/passwd) [b](http://169.254.169.254/x) [c](//10.0.0.1/) ![d](http://10.0.0.1/d.png) "
    "<img src='file:///etc/passwd'> "
    "[e](https://example.com/paper) [f](/versions/1/) [g](http://localhost/) [h](http://[::1]/)"
)


@pytest.mark.parametrize(
    ("state", "since", "said"),
    [
        ("none", None, "nothing written, not published"),
        ("draft", "2026-05-01T00:00:00Z", "draft, not published"),
        ("in_review", None, "in review, not published"),
        ("published", "2026-05-01T00:00:00Z", "published"),
        ("published", None, "withdrawn, not published"),
    ],
)
def test_the_signature_says_whether_the_card_is_published(state, since, said):
    found = {"card": {"state": state, "published_at": since}}
    assert jobs.reason_of(found, "abc") == f"Model card abc ({said})"


def document(found):
    return printing.printed(found, groups=GROUPS, drawings={})


def text_of(content):
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=content, capture_output=True, check=True)
    return done.stdout.decode()


def little():
    """Nothing is known, and what somebody wrote is foreign or leads elsewhere."""
    found = sample.empty()
    for field, text in zip(found["fields"], (SCRIPTS, LINKS), strict=False):
        field |= {"text": text, "state": "written"}
    return found


def unmeasured():
    found = sample.empty()
    nothing = {"metrics": [], "slices": [], "fairness": [], "definitions": [], "headline": []}
    return found | {"evaluations": [sample.evaluation() | nothing], "signatures": sample.rich()["signatures"]}


def huge():
    found = sample.huge()
    found["evaluations"][0]["headline"] = ["roc_auc"]
    return found


def full():
    """Every box of the summary is there, and every text of it is longer than it has room for."""
    found, words = sample.rich(), "The model ranks requests for a clerk, who decides on each. " * 40
    told = dict(printing.SUMMARY)
    for field in found["fields"]:
        field["text"] = words if field["key"] in told else ""
    keys = [one["key"] for one in found["fields"]]
    found["card"] |= {"missing": keys[:12], "stale": keys[12:]}
    criterion = {
        "title": "The ratio is shown to be above 0.8 for every attribute",
        "state": "fail",
        "says": "x",
    }
    found["gates"] |= {
        "last_verdict": {**found["gates"]["last_verdict"], "state": "fail", "criteria": [criterion] * 12},
        "conditions": [{"text": words, "state": "in force"}] * 6,
        "waivers": found["gates"]["waivers"] * 6,
    }
    return found | {"evaluations": [found["evaluations"][0] | {"slices": []}]}


@pytest.mark.slow
def test_the_summary_is_one_page_however_much_there_is_to_say():
    pages = text_of(making.rendered(document(full()))).split("\f")
    assert [
        words in page for words, page in zip(("Signatures", "Summary", "Contents"), pages, strict=False)
    ] == [
        True,
        True,
        True,
    ]


CASES = {
    "little": (
        little,
        ["Nothing was measured", "Nobody signed", "No gate has", "中文字体", "😀", "[U+13000]"],
        8,
    ),
    "no metrics": (unmeasured, ["The evaluation has no metrics", "Rita Risk"], 8),
    "too much": (huge, ["the first 60 of 501", "<script>alert(1)</script>", "the worst first"], 120),
}


@pytest.mark.slow
@pytest.mark.method("M9.2")
@pytest.mark.promise("24")
@pytest.mark.parametrize("name", CASES)
def test_a_card_is_a_document_whatever_is_written_on_it(name):
    make, wanted, pages = CASES[name]
    content = making.rendered(document(make()))
    text = text_of(content)
    for one in wanted:
        assert one in text, one
    reader = PdfReader(io.BytesIO(content))
    assert len(reader.pages) <= pages
    assert words_outside(content) == []
    links = {
        note.get_object()["/A"].get("/URI", "")
        for page in reader.pages
        for note in page.get("/Annots", ())
        if "/A" in note.get_object()
    }
    assert links <= {"https://example.com/paper"}
    assert set(reader.attachments) == {"card.json", "card.cdx.json"}


def test_the_first_pages_say_what_counts():
    context = printing.context_of(sample.rich(), groups=GROUPS, drawings={}, proof=None)
    assert [(one.title, one.value, one.beneath) for one in context["figures"]] == [
        ("ROC_AUC", "0.900", "95% interval [0.890, 0.910], 9,000 rows"),
        ("F1", "0.700", "95% interval [0.690, 0.710], 9,000 rows"),
    ]
    assert context["verdict"].title == "The gate passed: production"
    assert context["dated"] == "2026-11-03T12:00:00Z"
    assert (context["worst"]["value"], context["worst"]["four_fifths"]) == ("Male", "fail")
    titles = [title for _, title in context["contents"]]
    assert titles[:3] == ["Summary", "Overview", "Use"]
    assert titles[-4:] == [
        "Standards",
        *(f"Appendix: {one}" for one in ("definitions of the metrics", *ENDS)),
    ]


ENDS = ("where each field comes from", "digests and attached files")


def test_slices_are_drawn_from_the_worst_and_no_more_than_fit():
    evaluation = sample.evaluation(slices=[f"s{number:02}" for number in range(40)])
    for number, one in enumerate(evaluation["slices"]):
        one["metrics"][0]["value"] = 0.9 - number / 100
    chart = chapters.slices_chart(evaluation)
    assert len(chart.rows) == chapters.DRAWN_SLICES
    assert chart.rows[0][0] == "sex=s39"
    errors = copy.deepcopy(evaluation)
    errors["slices"][0]["metrics"][0]["value"] = 17.0
    assert chapters.slices_chart(errors) is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("# Why\n\n**Because** of `x`.", "Why Because of x."),
        ("one two three four five six", "one two three four five …"),
        ("<b>x</b> & [y](javascript:z)", "<b>x</b> & [y](javascript:z)"),
        ("", ""),
    ],
)
def test_the_beginning_of_a_text_is_plain(text, shown):
    assert excerpt(text, 5) == shown
