"""What the gates know about a version: whether the approvals of its model are still valid."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from apps.gates.enums import ReviewState
from apps.gates.models import Review
from apps.policies.verdicts import Source
from apps.policies.vocabulary import Fact
from apps.registry.models import Version

VOCABULARY = [
    Fact("reviews.overdue", "integer", "reviews", "Overdue re-reviews of the model's other versions"),
    Fact("reviews.this_overdue", "boolean", "", "Whether the re-review of this version is overdue"),
]


def facts(version: Version, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is overdue by the rows, not by the clock: the periodic job notes it, so that digests hold still.

    A version's own overdue re-review is a fact of its own: a gate that asks for none elsewhere can still be passed
    by the re-review itself.
    """
    late = Review.objects.filter(version__model=version.model_id, state=ReviewState.OVERDUE)
    ids = list(late.values_list("version_id", flat=True))
    others = sum(1 for pk in ids if pk != version.pk)
    return {"reviews": {"overdue": others, "this_overdue": version.pk in ids}}


def sources(version: Version) -> list[Source]:
    """Return the page of the model's versions, which names what is overdue."""
    return [Source("reviews", "Re-reviews of the model", reverse("registry:model", args=[version.model_id]))]
