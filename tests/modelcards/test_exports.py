"""Each export passes a checker that we did not write, and names all of the card that it does not carry."""

import copy
import csv
import io
import json
from html.parser import HTMLParser
from pathlib import Path

import aedt_audit
import pandas
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from huggingface_hub import ModelCard
from jsonschema import Draft7Validator, Draft202012Validator, FormatChecker
from markdown_it import MarkdownIt

from apps.core.canonical import digest
from apps.modelcards.document import measured
from apps.modelcards.exporting import FORMATS
from apps.modelcards.exporting.ll144 import impact_ratios
from apps.modelcards.exporting.reading import leaves
from apps.modelcards.schema import card_schema
from apps.policies.method.card import BiasAudit
from tests.modelcards import sample

#: Our addresses are ASCII, where IRI and URI are the same; the checker of IRIs takes seconds to load in each process.
FormatChecker.checkers["iri-reference"] = FormatChecker.checkers["uri-reference"]
SCHEMAS = Path(__file__).with_name("schemas")
DOCUMENTS = {"rich": sample.rich(), "empty": sample.empty(), "huge": sample.huge()}
documents = pytest.mark.parametrize("name", DOCUMENTS)
STRICT = {"1.6": JsonStrictValidator(SchemaVersion.V1_6), "1.7": JsonStrictValidator(SchemaVersion.V1_7)}


def export(key, name="rich"):
    return FORMATS[key].function(DOCUMENTS[name])


def schema(name, kind):
    found = json.loads((SCHEMAS / name).read_text())
    kind.check_schema(found)
    return kind(found, format_checker=FormatChecker())


def closed(found):
    """Let a schema that lets unknown keys pass refuse them: AWS's own does, the classes it was generated from do not."""
    for one in (found, *found.get("$defs", {}).values()):
        if "properties" in one:
            one["additionalProperties"] = False
    return found


TOOLKIT = schema("model-card-toolkit-0.0.2.schema.json", Draft7Validator)
SAGEMAKER = Draft202012Validator(
    closed(json.loads((SCHEMAS / "sagemaker-model-card.schema.json").read_text()))
)


@documents
def test_the_samples_are_cards(name):
    found = Draft202012Validator(card_schema(), format_checker=FormatChecker()).iter_errors(DOCUMENTS[name])
    assert [f"{list(one.absolute_path)}: {one.message[:200]}" for one in found] == []


@documents
@pytest.mark.parametrize("edition", STRICT)
def test_cyclonedx(name, edition):
    text = export(f"cyclonedx-{edition}", name).content.decode()
    assert STRICT[edition].validate_str(text) is None
    bom = json.loads(text)
    if name == "rich":
        figures = bom["metadata"]["component"]["modelCard"]["quantitativeAnalysis"]["performanceMetrics"]
        assert all(
            one["slice"] and set(one["confidenceInterval"]) == {"lowerBound", "upperBound"} for one in figures
        )
        assert {one["slice"] for one in figures} == {
            "adult test",
            "adult test: sex=Female",
            "adult test: sex=Male",
        }
        assert bom["metadata"]["timestamp"] == "2026-11-03T12:00:00Z"
    bom["metadata"]["component"]["modelCard"]["canary"] = 1
    assert STRICT[edition].validate_str(json.dumps(bom)) is not None


def tags_in(text):
    """Return the raw HTML that a renderer without any care would let through."""
    tokens = [
        child for token in MarkdownIt("commonmark").parse(text) for child in (token, *(token.children or ()))
    ]
    return [one.content for one in tokens if one.type in {"html_block", "html_inline"}]


@documents
def test_hugging_face(name):
    text = export("huggingface", name).content.decode()
    card = ModelCard(text)
    assert "[More Information Needed]" not in text
    assert card.data.language.startswith("en")
    assert not tags_in(card.text)
    results = card.data.eval_results or []
    if name == "rich":
        assert card.data.license == "apache-2.0"
        assert card.data.base_model == ["acme/base", "acme/other"]
        assert card.data.library_name == "sklearn"
        assert len(results) == 8
        auc = results[0]
        assert (auc.metric_type, auc.metric_value, auc.dataset_name, auc.dataset_split) == (
            "roc_auc",
            0.9,
            "adult",
            "test",
        )
        assert auc.metric_args == {"low": 0.89, "high": 0.91, "level": 0.95, "method": "DeLong", "n": 9000}
        assert {one.metric_args.get("slice") for one in results} == {None, "sex=Female", "sex=Male"}
        assert ModelCard(str(card)).data.to_dict() == card.data.to_dict()


