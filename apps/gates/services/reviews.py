"""Renew an approval, or say what was found."""

from django.db import IntegrityError
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.core.db import service
from apps.core.errors import Invalid, Refused
from apps.gates import permissions, reviewing, telling
from apps.gates.enums import PromotionState, ReviewState
from apps.gates.models import Promotion, Review
from apps.gates.sentences import SENTENCES, in_words
from apps.gates.services.life import SHORTEST_COMMENT, close_open, locked_version
from apps.gates.services.requesting import open_request
from apps.notifications.services import announce


def start_review(review: Review, *, by: User) -> Promotion:
    """Judge the gate on the evidence of today and open the request that confirms the approval when it is signed.

    It stands in the name of who asked for the promotion. A gate that does not pass gives a refused request.
    """
    try:
        return _start(review, by=by)
    except IntegrityError as error:
        raise in_words(error) from error


@service
def _start(review: Review, *, by: User) -> Promotion:
    version = locked_version(review.version_id)
    current = Review.objects.select_for_update(of=("self",)).get(pk=review.pk)
    current.version = version
    permissions.can_review(by, current).enforce()
    open_one = Promotion.objects.filter(
        version=version, to_stage=version.stage, state=PromotionState.OPEN
    ).first()
    if open_one is not None:
        raise Refused(SENTENCES["gates_promotion_one_open"], code="open_already", promotion=str(open_one.pk))
    note = f"Re-review, due on {current.due_at:%Y-%m-%d}."
    asker = current.promotion.requested_by
    return open_request(version, version.stage, by=by, note=note, replaces=None, asker=asker)


@service
def record_finding(review: Review, *, finding: str, by: User) -> Review:
    """Close a re-review with what was found; the approval is not renewed, and the next review is open at once."""
    version = locked_version(review.version_id)
    current = Review.objects.select_for_update(of=("self",)).select_related("promotion").get(pk=review.pk)
    current.version = version
    permissions.can_review(by, current).enforce()
    finding = finding.strip()
    if len(finding) < SHORTEST_COMMENT:
        raise Invalid(
            f"Say what you found, in {SHORTEST_COMMENT} characters or more.",
            code="finding_missing",
            field="finding",
        )
    close_open(version, version.stage, by=by)
    reviewing.move(
        current, ReviewState.FINDING, by=by, event="gates.review_finding", finding=finding, found_by=by
    )
    overdue = current.due_at <= timezone.now()
    reviewing.begin(
        current.promotion,
        state=ReviewState.OVERDUE if overdue else ReviewState.OPEN,
        opens_at=current.opens_at,
        due_at=current.due_at,
        by=by,
    )
    project = version.model.project
    told = [*telling.takers_part(current.promotion), *telling.owners_of(project)]
    link = reverse("gates:review", args=[current.pk])
    announce("gates.review_finding", current, project=project, to=told, by=by, link=link, finding=finding)
    return current
