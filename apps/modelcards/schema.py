"""The published schema of a card's document."""

import json
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("card.schema.json")


@cache
def card_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of what ``document.build`` returns."""
    return dict(json.loads(FILE.read_text(encoding="utf-8")))
