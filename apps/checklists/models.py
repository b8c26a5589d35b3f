"""Checklists filled for a version. The questions are policy data; only answers are rows."""

from django.db import models
from django.db.models import Q

from apps.accounts.models import User
from apps.checklists.enums import AnswerValue
from apps.core.models import Governed, Row
from apps.policies.models import Revision
from apps.registry.models import Version


class Checklist(Governed):
    """One checklist of the policy, opened for one version, under the revision it is filled by."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="checklists")
    key = models.SlugField(max_length=60)
    policy_revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "key"], name="checklists_checklist_once")]

    def __str__(self) -> str:
        return f"checklist {self.key}"


class Answer(Row):
    """What a person answered to one item; a new answer is a new row, the newest counts.

    Automatic answers are not stored: they are judged from the evidence of the moment. A person's answer to an
    automatic item overrules it, and needs a reason.
    """

    checklist = models.ForeignKey(Checklist, on_delete=models.PROTECT, related_name="answers")
    item = models.SlugField(max_length=60)
    value = models.CharField(max_length=20, choices=AnswerValue)
    reason = models.TextField(blank=True)
    evidence_url = models.URLField(max_length=500, blank=True)
    overrules = models.BooleanField(default=False)
    answered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(value__in=AnswerValue.values), name="checklists_answer_value_known"
            ),
            models.CheckConstraint(
                condition=(Q(overrules=False) & ~Q(value=AnswerValue.NOT_APPLICABLE)) | ~Q(reason=""),
                name="checklists_answer_reason_given",
            ),
        ]
        indexes = [models.Index(fields=["checklist", "item", "-created_at"], name="checklists_answer_newest")]

    def __str__(self) -> str:
        return f"{self.item}: {self.value}"
