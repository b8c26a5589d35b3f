"""Versions and models are deleted here, above them: what a gate has judged stays."""

from apps.accounts.models import User
from apps.core.db import service
from apps.core.errors import not_now
from apps.gates.models import Promotion
from apps.gates.services.life import locked_version
from apps.projects.locking import locked
from apps.projects.permissions import Right, can
from apps.registry import services as registry
from apps.registry.models import Model, Version


@service
def delete_version(version: Version, *, by: User) -> Version:
    """Delete a version in its first stage that no gate has judged; raises Refused otherwise."""
    can(by, Right.CONTRIBUTE, version.model.project).enforce()
    current = locked_version(version.pk)
    _demand_never_judged(Promotion.objects.filter(version=current).select_related("version__model").first())
    return registry.delete_version(current, by=by)


@service
def delete_model(model: Model, *, by: User) -> Model:
    """Delete a model whose versions are all in their first stage and judged by no gate; raises Refused otherwise."""
    can(by, Right.CONTRIBUTE, model.project).enforce()
    # Whoever asks for a promotion locks the project first: no version is judged between the question and the deletion.
    locked(model.project)
    for pk in model.versions.live().order_by("id").values_list("pk", flat=True):
        locked_version(pk)
    judged = Promotion.objects.filter(version__model=model, version__deleted_at__isnull=True)
    _demand_never_judged(judged.select_related("version__model").order_by("id").first())
    return registry.delete_model(model, by=by)


def _demand_never_judged(promotion: Promotion | None) -> None:
    if promotion is not None:
        not_now(
            f"{promotion.version} was judged at a gate ({promotion.get_state_display().lower()}), so it is evidence "
            "and stays. Register a new version, or retire the model in the portal.",
            code="judged",
        ).enforce()
