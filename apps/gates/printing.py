"""The approval record of a request as a document: what was asked, on which evidence, who signed, what came after."""

import json
from collections.abc import Mapping
from typing import Any

from django.db.models import Q
from django.template.loader import render_to_string

from apps.audit.events import present
from apps.audit.models import Event
from apps.audit.proofs import newest_seal
from apps.core.canonical import canonical_json, digest
from apps.core.clock import utc_text
from apps.core.pdf.documents import Attachment, Document, Relationship
from apps.core.pdf.pieces import TONES, Box, chapters, table_limits
from apps.gates.judging import gate_of
from apps.gates.models import Approval, Promotion, Waiver
from apps.gates.record import record_of
from apps.gates.showing import estimates_chart, ordered
from apps.gates.waivers import rests_on
from apps.policies.queries import pack_of

FORMAT = "mlgov.approval-record/1"
KIND = "application/json"
#: What printing itself writes: it would change the next record.
OWN = "gates.record_"
TITLES = {
    "pass": "The gate held",
    "waived": "The gate held with waivers",
    "fail": "The gate did not hold",
}


def content_of(promotion: Promotion) -> dict[str, Any]:
    """Return what the record says as it stands: its SHA-256 is the document's."""
    version, revision = promotion.version, promotion.policy_revision
    pack, gate = pack_of(revision), gate_of(promotion)
    return {
        "format": FORMAT,
        "request": {
            "id": str(promotion.pk),
            "purpose": promotion.purpose,
            "kind": promotion.kind,
            "project": version.model.project.name,
            "version": str(version),
            "version_id": str(version.pk),
            "change": version.change,
            "from": pack.stage_title(promotion.from_stage) if promotion.from_stage else "",
            "to": pack.stage_title(promotion.to_stage),
            "asked_by": str(promotion.requested_by),
            "asked_at": utc_text(promotion.created_at),
            "note": promotion.note,
            "state": promotion.get_state_display(),
            "closed_at": _time(promotion.closed_at),
        },
        "policy": {"pack": pack.slug, "revision": revision.number, "content_hash": revision.content_hash},
        "gate": gate.title if gate else "",
        "evidence_digest": promotion.evidence_digest,
        "verdict": promotion.verdict,
        "needed": {one.role: one.count for one in promotion.required_roles.all()},
        "participants": [
            {"name": str(one.person), "part": one.get_kind_display()}
            for one in promotion.participants.select_related("person__owner").order_by(
                "kind", "person__full_name"
            )
        ],
        "signatures": [_signature(one) for one in _approvals(promotion)],
        **_terms(promotion),
        "waivers": [_waiver(one) for one in _waivers(promotion)],
        "events": [_event(one) for one in _events(promotion)],
    }


def _time(moment: Any) -> str | None:
    return utc_text(moment) if moment else None


def _approvals(promotion: Promotion) -> list[Approval]:
    rows = Approval.objects.filter(promotion=promotion).order_by("signed_at", "id")
    return list(
        rows.select_related(
            "promotion__version__model__project",
            "promotion__policy_revision__pack",
            "promotion__requested_by__owner",
            "promotion__snapshot",
            "person__owner",
            "on_behalf_of",
            "reauthentication",
        )
    )


def _signature(one: Approval) -> dict[str, Any]:
    return {
        "name": one.signer_name,
        "on_behalf_of": str(one.on_behalf_of) if one.on_behalf_of else None,
        "role": one.role,
        "decision": one.decision,
        "meaning": one.meaning,
        "comment": one.comment,
        "at": utc_text(one.signed_at),
        "proved_by": one.reauthentication.method,
        "evidence_digest": one.evidence_digest,
        "withdrawn_at": _time(one.withdrawn_at),
        "withdrawal_reason": one.withdrawal_reason,
    }


def _terms(promotion: Promotion) -> dict[str, Any]:
    return {
        "conditions": [
            {"text": one.sentence, "state": one.state, "until": _time(one.until), "on_breach": one.on_breach}
            for one in promotion.conditions.order_by("id")
        ],
        "obligations": [
            {"text": one.text, "owner": str(one.owner), "due_at": utc_text(one.due_at), "state": one.state}
            for one in promotion.obligations.select_related("owner__owner").order_by("id")
        ],
    }


