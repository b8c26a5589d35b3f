"""The one document of a card: its schema, where each field comes from, what is stale, how far it serves each standard."""

import copy
from dataclasses import replace

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from apps.core.canonical import digest
from apps.core.errors import Invalid
from apps.modelcards import document
from apps.modelcards import services as cards
from apps.modelcards.document import measured
from apps.modelcards.schema import card_schema
from apps.policies.loading import standard_text
from apps.policies.method.card import DEFAULT, BiasAudit
from apps.policies.pack import PackInvalid, parse_pack
from apps.projects import services as projects


def check(found):
    Draft202012Validator.check_schema(card_schema())
    validator = Draft202012Validator(card_schema(), format_checker=FormatChecker())
    assert [f"{list(one.absolute_path)}: {one.message}"[:300] for one in validator.iter_errors(found)] == []


def entry(found, key):
    return next(one for one in found["fields"] if one["key"] == key)


def standard(found, key):
    return next(one for one in found["standards"] if one["key"] == key)


def test_a_card_that_nobody_wrote_is_whole(version):
    found = document.build(version)
    check(found)
    assert found["card"]["state"] == "none"
    assert found["card"]["missing"][:2] == ["description", "intended_use"]
    assert len(found["card"]["missing"]) == 7
    assert found["evaluations"] == []
    assert found["bias_audit"] is None
    assert found["version"]["run"]["parameters"] == [{"name": "C", "value": "1"}]
    assert entry(found, "contact")["text"] == "Ada"
    assert entry(found, "contact")["state"] == "filled"
    assert standard(found, "annex_iv")["of"] == 29
    digest(found)


def test_a_rich_card_says_where_everything_comes_from(ready, dev, ben, django_assert_num_queries):
    cards.change_card(ready, fields={"security": "No endpoint is public.", "provider": "Bank plc"}, by=ben)
    with django_assert_num_queries(QUERIES):
        found = document.build(ready)
    check(found)
    assert digest(document.build(ready)) == digest(found)
    assert found["card"]["missing"] == []
    security = entry(found, "security")
    assert (security["state"], security["provenance"][0]["by"]) == ("written", "Ben")
    filled = entry(found, "evaluation_data")
    evaluation = found["evaluations"][0]
    assert filled["state"] == "filled"
    assert filled["provenance"][0] == {
        "kind": "evidence",
        "by": None,
        "at": evaluation["completed_at"],
        "source": "Evaluation on holdout",
        "path": evaluation["path"],
        "digest": evaluation["report_digest"],
    }
    auc = next(one for one in evaluation["metrics"] if one["key"] == "roc_auc")
    assert (auc["better"], auc["level"]) == ("higher", 0.95)
    assert auc["low"] < auc["value"] < auc["high"]
    assert found["people"]["provider"] == "Bank plc"
    assert {one["attribute"] for one in found["bias_audit"]["tables"]} >= {"race", "sex"}
    assert any(one["crossing"] for one in found["bias_audit"]["tables"])
    bias = next(one for one in found["checklists"] if one["key"] == "bias")
    assert (bias["answered"], len(bias["items"])) == (bias["of"], bias["of"])
    assert found["rubric"]["dimensions"][0]["level"] == 4
    items = {one["key"]: one for one in standard(found, "annex_iv")["items"]}
    assert items["2h"] == {
        "key": "2h",
        "title": "Cybersecurity",
        "served": True,
        "by": ["security"],
        "missing": [],
    }
    assert items["9"]["missing"] == ["monitoring_plan", "incidents"]
    coverage = standard(found, "annex_iv")
    assert coverage["complete"] == sum(one["served"] for one in coverage["items"])
    _many(ready, found)


#: Of a card of a version with everything; other numbers of rows make no difference (``_many``).
QUERIES = 46


def _many(version, found):
    """500 metrics and 40 slices are valid, and none is lost."""
    known = document.gather(version)
    report = copy.deepcopy(known.report)
    figure = report["metrics"]["roc_auc"]
    report["metrics"] |= {f"own_metric_{index}": figure for index in range(500)}
    report["slices"] = [{**report["slices"][0], "value": f"v{index}"} for index in range(40)]
    large = document.document_of(replace(known, report=report))
    check(large)
    measured = large["evaluations"][0]
    assert len(measured["metrics"]) == len(found["evaluations"][0]["metrics"]) + 500
    assert len(measured["slices"]) == 40 + len(report["pair_slices"])


