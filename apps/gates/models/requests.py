"""Promotion requests, the people in them, what they signed, and the stage moves that came of it.

Composite keys and the triggers that keep the promises of docs/guarantees stand in the migration as SQL.
"""

from uuid import UUID

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from apps.accounts.models import Reauthentication, User
from apps.core.models import DIGEST_PATTERN, DigestField, Governed, Row
from apps.evidence.models import Snapshot
from apps.gates.enums import (
    ApprovalDecision,
    ParticipantKind,
    PromotionKind,
    PromotionState,
    Purpose,
    TransitionKind,
)
from apps.gates.models.delegations import Delegation
from apps.policies.models import Revision
from apps.registry.models import Version


class Promotion(Governed):
    """A request to move a version to another stage, with the evidence it was judged on and the verdict."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="promotions")
    from_stage = models.CharField(max_length=30)
    to_stage = models.CharField(max_length=30)
    kind = models.CharField(
        max_length=20,
        choices=PromotionKind,
        default=PromotionKind.ORDINARY,
        db_default=PromotionKind.ORDINARY,
    )
    state = models.CharField(max_length=20, choices=PromotionState, default=PromotionState.OPEN)
    policy_revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="+")
    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="+")
    evidence_digest = DigestField()
    verdict = models.JSONField()
    purpose = models.CharField(max_length=10, choices=Purpose, default=Purpose.PROMOTE)
    expires_at = models.DateTimeField(null=True)
    needs_approval = models.BooleanField(default=True)
    #: Fixed from the gate when the request is opened: signatures need a passkey, or a password with a code.
    needs_second_factor = models.BooleanField(default=False, db_default=False)
    note = models.TextField(blank=True)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    replaces = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="replaced_by")
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version", "to_stage"],
                condition=Q(state=PromotionState.OPEN),
                name="gates_promotion_one_open",
            ),
            models.UniqueConstraint(fields=["id", "evidence_digest"], name="gates_promotion_digest_key"),
            models.CheckConstraint(
                condition=Q(state__in=PromotionState.values), name="gates_promotion_state_known"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=PromotionKind.values), name="gates_promotion_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(evidence_digest__regex=DIGEST_PATTERN), name="gates_promotion_digest_form"
            ),
            models.CheckConstraint(
                condition=Q(state=PromotionState.OPEN, closed_at__isnull=True)
                | (~Q(state=PromotionState.OPEN) & Q(closed_at__isnull=False)),
                name="gates_promotion_closed_when_done",
            ),
            models.CheckConstraint(
                condition=Q(purpose__in=Purpose.values), name="gates_promotion_purpose_known"
            ),
            models.CheckConstraint(
                condition=Q(purpose=Purpose.REVIEW, from_stage=models.F("to_stage"))
                | (Q(purpose=Purpose.PROMOTE) & ~Q(from_stage=models.F("to_stage"))),
                name="gates_promotion_review_stays",
            ),
        ]

    def __str__(self) -> str:
        if self.purpose == Purpose.REVIEW:
            return f"re-review of {self.version} in {self.to_stage}"
        return f"{self.version} to {self.to_stage}"

    @property
    def is_review(self) -> bool:
        return self.purpose == Purpose.REVIEW


class RequiredRole(models.Model):
    """How many approvals of which role a request needs; fixed from the policy when it is opened."""

    pk = models.CompositePrimaryKey("promotion_id", "role")
    promotion = models.ForeignKey(Promotion, on_delete=models.PROTECT, related_name="required_roles")
    role = models.CharField(max_length=20)
    count = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(count__gte=1), name="gates_requiredrole_at_least_one")
        ]

    def __str__(self) -> str:
        return f"{self.count} × {self.role}"


class Participant(models.Model):
    """What a person is in a request: requester, contributor or approver, and never two of them."""

    pk = models.CompositePrimaryKey("promotion_id", "person_id")
    promotion = models.ForeignKey(Promotion, on_delete=models.PROTECT, related_name="participants")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, choices=ParticipantKind)
    because = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=ParticipantKind.values), name="gates_participant_kind_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.person} as {self.kind}"


class Approval(Row):
    """A signature: who, as what, meaning what, on which evidence. Immutable but for one withdrawal.

    One given under a delegation names whose seat it takes in ``on_behalf_of``; it uses up both people.
    """

    promotion = models.ForeignKey(Promotion, on_delete=models.PROTECT, related_name="approvals")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="approvals")
    on_behalf_of = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    delegation = models.ForeignKey(Delegation, on_delete=models.PROTECT, null=True, related_name="approvals")
    kind = models.CharField(max_length=20, default=ParticipantKind.APPROVER, editable=False)
    role = models.CharField(max_length=20)
    decision = models.CharField(max_length=20, choices=ApprovalDecision)
    meaning = models.CharField(max_length=300)
    comment = models.TextField(blank=True)
    signer_name = models.CharField(max_length=150)
    signed_at = models.DateTimeField(db_default=Now(), editable=False)
    evidence_digest = DigestField()
    reauthentication = models.OneToOneField(Reauthentication, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawal_reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind=ParticipantKind.APPROVER), name="gates_approval_by_approver"
            ),
            models.CheckConstraint(
                condition=Q(decision__in=ApprovalDecision.values), name="gates_approval_decision_known"
            ),
            models.CheckConstraint(
                condition=Q(decision=ApprovalDecision.APPROVE) | Q(comment__regex=r"\S.{8,}\S"),
                name="gates_approval_no_needs_comment",
            ),
            models.CheckConstraint(
                condition=Q(on_behalf_of__isnull=True, delegation__isnull=True)
                | (
                    Q(on_behalf_of__isnull=False, delegation__isnull=False)
                    & ~Q(on_behalf_of=models.F("person"))
                ),
                name="gates_approval_delegated_wholly",
            ),
            models.UniqueConstraint(
                fields=["promotion", "person"],
                condition=Q(withdrawn_at__isnull=True),
                name="gates_approval_one_live",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.decision} by {self.signer_name}"

    @property
    def people(self) -> set[UUID]:
        """The people whom the signature uses up: the signer, and whose seat it takes."""
        return {one for one in (self.person_id, self.on_behalf_of_id) if one is not None}


class Signer(models.Model):
    """A person whom a live signature uses up; written by a trigger. One person stands behind one signature."""

    pk = models.CompositePrimaryKey("approval_id", "person_id")
    approval = models.ForeignKey(Approval, on_delete=models.PROTECT, related_name="signers")
    promotion = models.ForeignKey(Promotion, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    live = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["promotion", "person"], condition=Q(live=True), name="gates_signer_one_live"
            )
        ]

    def __str__(self) -> str:
        return f"{self.person_id} in {self.promotion_id}"


def _one_cause(kind: TransitionKind, cause: str) -> Q:
    """Return the condition that a move of this kind has this cause and no other."""
    causes = ("promotion", "because_of", "rollback", "suspension")
    return Q(kind=kind, **{f"{name}__isnull": name != cause for name in causes})


class Transition(Row):
    """One move of a version between stages. Rows chain: each begins where the one before it ended."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="transitions")
    sequence = models.PositiveIntegerField()
    previous = models.PositiveIntegerField(null=True)
    from_stage = models.CharField(max_length=30)
    to_stage = models.CharField(max_length=30)
    kind = models.CharField(max_length=20, choices=TransitionKind)
    promotion = models.OneToOneField(
        Promotion, on_delete=models.PROTECT, null=True, related_name="transition"
    )
    because_of = models.ForeignKey(
        Promotion, on_delete=models.PROTECT, null=True, related_name="side_effects"
    )
    rollback = models.ForeignKey(
        "gates.Rollback", on_delete=models.PROTECT, null=True, related_name="transitions"
    )
    suspension = models.OneToOneField(
        "gates.Suspension", on_delete=models.PROTECT, null=True, related_name="transition"
    )
    policy_revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="+")
    moved_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "sequence", "to_stage"], name="gates_transition_link"),
            models.UniqueConstraint(fields=["version", "sequence"], name="gates_transition_sequence_unique"),
            models.CheckConstraint(
                condition=Q(sequence=1, previous__isnull=True)
                | Q(sequence__gt=1, previous=models.F("sequence") - 1),
                name="gates_transition_no_gap",
            ),
            models.CheckConstraint(
                condition=_one_cause(TransitionKind.PROMOTED, "promotion")
                | _one_cause(TransitionKind.REPLACED, "because_of")
                | _one_cause(TransitionKind.ROLLED_BACK, "rollback")
                | _one_cause(TransitionKind.SUSPENDED, "suspension"),
                name="gates_transition_has_cause",
            ),
            models.UniqueConstraint(fields=["rollback", "version"], name="gates_transition_rollback_once"),
        ]

    def __str__(self) -> str:
        return f"{self.from_stage} to {self.to_stage}"
