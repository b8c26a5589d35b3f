"""Documents that verify offline: the proof of a record, and a signature with the proof that it was given."""

from typing import Any

from apps.assurance.queries import signature_event
from apps.audit.models import Event
from apps.audit.proofs import NotSealed, proof_file
from apps.core.errors import Refused
from apps.gates.models import Approval

FORMAT = "mlgov.record/1"


def proof_of(event: Event) -> dict[str, Any]:
    """Return the proof of a record; raises Refused before it is sealed."""
    try:
        return proof_file(event)
    except NotSealed as error:
        raise Refused(str(error), code="not_sealed") from error


def signed_record(approval: Approval) -> dict[str, Any]:
    """Return a signature as a statement and the proof that the log says the same; raises Refused before it is sealed."""
    event = signature_event(approval)
    return {
        "format": FORMAT,
        "statement": {
            "approval": str(approval.pk),
            "person_id": str(approval.person_id),
            "role": approval.role,
            "meaning": approval.meaning,
            "comment": approval.comment,
            "digest": approval.evidence_digest,
        },
        "signer_name": approval.signer_name,
        "signed_at": approval.signed_at.isoformat(),
        "proof": proof_of(event),
    }
