"""Cards from elsewhere as texts of our fields: a Hugging Face README.md, or a card of mlgov as JSON.

Nothing is applied here. What is read is Markdown and stays it: the page's renderer makes raw HTML harmless.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from markdown_it import MarkdownIt

from apps.core.errors import Invalid
from apps.core.markdown import most_cells
from apps.core.texts import is_storable
from apps.modelcards.exporting.huggingface import IN_YAML, SECTIONS
from apps.modelcards.fields import LONGEST, LONGEST_LINE
from apps.modelcards.schema import card_schema
from apps.policies.method.card import CardField

#: Some forty fields of 20,000 characters fit.
MOST_BYTES = 1024 * 1024
#: Each line can be a heading, and takes as long to find as a long paragraph.
MOST_LINES = 20_000
MOST_CELLS = 40_000
MOST_YAML = 512 * 1024
DEEPEST_YAML = 12
#: A longer word without quotes may be a number, which takes a time that grows with the square of its length.
LONGEST_PLAIN = 300
_NEEDED = "[More Information Needed]"
_EVIDENCE = "Evaluations, signatures and all else that is evidence is not taken: this version has its own."
_RESULTS = "The results in “model-index” are not taken: figures come from evaluations here."
#: So many reasons stand in a refusal.
MOST_REASONS = 3
MOST_FAULTS = 20
#: Titles of the field's templates that are not ours, and the field each belongs to.
_SYNONYMS = {
    "downstream use": "users",
    "intended uses": "intended_use",
    "intended uses and limitations": "intended_use",
    "how to use": "users",
    "bias": "limitations",
    "limitations and bias": "limitations",
    "training procedure": "preprocessing",
    "training hyperparameters": "preprocessing",
    "testing data factors and metrics": "evaluation_data",
    "technical specifications": "model_architecture",
    "evaluation data": "evaluation_data",
    "caveats and recommendations": "caveats",
    "model summary": "description",
    "contact": "contact",
}
#: Blocks are all that is looked for: what stands within a line is read when the card is shown.
_BLOCKS = MarkdownIt("commonmark", {"html": True}).enable("table").disable("inline")
_NUMBER = re.compile(rf"[\w:.+-]{{{LONGEST_PLAIN + 1},}}")


@dataclass(frozen=True)
class Imported:
    """Texts by field key, what is said of them, and what of the file is not taken, in sentences."""

    fields: dict[str, str]
    said: tuple[str, ...]
    not_taken: tuple[str, ...]


def read(content: bytes, *, known: Iterable[CardField]) -> Imported:
    """Read a card; ``known`` are the fields that a card here has. Raises Invalid where the file as a whole cannot be used."""
    if len(content) > MOST_BYTES:
        raise _refusal(
            f"The file is over {MOST_BYTES:,} bytes. Send a card, not what it describes.", "too_large"
        )
    if content.startswith(b"PK\x03\x04"):
        raise _refusal("The file is a ZIP archive. Unpack it, and send the README.md or JSON in it.", "zip")
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise _refusal("The file is not UTF-8 text. Save it as UTF-8.", "not_text") from error
    if not is_storable(text):
        raise _refusal("The file holds a character that cannot be kept (NUL).", "bad_text")
    by_key = {field.key: field for field in known}
    titles = {key: field.title for key, field in by_key.items()}
    is_json = _is_json(text)
    found, not_taken = _from_json(text, titles) if is_json else _from_card(text, titles)
    fields, refused = _held(found, by_key)
    if not fields:
        raise _nothing(refused, not_taken if is_json else None)
    not_taken += refused
    count = "1 field was" if len(fields) == 1 else f"{len(fields)} fields were"
    said = (f"{count} read: {', '.join(titles[key] for key in fields)}.",)
    return Imported(fields, said, tuple(dict.fromkeys(map(_sayable, not_taken))))


def _held(found: Mapping[str, str], by_key: Mapping[str, CardField]) -> tuple[dict[str, str], list[str]]:
    """Return the texts that their fields can hold, and of the others why not."""
    fields: dict[str, str] = {}
    refused: list[str] = []
    for key, given in found.items():
        field = by_key[key]
        text, most = (given, LONGEST) if field.kind == "text" else (" ".join(given.split()), LONGEST_LINE)
        if not is_storable(text):
            refused.append(f"“{field.title}” is not taken: it holds a character that cannot be kept.")
        elif len(text) > most:
            refused.append(
                f"“{field.title}” is not taken: it has {len(text):,} characters of at most {most:,}."
            )
        else:
            fields[key] = text
    return fields, refused


def _nothing(refused: list[str], of_json: list[str] | None) -> Invalid:
    """Return the refusal of a file of which no text is taken; ``of_json`` is what is not taken of a card of mlgov."""
    reasons = refused + [one for one in of_json or () if one != _EVIDENCE]
    if reasons:
        told = " ".join(reasons[:MOST_REASONS])
        return _refusal(f"Nothing of the file can be taken. {told}", "nothing_taken")
    if of_json is not None:
        return _refusal("Nobody wrote a text in this card, so there is nothing to take.", "nothing_found")
    return _refusal(
        "No field of the card was found in the file. Headings name the fields, such as “Intended use”.",
        "nothing_found",
    )


def _refusal(sentence: str, code: str) -> Invalid:
    return Invalid(_sayable(sentence), code=code, field="file")


def _sayable(sentence: str) -> str:
    """Return a sentence that can be sent: what is quoted in it may hold half of a character."""
    return sentence.encode("utf-8", "replace").decode()


# Our own JSON


def _is_json(text: str) -> bool:
    """Tell whether a text is meant as JSON; Markdown may begin with a link in brackets."""
    begun = text.lstrip()
    return begun.startswith("{") or (
        begun.startswith("[") and text.rstrip().endswith("]") and "](" not in text
    )


def _document(text: str) -> dict[str, Any]:
    """Return the JSON as a card's document. Raises Invalid for all else."""
    try:
        document = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_once_each)
    except RecursionError as error:
        raise _refusal(
            "The JSON is nested too deep to be a card. Send a card of mlgov.", "not_json"
        ) from error
    except json.JSONDecodeError as error:
        raise _refusal(
            f"This is not whole JSON ({error.msg}, line {error.lineno}, column {error.colno}). "
            "Export the card again, and send all of the file.",
            "not_json",
        ) from error
    except ValueError as error:
        raise _refusal(
            "The JSON holds a number of thousands of digits. Send a card of mlgov.", "not_json"
        ) from error
    if not isinstance(document, dict) or document.get("schema") != 1:
        raise _refusal(
            "This JSON is not a card of mlgov: its “schema” is not 1. Export the card as JSON there.",
            "not_a_card",
        )
    # The best of the first faults: to look for all of them takes long where each of 8,000 fields has one.
    fault = best_match(islice(Draft202012Validator(card_schema()).iter_errors(document), MOST_FAULTS))
    if fault is not None:
        place = "/".join(map(str, fault.absolute_path)) or "the document"
        raise _refusal(
            f"This JSON is not a card of mlgov: at {place}, {fault.message[:200]}. Export the card as JSON there.",
            "not_a_card",
        )
    return document


