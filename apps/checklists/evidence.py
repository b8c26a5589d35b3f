"""Facts about the checklists of a version, opened or not."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from apps.checklists.queries import sheets_of
from apps.policies.queries import pack_of
from apps.policies.verdicts import Source
from apps.policies.vocabulary import Fact

VOCABULARY = [
    Fact(
        "checklists.<key>.complete",
        "boolean",
        "",
        "Every item of the policy of now has an answer that counts, from evidence or from a person.",
    ),
    Fact(
        "checklists.<key>.current",
        "boolean",
        "",
        "It asks what the project's policy asks now; an older one must be taken over first.",
    ),
    Fact(
        "checklists.<key>.in_doubt",
        "integer",
        "items",
        "How many answers do not count until they are confirmed: facts or question changed since.",
    ),
    Fact("checklists.<key>.answered", "integer", "items", "How many items have one."),
    Fact("checklists.<key>.total", "integer", "items", "How many items there are."),
    Fact("checklists.<key>.failed", "integer", "items", "How many are answered no."),
    Fact("checklists.<key>.overruled", "integer", "items", "How many automatic answers a person overruled."),
]


def facts(version: Any, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the state of each checklist, judged on the facts that are known so far."""
    return {
        "checklists": {
            sheet.key: {
                "complete": sheet.complete,
                "current": sheet.current,
                "in_doubt": sheet.in_doubt,
                "answered": sheet.answered,
                "total": sheet.total,
                "failed": sheet.failed,
                "overruled": sum(
                    1 for line in sheet.lines if line.answer is not None and line.answer.overrules
                ),
            }
            for sheet in sheets_of(version, known)
        }
    }


def sources(version: Any) -> list[Source]:
    """Return the page of each checklist."""
    forms = pack_of(version.model.project.policy_revision).checklists
    return [
        Source(
            f"checklists.{form.key}",
            form.title,
            reverse("checklists:checklist", args=[version.pk, form.key]),
        )
        for form in forms
    ]
