"""What checklists tell on the model card."""

from collections.abc import Mapping
from typing import Any

from apps.checklists.enums import AnswerValue
from apps.checklists.queries import Line, sheets_of
from apps.core.clock import utc_text
from apps.registry.models import Version

VALUES = {AnswerValue.YES: "yes", AnswerValue.NO: "no", AnswerValue.NOT_APPLICABLE: "na"}


def part(version: Version, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return each checklist that the policy asks of the version, with the answers that count."""
    return {
        "checklists": [
            {
                "key": sheet.key,
                "title": sheet.title,
                "answered": sheet.answered,
                "of": sheet.total,
                "failed": sheet.failed,
                "items": [_item(line) for line in sheet.lines],
            }
            for sheet in sheets_of(version, facts)
        ]
    }


def _item(line: Line) -> dict[str, Any]:
    answer = line.answer if line.value is not None else None
    by = "evidence" if line.by_evidence and line.value is not None else ""
    return {
        "question": line.item.question,
        "answer": VALUES[AnswerValue(line.value)] if line.value is not None else None,
        "by": str(answer.answered_by.person) if answer else by,
        "at": utc_text(answer.created_at) if answer else None,
        "reason": answer.reason if answer else "",
        "evidence_url": answer.evidence_url if answer else "",
    }
