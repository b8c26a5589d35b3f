"""What is done with model cards."""

from django.urls import reverse

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import governed
from apps.core.db import service
from apps.core.errors import Invalid
from apps.jobs import services as jobs
from apps.modelcards import revising
from apps.modelcards.content import assemble
from apps.modelcards.enums import Origin
from apps.modelcards.fields import BY_KEY, LONGEST
from apps.modelcards.models import Card, CardExport
from apps.projects.permissions import Right, can
from apps.registry.models import Version


@service
def change_card(
    version: Version,
    *,
    fields: dict[str, str],
    by: User,
    expect: int | None = None,
    kind: Origin = Origin.WRITTEN,
    source: str = "",
) -> Card:
    """Write fields of the card as Markdown; fields that are not named stay.

    Each change is a revision and makes the card a draft again. ``kind`` and ``source`` say where the texts come from.
    """
    project = version.model.project
    can(by, Right.ANSWER, project).enforce()
    unknown = sorted(set(fields) - set(BY_KEY))
    if unknown:
        raise Invalid(
            f"The card has no field {', '.join(unknown)}. It has: {', '.join(BY_KEY)}.", code="unknown_field"
        )
    for key, text in fields.items():
        if len(text) > LONGEST:
            raise Invalid(
                f"{BY_KEY[key].title} has {len(text):,} characters; the limit is {LONGEST:,}. Shorten it.",
                code="too_long",
            )
        if "\x00" in text:
            raise Invalid(
                f"{BY_KEY[key].title} holds a character that cannot be kept (NUL).", code="bad_text"
            )
    card = revising.begin(version, by=by)
    governed.demand_version(card, expect)
    card.version = version
    changed = revising.write(card, fields, by=by, kind=kind, source=source)
    if changed:
        audit.record("modelcards.card_changed", card, by=by, project_id=project.pk, fields=", ".join(changed))
    return card


@service
def request_pdf(version: Version, *, by: User) -> CardExport:
    """Let a worker render the card as it stands; the same content is rendered once."""
    project = version.model.project
    can(by, Right.READ, project).enforce()
    content_digest = assemble(version).digest
    export = (
        CardExport.objects.select_for_update(of=("self",))
        .filter(version=version, content_digest=content_digest)
        .first()
    )
    if export is not None and (export.blob_id or (export.job is not None and not export.job.is_finished)):
        return export
    if export is None:
        export = CardExport.objects.create(version=version, content_digest=content_digest, requested_by=by)
    export.job = jobs.enqueue(
        "modelcards.render_pdf",
        {"export": str(export.pk)},
        by=by,
        project_id=project.pk,
        subject_url=reverse("modelcards:card", args=[version.pk]),
    )
    CardExport.objects.filter(pk=export.pk).update(job=export.job)
    audit.record("modelcards.pdf_requested", export, by=by, project_id=project.pk, version=str(version))
    return export
