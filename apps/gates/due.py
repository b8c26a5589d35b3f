"""What time does to requests and approvals: remind, escalate, expire, open re-reviews, note that they are overdue.

Each row is looked at again under its lock, and what was done leaves a row that is unique: any number of workers may
run this at once, and nothing happens twice.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from uuid import UUID

from django.db.models.functions import Now
from django.utils import timezone

from apps.audit import services as audit
from apps.core.db import service
from apps.gates import reviewing, telling
from apps.gates.enums import NudgeKind, PromotionState, ReviewState
from apps.gates.judging import gate_of
from apps.gates.models import Nudge, Promotion, Review
from apps.gates.services.life import close, locked_version, reread

#: Rows a run takes at most of each kind; the next run goes on.
BATCH = 500


def keep_time() -> dict[str, int]:
    """Do all that is due; returns how many of each."""
    done = {"expired": _each(_over(), _expire)}
    for kind in NudgeKind:
        done[str(kind)] = _each(_waiting(kind), partial(_nudge, kind=kind))
    done["reviews_opened"] = _each(_reviews(ReviewState.SCHEDULED, "opens_at"), _open_review)
    late = [*_reviews(ReviewState.OPEN, "due_at"), *_reviews(ReviewState.SCHEDULED, "due_at")]
    done["reviews_overdue"] = _each(late, _note_overdue)
    return done


def _each(pks: list[UUID], act: Callable[[UUID], bool]) -> int:
    return sum(act(pk) for pk in pks)


def _over() -> list[UUID]:
    open_ones = Promotion.objects.filter(state=PromotionState.OPEN, expires_at__lte=Now())
    return list(open_ones.order_by("expires_at").values_list("pk", flat=True)[:BATCH])


@service
def _expire(promotion_id: UUID) -> bool:
    locked_version(Promotion.objects.values_list("version_id", flat=True).get(pk=promotion_id))
    promotion = reread(promotion_id)
    if promotion.state != PromotionState.OPEN or promotion.expires_at is None:
        return False
    missing = telling.signers_of(promotion)
    close(promotion, PromotionState.EXPIRED)
    project_id = promotion.version.model.project_id
    audit.record("gates.promotion_expired", promotion, by=None, project_id=project_id)
    told = {one.pk: one for one in [*telling.takers_part(promotion), *missing]}
    telling.tell("gates.request_expired", promotion, told.values(), by=None, once="expired")
    return True


def _waiting(kind: NudgeKind) -> list[UUID]:
    """Return the open requests, as old as their own gate allows, that were not nudged in this way."""
    rows = (
        Promotion.objects.filter(state=PromotionState.OPEN)
        .exclude(pk__in=Nudge.objects.filter(kind=kind).values("promotion_id"))
        .select_related("policy_revision")
        .order_by("created_at")
    )
    return [one.pk for one in rows if _days_waited(one) >= (_days_of(one, kind) or float("inf"))][:BATCH]


def _days_waited(promotion: Promotion) -> float:
    return (timezone.now() - promotion.created_at) / timedelta(days=1)


def _days_of(promotion: Promotion, kind: NudgeKind) -> int:
    gate = gate_of(promotion)
    if gate is None:
        return 0
    timing = gate.timing
    return timing.remind_after_days if kind == NudgeKind.REMIND else timing.escalate_after_days


@service
def _nudge(promotion_id: UUID, kind: NudgeKind) -> bool:
    promotion = reread(promotion_id)
    if promotion.state != PromotionState.OPEN or promotion.nudges.filter(kind=kind).exists():
        return False
    Nudge.objects.create(promotion=promotion, kind=kind)
    project = promotion.version.model.project
    missing = telling.signers_of(promotion)
    names = ", ".join(str(one) for one in missing) or "nobody who could sign"
    facts = {"days": int(_days_waited(promotion)), "missing": names}
    if kind == NudgeKind.REMIND:
        event, to = "gates.reminded", missing
    else:
        event, to = "gates.escalated", telling.owners_of(project) + telling.administrators()
    audit.record(event, promotion, by=None, project_id=project.pk, **facts)
    telling.tell(event, promotion, to, by=None, once=str(kind), **facts)
    return True


def _reviews(state: ReviewState, moment: str) -> list[UUID]:
    found = Review.objects.filter(**{"state": state, f"{moment}__lte": Now()})
    return list(found.order_by(moment).values_list("pk", flat=True)[:BATCH])


@service
def _open_review(review_id: UUID) -> bool:
    review = _held(review_id)
    if review.state != ReviewState.SCHEDULED:
        return False
    reviewing.move(review, ReviewState.OPEN, by=None, event="gates.review_opened")
    telling.review_due(review, overdue=False)
    return True


@service
def _note_overdue(review_id: UUID) -> bool:
    review = _held(review_id)
    if review.state not in {ReviewState.OPEN, ReviewState.SCHEDULED}:
        return False
    reviewing.move(review, ReviewState.OVERDUE, by=None, event="gates.review_overdue")
    telling.review_due(review, overdue=True)
    return True


def _held(review_id: UUID) -> Review:
    """Lock the version before its review, in the fixed order, and read the review afresh."""
    version = locked_version(Review.objects.values_list("version_id", flat=True).get(pk=review_id))
    review = Review.objects.select_for_update(of=("self",)).get(pk=review_id)
    review.version = version
    return review
