"""Proofs that an event is in the sealed log, and that a head grew out of an older one."""

import base64
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from apps.audit.models import Event, Leaf, Seal
from apps.audit.tree import TILE_LEVELS, TILE_WIDTH, consistency_path, hash_children, inclusion_path

FORMAT = "mlgov.proof/1"


class NotSealed(LookupError):
    """The event has no place in a signed head yet; the sealer takes it within seconds."""


@dataclass
class Tiles:
    """The kept nodes, read 256 at a time and remembered: a proof in a million leaves reads about six tiles."""

    read: dict[tuple[int, int], dict[int, bytes]] = field(default_factory=dict)

    def node(self, level: int, index: int) -> bytes:
        """Return the hash of a complete subtree."""
        base = level - level % TILE_LEVELS
        width = 1 << (level - base)
        tile = self._tile(base, (index * width) // TILE_WIDTH)
        row = [tile[at] for at in range(index * width, (index + 1) * width)]
        while len(row) > 1:
            row = [hash_children(row[at], row[at + 1]) for at in range(0, len(row), 2)]
        return row[0]

    def _tile(self, level: int, number: int) -> dict[int, bytes]:
        if (level, number) not in self.read:
            first = number * TILE_WIDTH
            sql = (
                "SELECT position, leaf_hash FROM audit_leaf WHERE %s = 0 AND position BETWEEN %s AND %s"
                if level == 0
                else 'SELECT "index", hash FROM audit_node WHERE level = %s AND "index" BETWEEN %s AND %s'
            )
            with connection.cursor() as cursor:
                cursor.execute(sql, [level, first, first + TILE_WIDTH - 1])
                self.read[level, number] = {at: bytes(value) for at, value in cursor.fetchall()}
        return self.read[level, number]


def newest_seal() -> Seal | None:
    """Return the newest signed head, or None before the first."""
    return Seal.objects.order_by("-size").first()


def inclusion_proof(event: Event, size: int, *, tiles: Tiles | None = None) -> tuple[int, list[bytes]]:
    """Return the event's index and its path in the tree of ``size`` leaves; raises NotSealed."""
    leaf = Leaf.objects.filter(event_id=event.pk, position__lt=size).first()
    if leaf is None:
        raise NotSealed(f"Record {event.pk} is not among the first {size:,} sealed records.")
    return leaf.position, inclusion_path(leaf.position, size, (tiles or Tiles()).node)


def consistency_proof(old: int, new: int) -> list[bytes]:
    """Return the proof that the tree of ``new`` leaves grew out of the one of ``old``; raises ValueError."""
    return consistency_path(old, new, Tiles().node)


def leaves_of(events: list[Event]) -> dict[int, str]:
    """Return the exact text that was hashed for each event, by its id."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, audit_leaf(e) FROM audit_event e WHERE id = ANY(%s)", [[event.pk for event in events]]
        )
        return dict(cursor.fetchall())


def proof_files(
    events: list[Event], seal: Seal | None, *, with_head: bool = True
) -> dict[int, dict[str, Any]]:
    """Return what the offline verifier reads, for each event that ``seal`` covers, by event id.

    Without ``with_head`` the head is left out, where one file holds many proofs of it.
    """
    if seal is None or not events:
        return {}
    texts, tiles = leaves_of(events), Tiles()
    found = Leaf.objects.filter(event_id__in=[event.pk for event in events], position__lt=seal.size)
    answer = {}
    for leaf in found:
        path = inclusion_path(leaf.position, seal.size, tiles.node)
        answer[leaf.event_id] = {
            "format": FORMAT,
            "leaf": texts[leaf.event_id],
            "index": leaf.position,
            "size": seal.size,
            "path": [base64.b64encode(step).decode() for step in path],
        } | ({"head": seal.note, "key": seal.verifier_key} if with_head else {})
    return answer


def proof_file(event: Event) -> dict[str, Any]:
    """Return the proof of one event under the newest head; raises NotSealed."""
    found = proof_files([event], newest_seal())
    if event.pk not in found:
        raise NotSealed(
            f"Record {event.pk} is not sealed yet. The sealer takes it within seconds; try again."
        )
    return found[event.pk]
