"""A card from elsewhere is text by field, bounded and harmless; what is not taken is said."""

import json

import pytest

from apps.core.errors import Invalid
from apps.core.markdown import render
from apps.modelcards import importing
from apps.modelcards.exporting import FORMATS
from apps.policies.method.card import CardField
from tests.modelcards import sample

LINES = {"provider", "contact", "license"}
FIELDS = [
    CardField(key=key, title=title, group=part, help="", kind="line" if key in LINES else "text")
    for key, title, part, _ in sample.WRITTEN
]

ALL = json.dumps(sample.rich())


def read(text):
    return importing.read(text if isinstance(text, bytes) else text.encode(), known=FIELDS)


def test_what_hugging_face_got_comes_back():
    found = read(FORMATS["huggingface"].function(sample.rich()).content)
    expected = {key: text for key, _, _, text in sample.WRITTEN}
    expected |= {
        "description": "Predicts *income*.\n\n#### Why\n\nBecause.",
        "base_models": "acme/base\nacme/other",
        "limitations": "Weak over 80.\n\n```\nopen\n```",
    }
    assert found.fields == expected
    assert found.said[0].startswith("28 fields were read: ")
    said = " ".join(found.not_taken)
    assert "“model-index” are not taken" in said
    assert "“Evaluation on adult, test” is not taken" in said


def test_what_json_got_comes_back():
    document = sample.rich()
    document["fields"].append(sample.field("odd", "Odd", "use", "x"))
    found = read(FORMATS["json"].function(document).content)
    assert found.fields == {key: text for key, _, _, text in sample.WRITTEN}
    assert "“Environment” is not taken: this card has no such field." in found.not_taken
    assert "“Odd” is not taken: this card has no such field." in found.not_taken
    filled = sample.rich()
    filled["fields"][0]["state"] = "filled"
    assert "description" not in read(json.dumps(filled)).fields


TEMPLATE = """---
license: other
license_name: Our own
tags: [a]
---
# Name

Some *words* on it.

## Uses

<!-- Address how it is used. -->

### Direct Use [optional]

[More Information Needed]

### Out-of-Scope Use

<script>alert(1)</script> ![x](http://t.example/a.png)

#### In detail

Nothing.

```
## Citation
```

## Curious chapter

Lost.

## Citation [optional]

**BibTeX:** @x
"""


def test_a_card_of_the_template():
    found = read(TEMPLATE.replace("\n", "\r\n"))
    assert set(found.fields) == {"license", "out_of_scope", "description", "citation"}
    assert found.fields["license"] == "Our own"
    assert found.fields["description"] == "Some *words* on it."
    assert found.fields["out_of_scope"].endswith("#### In detail\n\nNothing.\n\n```\n## Citation\n```")
    html = render(found.fields["out_of_scope"])
    assert "<script" not in html
    assert "<img" not in html
    assert found.not_taken == (
        "Of the YAML there is not taken: “tags”.",
        "“Curious chapter” is not taken: no field has this name.",
    )


BOMB = "---\na: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]\n---\n# x"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (BOMB, "aliases"),
        ("---\na: !!python/object/apply:os.system [ls]\n---\n", "tags"),
        ("---\na: " + "[" * 13 + "]" * 13 + "\n---\n", "too_deep"),
        ("---\na: " + "[" * 60_000 + "\n---\n", "not_yaml"),
        ("---\na: " + "x" * 600_000 + "\n---\n", "yaml_too_large"),
        ("---\na: [\n---\n", "not_yaml"),
        ("---\n? [a]\n: b\n---\n", "not_yaml"),
        ("---\n- a\n---\n", "not_a_mapping"),
        ("---\na: b\n", "open_yaml"),
        ("{" * 100_000, "not_json"),
        ('{"schema": 1, "a": ' + "[" * 100_000, "not_json"),
        ('{"schema": NaN}', "not_json"),
        ('{"schema": 2}', "not_a_card"),
        ('{"schema": 1}', "not_a_card"),
        (b"\xff\xfe", "not_text"),
        ("# x\n\n## Limitations\n\na\x00", "bad_text"),
        ("x" * (importing.MOST_BYTES + 1), "too_large"),
        ("#\n" * 200_000, "too_long"),
        (("| x" * 200 + "\n" + "|-" * 200 + "\n" + "x\n" * 300 + "\n") * 60, "too_long"),
        ("## Limitations\n\n" + "[a](" * 250_000, "nothing_taken"),
        ("---\nlicense: 0x" + "F" * 5000 + "\n---\n## Limitations\n\nx", "long_word"),
        ("---\nlicense: 1" + ":1" * 170_000 + "\n---\n## Limitations\n\nx", "long_word"),
        ("", "nothing_found"),
        ("## Curious\n\nx", "nothing_found"),
        (b"PK\x03\x04\x14\x00", "zip"),
        (ALL[:2000], "not_json"),
        (ALL[:-1] + ', "fields": []}', "twice"),
        ("[1, 2]", "not_a_card"),
        ('{"schema": ' + "9" * 5000 + "}", "not_json"),
        (ALL.replace('"Ranking of requests."', "3"), "not_a_card"),
        (json.dumps(sample.empty()), "nothing_found"),
        ("## Limitations\n\n" + "x" * 20_001, "nothing_taken"),
        ("---\nlicense: mit\nlicense: x\n---\n## Limitations\n\nx", "twice"),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_sentence(text, code):
    with pytest.raises(Invalid) as told:
        read(text)
    assert told.value.code == code
    assert told.value.sentence.endswith(".")


def test_of_two_texts_of_a_field_the_first_is_taken_and_halves_of_characters_are_not():
    document = sample.rich()
    second = document["fields"][0] | {"text": "Another."}
    document["fields"] += [second, document["fields"][0] | {"key": "misuse", "text": "a\ud800"}]
    document["fields"] = [one for one in document["fields"] if one["text"] != "Blind trust."]
    found = read(json.dumps(document))
    assert found.fields["description"].startswith("Predicts")
    assert "“Description” stands twice in the file: the first one is taken." in found.not_taken
    assert "misuse" not in found.fields
    assert any("a character that cannot be kept" in one for one in found.not_taken)


def test_what_is_said_of_a_file_can_be_sent():
    document = sample.rich()
    document["fields"][0] |= {"key": "unheard_of", "title": "\ud800bad"}
    found = read(json.dumps(document))
    assert "“?bad” is not taken: this card has no such field." in found.not_taken
    with pytest.raises(Invalid) as told:
        read('{"\\ud800": 1, "\\ud800": 2}')
    assert "“?”" in told.value.sentence


def test_a_link_in_brackets_begins_markdown_and_no_json():
    assert (
        read("[A link](https://example.org)\n\n## Limitations\n\nx [b](c)]").fields["limitations"]
        == "x [b](c)]"
    )


def test_a_field_that_is_too_long_is_not_taken():
    found = read(
        f"## Limitations\n\n{'x' * 20_001}\n\n## Provider\n\na\nb\n\n## Misuse\n\n" + "<!--" * 50_000
    )
    assert found.fields["provider"] == "a b"
    assert "“Limitations” is not taken: it has 20,001 characters of at most 20,000." in found.not_taken


def test_names_that_are_hostile_come_back_harmless():
    text = FORMATS["huggingface"].function(sample.huge()).content
    found = read(text)
    assert "<script" not in "".join(map(render, found.fields.values()))
    assert "🦊" in found.fields["limitations"]
