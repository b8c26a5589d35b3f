"""With what the cards of a project begin."""

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import governed
from apps.core.db import service
from apps.modelcards import permissions
from apps.modelcards.fields import card_part, demand_text
from apps.modelcards.models import CardDefaults
from apps.projects.models import Project


@service
def change_defaults(
    project: Project, *, fields: dict[str, str], by: User, expect: int | None = None
) -> CardDefaults:
    """Write with what new cards begin; fields that are not named stay, and cards that are there keep their texts."""
    permissions.can_change_defaults(by, project).enforce()
    part = card_part(project)
    for key, text in fields.items():
        demand_text(part, key, text)
    kept, fresh = CardDefaults.objects.get_or_create(project=project)
    if fresh:
        audit.record("modelcards.defaults_started", kept, by=by, project_id=project.pk)
    kept = CardDefaults.objects.select_for_update(of=("self",)).get(pk=kept.pk)
    governed.demand_version(kept, expect)
    changed = sorted(key for key, text in fields.items() if kept.fields.get(key, "") != text)
    if changed:
        governed.change(kept, fields=kept.fields | {key: fields[key] for key in changed})
        audit.record(
            "modelcards.defaults_changed", kept, by=by, project_id=project.pk, fields=", ".join(changed)
        )
    return kept
