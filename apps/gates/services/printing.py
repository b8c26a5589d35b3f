"""Ask for the approval record of a request as a PDF."""

from django.urls import reverse

from apps.accounts.models import User
from apps.core.canonical import digest
from apps.core.db import service
from apps.gates.models import Promotion
from apps.gates.printing import content_of
from apps.jobs import printouts
from apps.jobs.models import Printout
from apps.projects.permissions import Right, can

#: The kind of the job that makes it.
RECORD = "gates.record"


def printout_of_request(promotion: Promotion) -> Printout | None:
    """Return the PDF of a request as it stands, made or being made; None where nobody asked for it.

    What the record says is gathered only where somebody asked before: most requests are never printed.
    """
    if not printouts.was_ordered(RECORD, promotion):
        return None
    return printouts.printout_of(RECORD, promotion, digest(content_of(promotion)))


@service
def request_record(promotion: Promotion, *, by: User) -> Printout:
    """Let a worker make the approval record of a request as it stands; the same content is made once."""
    project = promotion.version.model.project
    can(by, Right.READ, project).enforce()
    return printouts.order(
        RECORD,
        promotion,
        content_digest=digest(content_of(promotion)),
        by=by,
        project_id=project.pk,
        url=reverse("gates:promotion", args=[promotion.pk]),
    )
