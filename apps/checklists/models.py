"""Checklists filled for a version. The questions are policy data; answers and what goes with them are rows."""

from django.db import models
from django.db.models import Q

from apps.accounts.models import User
from apps.checklists.enums import AnswerValue, EvidenceKind
from apps.core.models import Blob, Governed, Row
from apps.evaluations.models import Evaluation
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
    automatic item overrules it, needs a reason, and remembers the ``facts`` that it overruled: path and value of each.
    ``question`` and ``expression`` are the item as it was asked.
    """

    checklist = models.ForeignKey(Checklist, on_delete=models.PROTECT, related_name="answers")
    item = models.SlugField(max_length=60)
    value = models.CharField(max_length=20, choices=AnswerValue)
    reason = models.TextField(blank=True)
    evidence_url = models.URLField(max_length=500, blank=True)
    overrules = models.BooleanField(default=False)
    question = models.TextField(blank=True)
    expression = models.TextField(blank=True)
    facts = models.JSONField(null=True)
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


class AnswerEvidence(Row):
    """What an answer rests on beside its link: a file, a text, or an evaluation of the version; one row for each."""

    answer = models.ForeignKey(Answer, on_delete=models.PROTECT, related_name="evidence")
    kind = models.CharField(max_length=12, choices=EvidenceKind)
    text = models.TextField(blank=True)
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, null=True, related_name="+")
    file_name = models.CharField(max_length=200, blank=True)
    evaluation = models.ForeignKey(Evaluation, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind=EvidenceKind.TEXT, blob=None, evaluation=None) & ~Q(text="")
                | Q(kind=EvidenceKind.FILE, blob__isnull=False, evaluation=None)
                | Q(kind=EvidenceKind.EVALUATION, blob=None, evaluation__isnull=False),
                name="checklists_answerevidence_one_kind",
            )
        ]

    def __str__(self) -> str:
        return self.file_name or self.kind


class Assignment(Row):
    """Who is to answer an item, and by when; the newest counts, and one without a person takes it back."""

    checklist = models.ForeignKey(Checklist, on_delete=models.PROTECT, related_name="assignments")
    item = models.SlugField(max_length=60)
    question = models.TextField()
    assignee = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    due_on = models.DateField(null=True)
    assigned_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [
            models.Index(fields=["checklist", "item", "-created_at"], name="checklists_assignment_newest")
        ]

    def __str__(self) -> str:
        return f"{self.item}: {self.assignee or 'nobody'}"


class Comment(Row):
    """What somebody said about an item."""

    checklist = models.ForeignKey(Checklist, on_delete=models.PROTECT, related_name="comments")
    item = models.SlugField(max_length=60)
    text = models.TextField()
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["checklist", "item", "created_at"], name="checklists_comment_order")]

    def __str__(self) -> str:
        return f"comment on {self.item}"
