"""The signed record of one signature: everything that was signed, in one document that can be checked offline.

``docs/verify_record.py`` recomputes the digests with the standard library alone.
"""

from datetime import UTC, datetime
from typing import Any

from apps.audit import proofs
from apps.audit.models import Event
from apps.core.canonical import digest
from apps.gates.models import Approval

FORMAT = "mlgov signature record 1"


def record_of(approval: Approval) -> dict[str, Any]:
    """Return the record: ``record`` is what was signed, ``record_digest`` its SHA-256 in canonical JSON (RFC 8785).

    ``proof`` is the inclusion of the signature's event in the sealed audit log; None until the log can give one.
    """
    promotion = approval.promotion
    version = promotion.version
    record: dict[str, Any] = {
        "format": FORMAT,
        "approval": str(approval.pk),
        "request": {
            "id": str(promotion.pk),
            "purpose": promotion.purpose,
            "project": version.model.project.slug,
            "model": version.model.slug,
            "version": version.number,
            "version_id": str(version.pk),
            "from_stage": promotion.from_stage,
            "to_stage": promotion.to_stage,
            "asked_by": str(promotion.requested_by),
            "asked_at": _utc(promotion.created_at),
        },
        "signer": {
            "id": str(approval.person_id),
            "name": approval.signer_name,
            "role": approval.role,
            "on_behalf_of": str(approval.on_behalf_of) if approval.on_behalf_of else None,
            "reauthenticated_by": approval.reauthentication.method,
            "reauthenticated_at": _utc(approval.reauthentication.at),
        },
        "decision": approval.decision,
        "meaning": approval.meaning,
        "comment": approval.comment,
        "signed_at": _utc(approval.signed_at),
        "policy": {
            "pack": promotion.policy_revision.pack.slug,
            "revision": promotion.policy_revision.number,
            "content_hash": promotion.policy_revision.content_hash,
            "document": promotion.policy_revision.document,
        },
        "verdict": promotion.verdict,
        "evidence_digest": approval.evidence_digest,
        "evidence": promotion.snapshot.document,
    }
    withdrawn = None
    if approval.withdrawn_at is not None:
        withdrawn = {"at": _utc(approval.withdrawn_at), "reason": approval.withdrawal_reason}
    # A withdrawal comes after the signing, so it stands beside what was signed and not in it.
    return {
        "record": record,
        "record_digest": digest(record),
        "withdrawn": withdrawn,
        "proof": _proof_of(approval),
    }


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"


def _proof_of(approval: Approval) -> Any:
    """Return the inclusion proof of the event of this signature under the newest head, or None until it is sealed."""
    event = (
        Event.objects.filter(object_id=approval.promotion_id, data__approval=str(approval.pk))
        .order_by("id")
        .first()
    )
    if event is None:
        return None
    return proofs.proof_files([event], proofs.newest_seal()).get(event.pk)