def _waivers(promotion: Promotion) -> list[Waiver]:
    rows = Waiver.objects.filter(pk__in=rests_on(promotion))
    return list(rows.select_related("grant", "asked_by__owner").order_by("id"))


def _waiver(one: Waiver) -> dict[str, Any]:
    return {
        "criterion": one.title,
        "reason": one.reason,
        "until": utc_text(one.until),
        "asked_by": str(one.asked_by),
        "granted_by": one.grant.signer_name,
        "granted_as": one.grant.role,
        "granted_at": utc_text(one.grant.granted_at),
    }


def _events(promotion: Promotion) -> list[Event]:
    """Return what the audit log says of the request, and of what was decided on its version later."""
    version = promotion.version
    about = Q(object_id=promotion.pk) | Q(data__version__in=[str(version.pk), str(version)])
    found = Event.objects.filter(about, project_id=version.model.project_id, kind__startswith="gates.")
    return list(
        found.filter(recorded_at__gte=promotion.created_at).exclude(kind__startswith=OWN).order_by("id")
    )


def _event(event: Event) -> dict[str, Any]:
    return {
        "record": event.pk,
        "at": utc_text(event.recorded_at),
        "text": f"{event.actor_label} {present(event.kind, event.data, label=event.object_label)}",
        "leaf_hash": event.leaf_hash,
    }


def document_of(promotion: Promotion, *, proof: Mapping[str, Any] | None) -> Document:
    """Return what the PDF of a request's record is made of, with each signature's own record attached."""
    content = content_of(promotion)
    context = context_of(content) | {"proof": proof, "head": _head()}
    html = render_to_string("gates/pdf.html", context)
    records = [record_of(one) for one in _approvals(promotion)]
    return Document(html, identifier=context["digest"], attachments=tuple(_attached(content, records, proof)))


def _head() -> str:
    seal = newest_seal()
    return seal.note if seal else ""


def context_of(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the template is filled with; nothing in it depends on when it is made."""
    request, verdict = content["request"], content["verdict"]
    criteria = ordered(verdict["criteria"])
    held = sum(1 for one in criteria if one["state"] == "pass")
    state = verdict["state"]
    title = TITLES.get(state, "The gate could not tell")
    live = [one for one in content["signatures"] if one["withdrawn_at"] is None]
    return {
        "content": content,
        "request": request,
        "criteria": criteria,
        "chart": estimates_chart(criteria),
        "box": Box(
            TONES.get(state, "warn"), title, f"{held} of {len(criteria)} criteria held by themselves."
        ),
        "live": live,
        "digest": digest(dict(content)),
        "title": f"Approval record: {request['version']} to {request['to']}",
        "running": f"Approval record · {request['version']} to {request['to']}",
        "footer": "mlgov approval record",
        "author": request["asked_by"],
        "description": f"Request {request['id']} on the evidence {content['evidence_digest']}",
        "dated": max([request["asked_at"], *(one["at"] for one in content["events"])]),
        "contents": chapters(
            [
                ("verdict", "The verdict", True),
                ("terms", "Conditions, obligations and waivers", True),
                ("events", "What happened since", content["events"]),
                ("files", "Digests, proofs and attached files", True),
            ]
        ),
        **table_limits(),
    }


def _attached(
    content: Mapping[str, Any], records: list[dict[str, Any]], proof: Mapping[str, Any] | None
) -> list[Attachment]:
    found = [
        Attachment("record.json", canonical_json(dict(content)), KIND, "All that this document says, as data")
    ]
    for number, one in enumerate(records, start=1):
        kept = json.dumps(one, ensure_ascii=False, indent=1).encode()
        name = one["record"]["signer"]["name"]
        said = f"The signed record of {name}, for mlgov_verify.py"
        found.append(Attachment(f"signature-{number}.json", kept, KIND, said, Relationship.SUPPLEMENT))
    if proof:
        said = "Proof that this document was asked for, from the sealed audit log"
        kept = json.dumps(proof, ensure_ascii=False, indent=1).encode()
        found.append(Attachment("proof.json", kept, KIND, said, Relationship.SUPPLEMENT))
    return found