@pytest.mark.parametrize(("tag", "code", "whole"), [("de", "de", None), ("pt-BR", "pt", "pt-BR")])
def test_the_language_of_the_card_is_told(tag, code, whole):
    document = copy.deepcopy(DOCUMENTS["rich"])
    document["card"]["language"] = tag
    data = ModelCard(FORMATS["huggingface"].function(document).content.decode()).data.to_dict()
    assert (data["language"], data.get("language_bcp47")) == (code, whole)
    assert f'<html lang="{tag}">' in FORMATS["html"].function(document).content.decode()


def test_hugging_face_refuses_a_broken_card():
    with pytest.raises(ValueError, match=r"must|YAML|model"):
        ModelCard("---\nmodel-index: 3\n---\n# x\n", ignore_metadata_errors=False)


@documents
def test_model_card_toolkit(name):
    found = json.loads(export("model-card-toolkit", name).content)
    assert [one.message[:200] for one in TOOLKIT.iter_errors(found)] == []
    found["model_details"]["name"] = 3
    found["canary"] = 1
    assert len(list(TOOLKIT.iter_errors(found))) == 2


@documents
def test_sagemaker(name):
    found = json.loads(export("sagemaker", name).content)
    assert [f"{list(one.absolute_path)}: {one.message[:200]}" for one in SAGEMAKER.iter_errors(found)] == []
    assert found["intended_uses"]["risk_rating"] == ("Unknown" if name == "empty" else "High")
    for canary in ({"risk_rating": "Extreme"}, {"canary": 1}, {"purpose_of_model": "x" * 2049}):
        wrong = found | {"intended_uses": found["intended_uses"] | canary}
        assert not SAGEMAKER.is_valid(wrong)


class Page(HTMLParser):
    """Collect tags and attributes; tell of tags that do not match."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.open, self.faults = set(), set(), [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag == "th" and dict(attrs).get("scope") not in {"row", "col"}:
            self.faults.append("th without scope")
        if tag not in {"meta", "br", "hr"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(tag)


@documents
@pytest.mark.parametrize("key", ["html", "ll144-html"])
def test_html_holds_and_loads_nothing_foreign(key, name):
    page = Page(export(key, name).content.decode())
    assert (page.faults, page.open) == ([], [])
    assert {"html", "title", "h1", "main", "table", "caption"} <= page.tags
    assert not page.tags & {"script", "img", "link", "iframe", "object", "svg", "form", "base"}
    assert not {one for one in page.attributes if one.startswith("on") or one in {"src", "style"}}
    assert "javascript:" not in [one for one in page.attributes if one == "href"]


def test_markdown_keeps_text_text():
    text = export("markdown", "huge").content.decode()
    assert not tags_in(text)
    assert "🦊" in text
    rich = export("markdown").content.decode()
    assert "\n#### Why\n" in rich
    assert "```\nopen\n```\n" in rich


def test_json_is_the_card():
    found = export("json", "huge")
    assert json.loads(found.content) == DOCUMENTS["huge"]
    assert found.lost == ()


# The oracle of the law's arithmetic


def people():
    """One row for each person: two categories of race, three of sex, the third under 2 %."""
    rows = []
    for sex, race, count, selected in [
        ("M", "A", 400, 200),
        ("M", "B", 300, 90),
        ("F", "A", 260, 130),
        ("X", "B", 9, 9),
    ]:
        rows += [{"sex": sex, "race": race, "selected": place < selected} for place in range(count)]
    return pandas.DataFrame(rows)


@pytest.mark.parametrize("by", [["sex"], ["race"], ["sex", "race"]])
def test_impact_ratios_are_those_of_the_oracle(by):
    table = aedt_audit.impact_ratios(aedt_audit.selection_rates(people(), by=by, outcome="selected"), by=by)
    total = int(table["n"].sum())
    groups = [
        measured._judged(
            sample.group("/".join(row[one] for one in by), int(row["n"]), int(row["selected"]))
            | {"share": row["n"] / total},
            BiasAudit(),
        )
        for _, row in table.iterrows()
    ]
    document = sample.empty()
    document["bias_audit"] = sample.rich()["bias_audit"] | {"tables": [sample.fairness("/".join(by), groups)]}
    rows = json.loads(FORMATS["ll144-json"].function(document).content)["tables"][0]["rows"]
    assert [row["rate"] for row in rows] == pytest.approx(list(table["rate"]))
    assert [row["left_out"] for row in rows] == list(table["excluded"])
    for row, ratio in zip(rows, table["impact_ratio"], strict=True):
        assert row["impact_ratio"] == (None if row["left_out"] else pytest.approx(ratio))
        assert bool(row["reason"]) == row["left_out"]


@pytest.mark.parametrize("out", [True, False])
def test_the_policy_decides_which_category_is_left_out(out):
    small = sample.group("X", 1, 1) | {"left_out": out, "left_out_reason": ""}
    document = sample.empty()
    tables = [sample.fairness("sex", [sample.group("M", 999, 500), small])]
    document["bias_audit"] = sample.rich()["bias_audit"] | {"tables": tables}
    rows = json.loads(FORMATS["ll144-json"].function(document).content)["tables"][0]["rows"]
    told = rows[1]["impact_ratio"], rows[1]["left_out"], rows[1]["reason"]
    assert told == ((None, True, "The card leaves it out.") if out else (1.0, False, ""))


def test_nobody_selected_gives_no_ratio():
    assert impact_ratios([0.0, None, 0.0], [False, False, True]) == [None, None, None]


def test_the_csv_does_not_run():
    rows = list(csv.reader(io.StringIO(export("ll144-csv", "huge").content.decode())))
    assert ["People of unknown category, left out", "7"] in rows
    document = sample.rich()
    document["bias_audit"]["tables"][0]["groups"][0]["value"] = "=cmd()"
    assert "'=cmd()" in FORMATS["ll144-csv"].function(document).content.decode()


# The loss report


def changed(value):
    """Return a value of the same kind that says something else."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if value[:4].isdigit() and value[4:5] == "-":
        return "3" + value[1:]
    return ("c" if value[0] != "c" else "d") + value[1:]


