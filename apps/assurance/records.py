"""Documents that verify offline: the proof of a record."""

from typing import Any

from apps.audit.models import Event
from apps.audit.proofs import NotSealed, proof_file
from apps.core.errors import Refused


def proof_of(event: Event) -> dict[str, Any]:
    """Return the proof of a record; raises Refused before it is sealed."""
    try:
        return proof_file(event)
    except NotSealed as error:
        raise Refused(str(error), code="not_sealed") from error
