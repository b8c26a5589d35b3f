"""What a page made of all that is known of a version, kept until that may have changed: evidence, cards.

The metrics of a run that still runs come without an event, so that nothing is kept of its version; and who asks what
would be under another revision of the policy is told, and it is kept for nobody. The gate of pipelines reads anew.
"""

from collections.abc import Callable
from dataclasses import dataclass

from apps.audit import keeping
from apps.core.canonical import digest_bytes
from apps.core.memory import is_remembering
from apps.experiments.enums import OPEN_RUN
from apps.policies.queries import without_texts
from apps.registry.models import Version


@dataclass(frozen=True)
class Made:
    """Canonical JSON with its SHA-256."""

    content: bytes
    digest: str


def kept(version: Version, what: str, make: Callable[[Version], bytes]) -> Made:
    """Return what ``make`` makes of a version, or made before if that is still true (one query)."""
    project = version.model.project
    key = (what, version.pk, project.policy_revision_id)
    return keeping.kept(key, project.pk, lambda: _of_now(version, make))


def _of_now(version: Version, make: Callable[[Version], bytes]) -> tuple[Made, bool]:
    if not is_remembering():
        return _made(make(version)), False
    now = (
        Version.objects.select_related("model__project__policy_revision__pack", "run__experiment")
        .defer(*without_texts("model__project__policy_revision"))
        .get(pk=version.pk)
    )
    if now.model.project.policy_revision_id != version.model.project.policy_revision_id:
        return _made(make(version)), False
    return _made(make(now)), now.run is None or now.run.state not in OPEN_RUN


def _made(content: bytes) -> Made:
    return Made(content, digest_bytes(content))
