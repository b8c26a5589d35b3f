"""What the rubric tells on the model card."""

from collections.abc import Mapping
from typing import Any

from apps.policies.queries import pack_of
from apps.registry.models import Version
from apps.rubrics.queries import board_of


def part(version: Version, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the rubric where every dimension has a level that counts; else nothing."""
    if pack_of(version.model.project.policy_revision).rubric is None:
        return {"rubric": None}
    board = board_of(version, facts)
    if not board.scored:
        return {"rubric": None}
    return {
        "rubric": {
            "total": board.total,
            "band": board.band,
            "dimensions": [
                {"title": row.dimension.title, "level": row.level, "weight": row.dimension.weight}
                for row in board.rows
            ],
        }
    }
