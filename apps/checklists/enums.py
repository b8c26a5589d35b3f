"""Answers to a checklist item, what they rest on, and how they stand."""

from django.db.models import TextChoices


class AnswerValue(TextChoices):
    YES = "yes", "Yes"
    NO = "no", "No"
    NOT_APPLICABLE = "not_applicable", "Not applicable"


class EvidenceKind(TextChoices):
    FILE = "file", "File"
    TEXT = "text", "Text"
    EVALUATION = "evaluation", "Evaluation"


class Standing(TextChoices):
    """Why a person's answer does not count now."""

    COUNTS = "counts", "Counts"
    STALE = "stale", "Stale: the evidence changed since"
    TO_CONFIRM = "to_confirm", "To confirm: the question changed since"


class Fate(TextChoices):
    """What becomes of an item when its checklist goes over to a newer policy."""

    SAME = "same", "Same"
    CHANGED = "changed", "Changed"
    NEW = "new", "New"
    GONE = "gone", "Gone"
