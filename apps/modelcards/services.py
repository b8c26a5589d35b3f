"""What is done with model cards."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial

from django.urls import reverse

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core import governed
from apps.core.db import service
from apps.evidence.services import collect
from apps.jobs import services as jobs
from apps.modelcards import revising
from apps.modelcards.content import assemble
from apps.modelcards.document.written import digests_of
from apps.modelcards.enums import Origin
from apps.modelcards.fieldnames import MODULE
from apps.modelcards.fields import card_part, demand_text
from apps.modelcards.models import Card, CardExport
from apps.policies.method.card import Card as Part
from apps.projects.permissions import Right, can
from apps.registry.models import Version


@service
def change_card(
    version: Version,
    *,
    fields: Mapping[str, str],
    by: User,
    expect: int | None = None,
    confirm: Sequence[str] = (),
    kind: Origin = Origin.WRITTEN,
    source: str = "",
) -> Card:
    """Write fields of the card as Markdown; fields that are not named stay.

    Each change is a revision and makes the card a draft again. ``confirm`` names fields that were read again and are still
    right: they rest on the evidence of now. ``kind`` and ``source`` say where the texts come from.
    """
    project = version.model.project
    can(by, Right.ANSWER, project).enforce()
    part = card_part(project)
    for key, text in {**dict.fromkeys(confirm, ""), **fields}.items():
        demand_text(part, key, text)
    card = revising.begin(version, by=by)
    governed.demand_version(card, expect)
    card.version = version
    changed = revising.write(
        card,
        fields,
        by=by,
        origin=revising.Said(kind, source, partial(_rests_on, version, part)),
        confirmed=[key for key in confirm if card.fields.get(key, "").strip()],
    )
    if changed:
        audit.record(
            "modelcards.card_changed",
            card,
            by=by,
            project_id=project.pk,
            fields=", ".join(changed),
            confirmed=sorted(set(confirm) & set(changed) - set(fields)),
            origin=Origin(kind).value,
            source=source,
        )
    return card


def _rests_on(version: Version, part: Part, keys: Collection[str]) -> dict[str, dict[str, str]]:
    """Return the digests of the evidence that the texts were written against, by field."""
    fields = [field for field in part.fields if field.key in keys and field.rests_on]
    facts = collect(version, before=MODULE).document if fields else {}
    return {field.key: digests_of(field, facts) for field in fields}


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
