"""Answers to a checklist item."""

from django.db.models import TextChoices


class AnswerValue(TextChoices):
    YES = "yes", "Yes"
    NO = "no", "No"
    NOT_APPLICABLE = "not_applicable", "Not applicable"
