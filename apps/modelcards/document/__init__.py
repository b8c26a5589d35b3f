"""The model card as one document: everything that page, PDF, exports and interface show of it.

``card.schema.json`` beside this app says what is in it. Nothing in it depends on when it is built, what is not known is
null or empty, and the SHA-256 of its canonical JSON is the digest of the card.
"""

from typing import Any

from apps.modelcards.document import about, coverage, decided, measured, written
from apps.modelcards.document.known import Known, gather
from apps.registry.models import Version

SCHEMA = 1
__all__ = ["SCHEMA", "Known", "build", "document_of", "gather"]


def build(version: Version) -> dict[str, Any]:
    """Return the card of a version as it stands; a fixed number of queries."""
    return document_of(gather(version))


def document_of(known: Known) -> dict[str, Any]:
    """Return the document of what was gathered; reads nothing."""
    found: dict[str, Any] = {
        "schema": SCHEMA,
        "version": about.version_of(known),
        "people": about.people_of(known),
        "evaluations": measured.evaluations_of(known),
        "bias_audit": measured.bias_audit_of(known),
        "data": about.data_of(known),
        "brief": about.brief_of(known),
        "risk": about.risk_of(known),
        "checks": about.checks_of(known),
        "costs": about.costs_of(known),
        "energy": about.energy_of(known),
        **decided.parts_of(known),
    }
    fields = written.fields_of(known)
    found["fields"] = fields
    found["card"] = written.card_of(known, fields)
    found["people"] |= {key: written.text_of(fields, key) for key in ("contact", "provider")}
    found["standards"] = coverage.standards_of(known.part, found)
    return found
