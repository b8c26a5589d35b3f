"""Until when an approval is valid: schedule its re-review, confirm it, end it when the version leaves its stage."""

from datetime import datetime, timedelta

from django.db.models.functions import Now
from django.utils import timezone

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import governed
from apps.gates.enums import REVIEW_LIVE, REVIEW_MOVES, ReviewState
from apps.gates.judging import gate_of
from apps.gates.models import Promotion, Review
from apps.registry.models import Version


def live_review_of(version: Version) -> Review | None:
    """Return the review that the approval of a version's stage waits for, if its policy sets one."""
    return (
        Review.objects.select_for_update(of=("self",)).filter(version=version, state__in=REVIEW_LIVE).first()
    )


def schedule(promotion: Promotion, *, by: User) -> Review | None:
    """Note until when the approval just given is valid; None where the gate sets no days."""
    gate = gate_of(promotion)
    if gate is None or not gate.timing.valid_for_days:
        return None
    due_at = timezone.now() + timedelta(days=gate.timing.valid_for_days)
    opens_at = max(timezone.now(), due_at - timedelta(days=gate.timing.review_opens_days_before))
    return begin(promotion, state=ReviewState.SCHEDULED, opens_at=opens_at, due_at=due_at, by=by)


def begin(
    promotion: Promotion, *, state: ReviewState, opens_at: datetime, due_at: datetime, by: User | None
) -> Review:
    """Write a review with its event."""
    review = Review.objects.create(
        version=promotion.version, promotion=promotion, state=state, opens_at=opens_at, due_at=due_at
    )
    audit.record(
        "gates.review_scheduled",
        review,
        by=by,
        project_id=promotion.version.model.project_id,
        version=str(promotion.version_id),
        due=f"{due_at:%Y-%m-%d}",
    )
    return review


def confirm(promotion: Promotion, *, by: User) -> None:
    """The re-review has its signatures: the approval is valid anew, from now on."""
    review = live_review_of(promotion.version)
    if review is None:
        return
    move(review, ReviewState.CONFIRMED, by=by, event="gates.review_confirmed", confirmed_by=promotion)
    schedule(promotion, by=by)


def lapse(version: Version, *, by: User) -> None:
    """The version leaves the stage that it was approved for: nothing is left to renew."""
    review = live_review_of(version)
    if review is not None:
        move(review, ReviewState.MOOT, by=by, event="gates.review_moot")


def move(review: Review, state: ReviewState, *, by: User | None, event: str, **fields: object) -> Review:
    """Take a review to another state with its event; the only assignment to its state."""
    assert state in REVIEW_MOVES[review.state]
    closed = {} if state in REVIEW_LIVE else {"closed_at": Now()}
    governed.change(review, state=state, **closed, **fields)
    audit.record(
        event,
        review,
        by=by,
        project_id=review.version.model.project_id,
        version=str(review.version_id),
        due=f"{review.due_at:%Y-%m-%d}",
        finding=review.finding,
    )
    return review