def _from_json(text: str, titles: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    found: dict[str, str] = {}
    not_taken = [_EVIDENCE]
    for field in _document(text)["fields"]:
        key, name = field["key"], field["title"] or field["key"]
        if not field["text"].strip():
            continue
        if key not in titles:
            not_taken.append(f"“{name}” is not taken: this card has no such field.")
        elif key in found:
            not_taken.append(f"“{name}” stands twice in the file: the first one is taken.")
        elif field["state"] == "filled":
            not_taken.append(f"“{name}” is not taken: there it was filled from evidence, and here it is too.")
        else:
            found[key] = field["text"]
    return found, not_taken


def _no_constant(name: str) -> Any:
    raise _refusal(f"The JSON holds {name}, which is no number of JSON. Send a card of mlgov.", "not_json")


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object. A key that stands twice is refused: each reader would take another of the two."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _refusal(
                f"The key “{key[:60]}” stands twice in an object of the JSON. Leave one out.", "twice"
            )
        found[key] = value
    return found


# Hugging Face


def _from_card(text: str, titles: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    head, body = _split(text)
    if body.count("\n") >= MOST_LINES or most_cells(body) > MOST_CELLS:
        raise _refusal(
            f"The file has over {MOST_LINES:,} lines, or {MOST_CELLS:,} cells of tables. "
            "Send a card, not what it describes.",
            "too_long",
        )
    metadata, not_taken = _metadata(head, titles)
    sections, left = _sections(_without_comments(body), titles)
    return metadata | sections, not_taken + left


def _split(text: str) -> tuple[str, str]:
    """Return YAML and Markdown; a card may have no YAML."""
    if not text.startswith("---\n"):
        return "", text
    end = text.find("\n---\n", 3)
    if end < 0:
        if not text.endswith("\n---"):
            raise _refusal(
                "The YAML at the beginning has no end. Close it with a line of three dashes.", "open_yaml"
            )
        return text[4:-4], ""
    return text[4 : end + 1], text[end + 5 :]


def _metadata(head: str, titles: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    data = safe_yaml(head)
    found: dict[str, str] = {}
    license_name = data.pop("license_name", None)
    if license_name and data.get("license") in (None, "other", str(license_name).lower()):
        data["license"] = license_name
    for key, name in IN_YAML.items():
        values = data.get(name)
        one = "\n".join(str(value) for value in (values if isinstance(values, list) else [values]) if value)
        if one and key in titles:
            found[key] = one
            del data[name]
    not_taken = []
    if data.pop("model-index", None):
        not_taken.append(_RESULTS)
    if data:
        names = ", ".join(f"“{str(key)[:60]}”" for key in list(data)[:20])
        not_taken.append(f"Of the YAML there is not taken: {names}{' and others' if len(data) > 20 else ''}.")
    return found, not_taken


def safe_yaml(text: str) -> dict[Any, Any]:
    """Read YAML of a stranger: small, flat, without aliases and tags. Raises Invalid."""
    if len(text.encode()) > MOST_YAML:
        raise _refusal(f"The YAML is over {MOST_YAML:,} bytes. Shorten it.", "yaml_too_large")
    depth = 0
    try:
        # Events are read one by one, so that nothing is built before it is known to be harmless.
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise _refusal("The YAML uses aliases (*name). Write each value out.", "aliases")
            if getattr(event, "tag", None):
                raise _refusal("The YAML uses tags (!name). Write plain values.", "tags")
            if isinstance(event, yaml.ScalarEvent) and not event.style and _NUMBER.fullmatch(event.value):
                raise _refusal(
                    f"The YAML holds a word or number of over {LONGEST_PLAIN} characters. Put it in quotes.",
                    "long_word",
                )
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST_YAML:
                raise _refusal(f"The YAML is nested more than {DEEPEST_YAML} deep.", "too_deep")
        _demand_single_keys(yaml.compose(text, Loader=yaml.CSafeLoader))
        data = yaml.load(text, Loader=yaml.CSafeLoader)  # noqa: TID251
    except (yaml.YAMLError, ValueError, RecursionError, TypeError) as error:
        raise _refusal(
            f"The YAML cannot be read ({' '.join(str(error).split())[:200]}).", "not_yaml"
        ) from error
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise _refusal("The YAML at the beginning is not a list of keys with values.", "not_a_mapping")
    return data


def _demand_single_keys(node: yaml.Node | None) -> None:
    """Raise Invalid where a key stands twice; nesting was bounded before."""
    if isinstance(node, yaml.SequenceNode):
        for one in node.value:
            _demand_single_keys(one)
    if not isinstance(node, yaml.MappingNode):
        return
    seen: set[str] = set()
    for key, value in node.value:
        name = str(key.value)[:60]
        if isinstance(key, yaml.ScalarNode) and key.value in seen:
            raise _refusal(
                f"The key “{name}” stands twice in the YAML, in line {key.start_mark.line + 2} again. Leave one out.",
                "twice",
            )
        seen.add(key.value if isinstance(key, yaml.ScalarNode) else "")
        _demand_single_keys(value)


def _without_comments(text: str) -> str:
    """Drop HTML comments, which templates use for hints; one that is never closed stays."""
    parts, at = [], 0
    while (start := text.find("<!--", at)) >= 0 and (end := text.find("-->", start + 4)) >= 0:
        parts.append(text[at:start])
        at = end + 3
    return "".join([*parts, text[at:]])


def normal(title: str) -> str:
    """Return a heading as it is compared: lower case, words alone, without “[optional]”."""
    return " ".join(re.findall(r"\w+", title.lower().replace("[optional]", "").replace("-", " ")))


def _known(titles: Mapping[str, str]) -> dict[str, str]:
    known = {normal(title): key for _, title, key in SECTIONS if key}
    known = _SYNONYMS | known | {normal(title): key for key, title in titles.items()}
    return {title: key for title, key in known.items() if key in titles}


def _sections(text: str, titles: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return the text beneath each heading that names a field; deeper headings of other names belong to it."""
    known, lines = _known(titles), text.split("\n")
    found: dict[str, list[str]] = {}
    not_taken: list[str] = []
    key, level, skipped = "", 0, ""
    for place, (depth, title, first, after) in enumerate(_headings(text, len(lines))):
        if named := known.get(normal(title)):
            key, level, skipped = named, depth, ""
            chunk = lines[first + 1 if title else first : after]
        elif title and (not key or depth <= level):
            # What follows the title of the whole card describes the model.
            key, level, skipped = "", depth, "" if place == 1 and depth == 1 else title
            chunk = lines[first + 1 : after]
        else:
            chunk = lines[first:after]
        if key:
            found.setdefault(key, []).append("\n".join(chunk))
        elif not skipped and "description" in titles:
            found.setdefault("description", []).append("\n".join(chunk))
        elif skipped and any(line.strip() for line in chunk):
            not_taken.append(f"“{skipped[:80]}” is not taken: no field has this name.")
    kept = {one: _clean(parts) for one, parts in found.items()}
    return {one: kept[one] for one in kept if kept[one]}, not_taken


def _clean(parts: Iterable[str]) -> str:
    """Join the parts of a field; what a template left open says nothing."""
    joined = "\n\n".join(part.strip("\n") for part in parts if part.strip())
    lines = [line for line in joined.split("\n") if _NEEDED not in line]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _headings(text: str, end: int) -> list[tuple[int, str, int, int]]:
    """Return level, title, first line and line after of each heading's stretch; what precedes them has no title."""
    tokens = _BLOCKS.parse(text)
    places = [
        (int(token.tag[1]), tokens[place + 1].content, token.map[0])
        for place, token in enumerate(tokens)
        if token.type == "heading_open" and token.level == 0 and token.map
    ]
    starts = [*(first for _, _, first in places[0:]), end]
    found = [(0, "", 0, starts[0])]
    for place, (level, title, first) in enumerate(places):
        found.append((level, title or " ", first, starts[place + 1]))
    return found
