"""With what the cards of a project begin."""

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import governed
from apps.core.db import service
from apps.core.errors import Invalid
from apps.modelcards import permissions
from apps.modelcards.fieldnames import longest_of, titles_of
from apps.modelcards.models import CardDefaults
from apps.projects.models import Project


@service
def change_defaults(
    project: Project, *, fields: dict[str, str], by: User, expect: int | None = None
) -> CardDefaults:
    """Write with what new cards begin; fields that are not named stay, and cards that are there keep their texts."""
    permissions.can_change_defaults(by, project).enforce()
    titles, longest = titles_of(project), longest_of(project)
    for key, text in fields.items():
        if key not in titles:
            raise Invalid(f"The card has no field {key[:60]}.", code="unknown_field")
        if len(text) > longest or "\x00" in text:
            raise Invalid(
                f"{titles[key]}: up to {longest:,} characters of text, without NUL. Shorten it.",
                code="bad_text",
            )
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
