"""What the portal finds wrong with a project, and what people decided about it."""

from django.db import models
from django.db.models import Q

from apps.accounts.models import User
from apps.core.models import Governed, Row
from apps.findings.enums import Choice, FindingKind, FindingState
from apps.projects.models import Project
from apps.registry.models import Version


class Finding(Governed):
    """A rule of the policy that holds for a project, from when it was found until it is no longer so.

    ``seen`` has the facts that it was found on, as the judge gives them. One rule has one finding at a time.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="findings")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, null=True, related_name="findings")
    kind = models.CharField(max_length=20, choices=FindingKind)
    key = models.CharField(max_length=80)
    title = models.TextField()
    remedy = models.TextField()
    method = models.CharField(max_length=12, blank=True)
    seen = models.JSONField()
    state = models.CharField(max_length=20, choices=FindingState, default=FindingState.OPEN)
    until = models.DateField(null=True)
    gone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "kind", "key"],
                condition=~Q(state=FindingState.GONE),
                name="findings_finding_one_alive",
            ),
            models.CheckConstraint(
                condition=Q(state__in=FindingState.values), name="findings_finding_state_known"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=FindingKind.values), name="findings_finding_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(state=FindingState.SET_ASIDE, until__isnull=False)
                | (~Q(state=FindingState.SET_ASIDE) & Q(until__isnull=True)),
                name="findings_finding_set_aside_until",
            ),
            models.CheckConstraint(
                condition=~Q(state=FindingState.STOPPED) | Q(kind=FindingKind.KILL),
                name="findings_finding_kill_stops",
            ),
            models.CheckConstraint(
                condition=Q(state=FindingState.GONE, gone_at__isnull=False)
                | (~Q(state=FindingState.GONE) & Q(gone_at__isnull=True)),
                name="findings_finding_gone_when",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Decision(Row):
    """What a person decided about a finding; rows are never changed."""

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="decisions")
    choice = models.CharField(max_length=20, choices=Choice)
    reason = models.TextField()
    until = models.DateField(null=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(choice__in=Choice.values), name="findings_decision_choice_known"
            ),
            models.CheckConstraint(
                condition=Q(reason__regex=r"\S.{8,}\S"), name="findings_decision_has_reason"
            ),
            models.CheckConstraint(
                condition=Q(choice=Choice.GO_ON, until__isnull=False)
                | Q(choice=Choice.STOP, until__isnull=True),
                name="findings_decision_until_when_going_on",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_choice_display()}: {self.reason}"


class Judged(models.Model):
    """When a project was last looked at, and what each rule said. Not governed: nobody did it.

    Its row is what looks at one project take turns by; writers of the project wait for none of them.
    """

    project = models.OneToOneField(Project, on_delete=models.PROTECT, primary_key=True, related_name="judged")
    at = models.DateTimeField(null=True)
    said = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"{self.project} judged at {self.at}"
