"""The audit trail as CSV and as JSON Lines with proofs, a piece at a time: a million records pass through."""

import csv
import io
import json
from collections.abc import Iterator

from django.db.models import QuerySet

from apps.audit.events import present
from apps.audit.models import Event, Seal
from apps.audit.proofs import newest_seal, proof_files
from apps.core import spreadsheets

PIECE = 500
COLUMNS = (
    *("record", "recorded_at", "actor", "actor_kind", "kind", "sentence", "object_type", "object_id"),
    *("object", "sequence", "leaf_hash", "data"),
)


def as_csv(events: QuerySet[Event]) -> Iterator[str]:
    """Yield lines of CSV in which no cell is a formula."""
    yield _row(COLUMNS)
    for event in events.iterator(chunk_size=PIECE):
        yield _row(
            (
                *(event.pk, event.recorded_at.isoformat(), event.actor_label, event.actor_kind, event.kind),
                *(present(event.kind, event.data, label=event.object_label), event.object_type),
                *(str(event.object_id), event.object_label, event.sequence, event.leaf_hash),
                json.dumps(event.data, ensure_ascii=False, sort_keys=True),
            )
        )


def _row(cells: tuple[object, ...]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(spreadsheets.cell(cell) for cell in cells)
    return out.getvalue()


def as_lines(events: QuerySet[Event]) -> Iterator[str]:
    """Yield JSON Lines: the signed head, then each record with its proof; what is not sealed yet has none."""
    seal = newest_seal()
    if seal is not None:
        yield json.dumps({"head": seal.note, "key": seal.verifier_key}, ensure_ascii=False) + "\n"
    yield from lines_of(events, seal)


def lines_of(events: QuerySet[Event], seal: Seal | None) -> Iterator[str]:
    """Yield each record as a line, with its proof under ``seal``."""
    for piece in _pieces(events):
        proofs = proof_files(piece, seal, with_head=False)
        for event in piece:
            entry = {"record": event.pk, "leaf_hash": event.leaf_hash, "proof": proofs.get(event.pk)}
            yield json.dumps(entry, ensure_ascii=False, sort_keys=True) + "\n"


def _pieces(events: QuerySet[Event]) -> Iterator[list[Event]]:
    piece: list[Event] = []
    for event in events.iterator(chunk_size=PIECE):
        piece.append(event)
        if len(piece) == PIECE:
            yield piece
            piece = []
    if piece:
        yield piece