def put(document, path, value):
    """Change one value and return what stood there."""
    for key in path[:-1]:
        document = document[key]
    document[path[-1]], before = value, document[path[-1]]
    return before


def content_of(document, key):
    """Return an export, and its text without the digest of the card, which every change changes."""
    found = FORMATS[key].function(document)
    content = found.content.decode()
    if key.startswith("cyclonedx"):
        bom = json.loads(content)
        del bom["serialNumber"], bom["metadata"]["properties"]
        return found, bom
    return found, content.replace(digest(document), "-")


def thin(value, key=""):
    """Keep one entry of each list, but all fields: the same places in less time."""
    if isinstance(value, dict):
        return {name: thin(one, name) for name, one in value.items()}
    if isinstance(value, list):
        return [thin(one, key) for one in (value if key == "fields" else value[:1])]
    return value


#: Formats that share their reading with one that is tested.
TWINS = {"json", "cyclonedx-1.6", "html", "ll144-csv", "ll144-html"}


@pytest.mark.parametrize("key", [key for key in FORMATS if key not in TWINS])
def test_what_is_changed_shows_or_is_reported(key):
    """Each value of a card is changed in turn: the file changes, or the report says that it is not carried."""
    document = thin(sample.rich())
    if key == "markdown":
        # It writes all fields alike.
        document["fields"] = document["fields"][-2:]
    found, before = content_of(document, key)
    silent = []
    for path, value in [*leaves(document)]:
        # Of the fields, the texts may have places of their own; what else they say is alike.
        alike = path[0] == "fields" and path[1] and path[2] != "text"
        if path in found.lost_paths or alike:
            continue
        old = put(document, path, changed(value))
        told, after = content_of(document, key)
        put(document, path, old)
        if after == before and path not in told.lost_paths:
            silent.append(path)
    assert silent == []
    assert bool(found.lost) == bool(found.lost_paths)
    assert all(one.endswith(".") and "_" not in one for one in found.lost)


def test_twins_lose_the_same():
    for one, other in [
        ("markdown", "html"),
        ("cyclonedx-1.6", "cyclonedx-1.7"),
        ("ll144-json", "ll144-html"),
    ]:
        assert export(one).lost_paths == export(other).lost_paths


def test_the_report_is_in_sentences():
    lost = export("sagemaker", "huge").lost
    assert any(one.startswith("The format takes 1,024 characters of “Description") for one in lost)
    assert "The standards" not in " ".join(lost)
    assert any(one.startswith("The checklists are not carried at all (") for one in lost)
    assert any("there is not carried: " in one for one in export("cyclonedx-1.7").lost)