def test_what_rests_on_changed_evidence_is_stale_until_somebody_confirms_it(version, ada, dev):
    projects.assess_data_source(version.model.project, name="applications", scores=SCORES, by=dev)
    cards.change_card(version, fields={"data_selection": "All of 1990.", "caveats": "None."}, by=dev)
    assert document.build(version)["card"]["stale"] == []
    projects.assess_data_source(
        version.model.project, name="applications", scores={**SCORES, "volume": 1}, by=dev
    )
    found = document.build(version)
    assert found["card"]["stale"] == ["data_selection"]
    card = cards.change_card(version, fields={"data_selection": "All of 1990."}, by=dev)
    assert document.build(version)["card"]["stale"] == ["data_selection"], "the same text confirms nothing"
    cards.change_card(version, fields={}, confirm=["data_selection"], by=ada, expect=card.lock_version)
    found = document.build(version)
    assert found["card"]["stale"] == []
    assert entry(found, "data_selection")["provenance"][0]["by"] == "Ada"


SCORES = dict.fromkeys(("completeness", "accuracy", "consistency", "timeliness", "relevance", "volume"), 4)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"nonsense": "x"}, "no field nonsense"),
        ({"license": "MIT\nand more"}, "is one line"),
        ({"license": "x" * 301}, "limit is 300"),
        ({"caveats": "x" * 20_001}, "limit is 20,000"),
        ({"caveats": "\x00"}, "NUL"),
    ],
)
def test_what_a_field_cannot_hold_is_refused(version, dev, fields, sentence):
    with pytest.raises(Invalid, match=sentence):
        cards.change_card(version, fields=fields, by=dev)


@pytest.mark.parametrize(
    ("wrong", "right", "sentence"),
    [
        (
            'needs: ["evidence:threshold"]',
            'needs: ["evidence:tresholds"]',
            "No part of the evidence is called",
        ),
        ("needs: [citation]", "needs: [quotation]", "no field “quotation”"),
        ("group: compliance,", "group: law,", "no group “law”"),
        ("kind: line,", "kind: choice,", "A choice needs options"),
        ("required: true,", "required: true, when: brief.complete,", "needs no when"),
        ("{id: 1b,", "{id: 1a,", "stands here twice"),
    ],
)
def test_a_pack_whose_card_names_what_is_not_there_is_refused(wrong, right, sentence):
    assert wrong in standard_text()
    with pytest.raises(PackInvalid, match=sentence):
        parse_pack(standard_text().replace(wrong, right, 1))


def test_a_policy_can_ask_for_a_field_by_circumstances(version, dev):
    known = document.gather(version)
    asked = replace(DEFAULT.fields[-1], when="version.change == 'minor'")
    part = replace(DEFAULT, fields=(*DEFAULT.fields[:-1], asked))
    found = document.document_of(replace(known, part=part))
    check(found)
    assert found["card"]["missing"][-1] == "caveats"
    assert found["standards"] == []
    part = replace(part, fields=(*DEFAULT.fields[:-1], replace(asked, when="version.change == 'major'")))
    assert "caveats" not in document.document_of(replace(known, part=part))["card"]["missing"]


@pytest.mark.parametrize(
    ("value", "share", "reason"),
    [
        ("A", 0.5, ""),
        ("A", 0.019, "The group has under 2% of the rows."),
        ("missing", 0.5, "The group of these people is not known."),
        ("F · Unknown", 0.5, "The group of these people is not known."),
    ],
)
def test_a_bias_audit_leaves_out_ratios_of_small_and_unknown_groups(value, share, reason):
    ratios = {"impact_ratio": 0.7, "impact_low": 0.6, "impact_high": 0.8}
    group = {"value": value, "share": share, "selection_rate": 0.3, "left_out": False, "left_out_reason": ""}
    (found,) = measured._audited({"groups": [group | ratios]}, BiasAudit())["groups"]
    assert found["left_out_reason"] == reason
    assert found["impact_ratio"] == (None if reason else 0.7)
    assert found["selection_rate"] == 0.3
