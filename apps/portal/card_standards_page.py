"""docs/card-standards.md: which field of a model card serves which standard, from the policy ``standard``."""

from apps.policies.loading import standard_text
from apps.policies.method.card import EVIDENCE, Card, CardField
from apps.policies.pack import parse_pack


def card_standards_page() -> str:
    """Return the fields of a card, and each standard with its items and what serves them."""
    card = parse_pack(standard_text()).method.card
    lines = [
        "# Model cards and standards",
        "",
        "Which field of a model card serves which item of which standard, as the policy `standard` says it (part `card`).",
        "An item is served when every need is there: a field that has a text, or a part of the evidence. Titles are in our",
        "own words; the texts of most standards are under copyright. That an item is served says that something is written,",
        "not that it is enough.",
        "",
        *_fields(card),
    ]
    titles = {field.key: field.title for field in card.fields}
    for standard in card.standards:
        lines += ["", f"## {standard.title}", "", f"Edition: {standard.edition}.", ""]
        lines += ["| Item | Asks for | Served by |", "|---|---|---|"]
        lines += [
            f"| {item.id} | {item.title} | {', '.join(_need(need, titles) for need in item.needs)} |"
            for item in standard.items
        ]
    return "\n".join(lines) + "\n"


def _fields(card: Card) -> list[str]:
    groups = {group.key: group.title for group in card.groups}
    lines = [
        "## Fields",
        "",
        "| Key | Title | Group | Required | Evidence fills it | Is read again when changed |",
    ]
    return [*lines, "|---|---|---|---|---|---|", *(_field(field, groups) for field in card.fields)]


def _field(field: CardField, groups: dict[str, str]) -> str:
    required = "yes" if field.required else f"when `{field.when}`" if field.when else ""
    fills = field.filled_from.replace("_", " ")
    return (
        f"| `{field.key}` | {field.title} | {groups[field.group]} | {required} | {fills} | "
        f"{', '.join(field.rests_on)} |"
    )


def _need(need: str, titles: dict[str, str]) -> str:
    if need.startswith(EVIDENCE):
        return f"evidence of {need.removeprefix(EVIDENCE).replace('_', ' ')}"
    return titles[need]
