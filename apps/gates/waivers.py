"""Which waivers hold for a version at a gate, now."""

from django.db.models import QuerySet
from django.db.models.functions import Now

from apps.gates.enums import WaiverState
from apps.gates.models import Promotion, Waiver
from apps.registry.models import Version


def holding() -> QuerySet[Waiver]:
    """Return the waivers that hold: granted, and not over by the database's clock."""
    return Waiver.objects.filter(state=WaiverState.GRANTED, until__gt=Now())


def waivers_at(version: Version, gate: str, *, digest: str) -> dict[str, Waiver]:
    """Return the waivers of a gate's criteria by key: for this version, on this evidence, under this policy."""
    revision = version.model.project.policy_revision_id
    found = holding().filter(version=version, gate=gate, evidence_digest=digest, policy_revision=revision)
    return {one.criterion: one for one in found}


def rests_on(promotion: Promotion) -> list[str]:
    """Return the ids of the waivers that a request's verdict rests on."""
    return [one["waiver"]["id"] for one in promotion.verdict["criteria"] if one["state"] == "waived"]


def still_hold(promotion: Promotion) -> bool:
    """Tell whether every waiver that a request rests on holds still."""
    needed = rests_on(promotion)
    return not needed or holding().filter(pk__in=needed).count() == len(set(needed))
