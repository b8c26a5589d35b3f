"""The sealer: takes committed events that have no place in the tree yet, extends the tree and signs its head.

It is a process of its own in the role ``mlgov_sealer``, which may read events and add leaves, nodes and seals.
Nothing depends on the order of commits: what commits late is found by the next pass. To find it without reading
everything, the sealer remembers the oldest transaction that still ran at its last full pass: whatever is not sealed
yet was written by that one or a later one. It forgets this when it starts, so that a restored database, whose
transactions count anew, is read as a whole once.
"""

import time
from dataclasses import dataclass, field
from pathlib import Path

from django.db import connection, transaction
from django.utils import timezone

from apps.audit import heads, notes
from apps.audit.models import Event, Leaf, Seal
from apps.audit.proofs import Tiles
from apps.audit.tree import Frontier, Node

#: Any constant will do; it only must be the same for every sealer of a database.
LOCK = 20_820
BATCH = 20_000
_FIND = """
SELECT e.id, decode(e.leaf_hash, 'hex') FROM audit_event e
WHERE e.transaction_id >= %s AND e.id > %s AND NOT EXISTS (SELECT 1 FROM audit_leaf l WHERE l.event_id = e.id)
ORDER BY e.id LIMIT %s
"""


class CannotSeal(Exception):
    """Why nothing may be signed now: what the database says contradicts what was signed before."""


@dataclass
class Sealer:
    """The state of one sealing process. ``key`` signs, ``heads_file`` gets each head at once."""

    key: notes.SigningKey
    heads_file: Path
    horizon: int = 0
    #: Within a pass of several batches: where the last one ended, and the oldest transaction when the pass began.
    after: int = 0
    oldest: int = 0
    last_note: str = ""
    frontier: Frontier = field(default_factory=Frontier)

    def begin(self) -> bool:
        """Become the one sealer of the database; False when there is another. Raises CannotSeal."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
            row = cursor.fetchone()
        if not row or not row[0]:
            return False
        self.horizon = self.after = 0
        self._catch_up()
        return True

    def _catch_up(self) -> None:
        """Compare with the exported heads, and export those that a crash kept from the file."""
        exported = heads.read(self.heads_file)
        seals = list(Seal.objects.order_by("size").values_list("size", "note"))
        last = notes.open_head(exported[-1], self.key.verifier).size if exported else 0
        if exported and (last, exported[-1]) not in seals:
            raise CannotSeal(
                f"The file {self.heads_file} holds a signed head of {last:,} records that the database lacks: records "
                "were removed, or an older copy was restored. Run “manage.py audit verify”; nothing is sealed until then."
            )
        missing = [note for size, note in seals if size > last]
        for note in missing:
            notes.open_head(note, self.key.verifier)
        if missing:
            heads.append(self.heads_file, missing)
        size = seals[-1][0] if seals else 0
        self.last_note = seals[-1][1] if seals else ""
        self.frontier = Frontier.of(size, Tiles().node)
        if seals and self.frontier.root() != notes.open_head(self.last_note, self.key.verifier).root:
            raise CannotSeal(
                f"The tree in the database does not give the head that was signed at {size:,} records. "
                "Run “manage.py audit verify”; nothing is sealed until then."
            )

    def seal(self) -> int:
        """Seal at most one batch and return how many events it took. Raises CannotSeal."""
        with transaction.atomic(), connection.cursor() as cursor:
            if not self.after:
                cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
                (self.oldest,) = cursor.fetchone() or (0,)
            cursor.execute(_FIND, [self.horizon, self.after, BATCH])
            found = [(int(pk), bytes(leaf)) for pk, leaf in cursor.fetchall()]
            note, frontier = self._write(found) if found else ("", self.frontier)
        if note:
            heads.append(self.heads_file, [note])
            self.last_note, self.frontier = note, frontier
        if len(found) == BATCH:
            self.after = found[-1][0]
        else:
            self.after, self.horizon = 0, self.oldest
        return len(found)

    def _write(self, found: list[tuple[int, bytes]]) -> tuple[str, Frontier]:
        newest = Seal.objects.order_by("-size").first()
        if (newest.note if newest else "") != self.last_note:
            raise CannotSeal("The newest seal in the database is not the one that this sealer wrote last.")
        frontier = Frontier(self.frontier.size, list(self.frontier.edge))
        start = frontier.size
        nodes = [node for _, leaf in found for node in frontier.add(leaf)]
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO audit_leaf (position, event_id, leaf_hash) "
                "SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bytea[])",
                [list(range(start, frontier.size)), [pk for pk, _ in found], [leaf for _, leaf in found]],
            )
            _insert_nodes(nodes)
        root, now = frontier.root(), timezone.now()
        stamp = now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        note = self.key.sign(notes.Checkpoint(self.key.name, frontier.size, root, stamp).text())
        Seal.objects.bulk_create(
            [
                Seal(
                    size=frontier.size,
                    root=root,
                    note=note,
                    verifier_key=str(self.key.verifier),
                    sealed_at=now,
                )
            ]
        )
        return note, frontier


def _insert_nodes(nodes: list[Node]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            'INSERT INTO audit_node (level, "index", hash) '
            "SELECT * FROM unnest(%s::smallint[], %s::bigint[], %s::bytea[])",
            [[node.level for node in nodes], [node.index for node in nodes], [node.hash for node in nodes]],
        )


def seal_all(sealer: Sealer) -> int:
    """Seal everything that is committed now; returns how many events."""
    total = 0
    while taken := sealer.seal():
        total += taken
    return total


def run_for_ever(sealer: Sealer, *, every: float) -> None:
    """Seal each ``every`` seconds; another sealer's turn is waited for. Raises CannotSeal and database errors."""
    while not sealer.begin():
        time.sleep(every)
    while True:
        seal_all(sealer)
        time.sleep(every)


def sealer_is_alive() -> bool:
    """Tell whether a sealer holds the lock of this database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = 0 AND objid = %s AND granted "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            [LOCK],
        )
        return cursor.fetchone() is not None


def wait_for_seal(event: Event, *, seconds: float = 10) -> bool:
    """Wait until the event is under a signed head, as long as a sealer is at work; tells whether it is."""
    ends = time.monotonic() + seconds
    while not Leaf.objects.filter(event_id=event.pk).exists():
        if time.monotonic() > ends or not sealer_is_alive():
            return False
        time.sleep(0.25)
    return True
