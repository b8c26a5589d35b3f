"""Projects: who takes part, what problem is solved, with what data."""

from django.db import models
from django.db.models import F, Q

from apps.accounts.models import Reauthentication, User
from apps.core.models import DIGEST_PATTERN, DigestField, Governed, Row
from apps.policies.models import Revision
from apps.projects.enums import ComponentState, Consumer, DataRole, Direction, Latency, MoveState, Role, Task


class Project(Governed):
    """One problem that a team solves with models, under one revision of a policy."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    purpose = models.TextField(blank=True)
    policy_revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="+")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return self.name


class Membership(Governed):
    """A principal's role in a project."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "user"], name="projects_membership_once"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="projects_membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} as {self.role}"


class PolicyMove(Governed):
    """A project is to follow another revision: asked for by an owner, confirmed by a risk officer.

    Confirmed, it carries the project's ``lock_version`` of then: it moves the project once, and never again.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="policy_moves")
    from_revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="+")
    to_revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=20, choices=MoveState, default=MoveState.ASKED)
    reason = models.TextField()
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    confirmed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    reauthentication = models.OneToOneField(
        Reauthentication, on_delete=models.PROTECT, null=True, related_name="+"
    )
    project_version = models.PositiveIntegerField(null=True)
    closed_at = models.DateTimeField(null=True)
    closing_reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project"], condition=Q(state=MoveState.ASKED), name="projects_policymove_one_asked"
            ),
            models.CheckConstraint(
                condition=Q(state__in=MoveState.values), name="projects_policymove_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(from_revision=F("to_revision")), name="projects_policymove_goes_somewhere"
            ),
            models.CheckConstraint(
                condition=~Q(asked_by=F("confirmed_by")), name="projects_policymove_two_people"
            ),
            models.CheckConstraint(
                condition=Q(reason__regex=r"\S.{8,}\S"), name="projects_policymove_has_reason"
            ),
            models.CheckConstraint(
                condition=~Q(state=MoveState.CONFIRMED)
                | Q(
                    confirmed_by__isnull=False, reauthentication__isnull=False, project_version__isnull=False
                ),
                name="projects_policymove_confirmed_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"move of {self.project} to {self.to_revision}"


class Brief(Governed):
    """The problem brief (M1.1). Empty fields are missing answers, which gates may ask for."""

    project = models.OneToOneField(Project, on_delete=models.PROTECT, related_name="brief")
    business_objective = models.TextField(blank=True)
    success_metric = models.CharField(max_length=60, blank=True)
    success_target = models.FloatField(null=True, blank=True)
    success_direction = models.CharField(max_length=20, choices=Direction, blank=True)
    baseline = models.TextField(blank=True)
    task = models.CharField(max_length=30, choices=Task, blank=True)
    prediction_target = models.TextField(blank=True)
    consumer = models.CharField(max_length=30, choices=Consumer, blank=True)
    latency = models.CharField(max_length=30, choices=Latency, blank=True)
    data_available = models.TextField(blank=True)
    data_gaps = models.TextField(blank=True)
    ethical_considerations = models.TextField(blank=True)
    fairness_metric = models.CharField(max_length=60, blank=True)
    fairness_threshold = models.FloatField(null=True, blank=True)
    fairness_declared_at = models.DateTimeField(null=True, blank=True)
    kill_criteria = models.TextField(blank=True)

    def __str__(self) -> str:
        return "problem brief"


class BriefRevision(Row):
    """The whole brief as somebody saved it. Its number is the brief's ``lock_version`` of then."""

    brief = models.ForeignKey(Brief, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    content = models.JSONField()
    changed = models.JSONField(default=list)
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["brief", "number"], name="projects_briefrevision_number_once")
        ]

    def __str__(self) -> str:
        return f"revision {self.number} of the brief"


class KillCriterion(Governed):
    """A project's own reason to stop (M1.2): CEL over evidence. It is retired with a reason, never deleted."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="kill_criteria")
    title = models.CharField(max_length=200)
    expression = models.TextField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    retired_at = models.DateTimeField(null=True)
    retired_reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(retired_at__isnull=True) | Q(retired_reason__regex=r"\S"),
                name="projects_killcriterion_retired_with_reason",
            )
        ]

    def __str__(self) -> str:
        return self.title


class Approach(Row):
    """Answers to whether rules would do (M1.3); the newest counts. ``answers``: signal -> answer and note."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="approaches")
    policy_revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="+")
    answers = models.JSONField()
    answered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return "rules or machine learning"


class RiskTier(Governed):
    """How much can go wrong with a project, and why somebody said so; it chooses which gates apply."""

    project = models.OneToOneField(Project, on_delete=models.PROTECT, related_name="risk_tier")
    level = models.CharField(max_length=60)
    title = models.CharField(max_length=200)
    points = models.PositiveSmallIntegerField()
    answers = models.JSONField()
    reason = models.TextField()
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(reason__regex=r"\S"), name="projects_risktier_has_reason")
        ]

    def __str__(self) -> str:
        return self.title


class PlatformEntry(Governed):
    """One part of a project's platform (M8.3): the tool, who owns it, and how it stands."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="platform_entries")
    component = models.CharField(max_length=60)
    state = models.CharField(max_length=20, choices=ComponentState)
    tool = models.CharField(max_length=120, blank=True)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    link = models.URLField(max_length=500, blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "component"], name="projects_platformentry_once"),
            models.CheckConstraint(
                condition=Q(state__in=ComponentState.values), name="projects_platformentry_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(state=ComponentState.NOT_NEEDED) | Q(reason__regex=r"\S"),
                name="projects_platformentry_not_needed_with_reason",
            ),
            models.CheckConstraint(
                condition=~Q(state=ComponentState.IN_PLACE) | (Q(tool__regex=r"\S") & Q(owner__isnull=False)),
                name="projects_platformentry_in_place_owned",
            ),
        ]

    def __str__(self) -> str:
        return self.component.replace("_", " ")


class DataSource(Governed):
    """A data source with its six scores of 0–5 (M2.1)."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="data_sources")
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    completeness = models.PositiveSmallIntegerField()
    accuracy = models.PositiveSmallIntegerField()
    consistency = models.PositiveSmallIntegerField()
    timeliness = models.PositiveSmallIntegerField()
    relevance = models.PositiveSmallIntegerField()
    volume = models.PositiveSmallIntegerField()

    DIMENSIONS = ("completeness", "accuracy", "consistency", "timeliness", "relevance", "volume")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="projects_datasource_name_unique"),
            *(
                models.CheckConstraint(
                    condition=Q(**{f"{name}__lte": 5}), name=f"projects_datasource_{name}_max_5"
                )
                for name in ("completeness", "accuracy", "consistency", "timeliness", "relevance", "volume")
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def score(self) -> int:
        """The sum of the six scores, 0–30; under 18 the data is fixed first."""
        return sum(getattr(self, name) for name in self.DIMENSIONS)


class DatasetVersion(Row):
    """One state of a dataset, named by the hash of its content, and what it is used for."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="dataset_versions")
    source = models.ForeignKey(
        DataSource, on_delete=models.PROTECT, null=True, blank=True, related_name="versions"
    )
    name = models.CharField(max_length=120)
    role = models.CharField(max_length=20, choices=DataRole)
    content_digest = DigestField()
    row_count = models.PositiveBigIntegerField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name", "role", "content_digest"], name="projects_datasetversion_once"
            ),
            models.CheckConstraint(
                condition=Q(content_digest__regex=DIGEST_PATTERN), name="projects_datasetversion_digest"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.role})"
