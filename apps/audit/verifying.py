"""Recompute the whole log and compare it with every signed head, those in the table and those exported."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from apps.audit import heads as head_file
from apps.audit import notes
from apps.audit.tree import Frontier, Node

#: What commits is sealed within seconds; after a minute nobody seals.
UNSEALED_SECONDS = 60
CHUNK = 25_000
MOST_FINDINGS = 100
HASH = 32
RESTORE = (
    "Stop the servers, keep this database for the investigation, and restore the newest backup that verifies."
)
#: LIMIT makes it look each event up by its key: without statistics (a database just restored) the planner would read
#: all events for each chunk. Leaves are hashed here, where alone the exact text is known; only sealed hashes travel.
_CHUNK = """
SELECT count(*), string_agg(l.leaf_hash, ''::bytea ORDER BY l.position),
    array_agg(l.position || ':' || l.event_id || ':' || CASE WHEN e.id IS NULL THEN 'deleted' ELSE 'edited' END
        ORDER BY l.position)
        FILTER (WHERE e.id IS NULL OR e.leaf_hash <> encode(l.leaf_hash, 'hex')
                OR e.now <> e.leaf_hash)
FROM audit_leaf l LEFT JOIN LATERAL (
    SELECT one.id, one.leaf_hash, audit_leaf_hash(one) AS now FROM audit_event one WHERE one.id = l.event_id LIMIT 1
) e ON true WHERE l.position >= %s AND l.position < %s
"""
#: A check of everything may take longer than what a web request is granted.
_PATIENCE = "SET LOCAL statement_timeout = '10min'"
_SIZES = """
SELECT (SELECT count(*) FROM audit_event), count(*), coalesce(max(position) + 1, 0),
    (SELECT coalesce(max(size), 0) FROM audit_seal) FROM audit_leaf
"""
_SEALS = """
SELECT note, size, sealed_at < clock_timestamp() - make_interval(secs => %s) FROM audit_seal
WHERE size <= %s ORDER BY size
"""
_GAPS = """
SELECT object_type, object_id::text, count(*), max(sequence), min(sequence) FROM audit_event
GROUP BY 1, 2 HAVING count(*) <> max(sequence) OR min(sequence) <> 1 ORDER BY 1, 2 LIMIT %s
"""
_UNSEALED = """
SELECT min(e.id), count(*) FROM audit_event e
WHERE NOT EXISTS (SELECT 1 FROM audit_leaf l WHERE l.event_id = e.id)
AND e.recorded_at < clock_timestamp() - make_interval(secs => %s)
"""


@dataclass(frozen=True)
class Finding:
    """One thing that does not hold. ``position`` counts sealed records from 0; ``record`` is the event's id."""

    kind: str
    sentence: str
    remedy: str
    position: int | None = None
    record: int | None = None


@dataclass
class Report:
    """What was looked at and what was found, the first bad record first."""

    events: int = 0
    sealed: int = 0
    heads: int = 0
    seconds: float = 0.0
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.findings

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON."""
        first = self.findings[0] if self.findings else None
        return asdict(self) | {"ok": self.ok, "first_bad": asdict(first) if first else None}

    def add(self, finding: Finding) -> None:
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(finding)


@dataclass(frozen=True)
class Head:
    """A head and where it was read."""

    point: notes.Checkpoint
    where: str


def _silent(fraction: float, step: str) -> None:
    """Tell nobody: for commands and tests."""


def verify(
    *,
    key: notes.VerifierKey | None,
    heads_file: Path,
    workers: int = 1,
    progress: Callable[[float, str], None] = _silent,
) -> Report:
    """Return what the recomputation of the whole log finds; writes nothing.

    ``key`` should come from outside the database. ``workers`` connections hash at once; 1 uses the caller's own.
    ``progress`` is told the share done (0 to 1) and the step, and may raise to stop.
    """
    began, report = time.monotonic(), Report()
    exported = _exported(heads_file, report)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_PATIENCE)
        cursor.execute(_SIZES)
        report.events, leaves, report.sealed, newest = cursor.fetchone() or (0, 0, 0, 0)
        cursor.execute(_SEALS, [UNSEALED_SECONDS, newest])
        table = cursor.fetchall()
    found = _compare_files(exported, table, heads_file, report)
    _walk(_opened(found, key, report), report, workers=workers, progress=progress)
    if leaves != report.sealed or report.sealed != newest:
        sentence = f"The tree has {leaves:,} leaves, the last at {report.sealed:,}, and its newest seal says {newest:,}."
        report.add(Finding("cut", sentence, RESTORE))
    _look_for_gaps(report)
    report.findings.sort(key=lambda one: (one.position is None, one.position or 0))
    report.seconds = round(time.monotonic() - began, 2)
    return report


def _exported(path: Path, report: Report) -> list[str]:
    try:
        exported = head_file.read(path)
    except head_file.DamagedHeads as error:
        report.add(Finding("heads", str(error), "Use another copy of the exported heads (--heads)."))
        return []
    if not exported:
        report.notes.append(
            f"There are no exported heads in {path}: the log was compared with the database's own seals alone."
        )
    return exported


def _compare_files(
    exported: list[str], table: list[tuple[str, int, bool]], path: Path, report: Report
) -> list[tuple[str, str]]:
    """Return every head with where it stands, once each."""
    kept, outside = {note for note, _, _ in table}, set(exported)
    for note in exported:
        if note not in kept:
            report.add(
                Finding("cut", f"The exported head “{_first_lines(note)}” is not in the database.", RESTORE)
            )
    for note, size, old in table:
        if exported and old and note not in outside:
            report.add(
                Finding(
                    "heads",
                    f"The seal of {size:,} records was never exported to {path}.",
                    "Compare with another copy of the file (--heads). If none has it, treat the seal as forged.",
                )
            )
    return [(note, "table") for note, _, _ in table] + [(n, "file") for n in exported if n not in kept]


def _first_lines(note: str) -> str:
    return ", ".join(note.split("\n")[:2])


def _opened(found: list[tuple[str, str]], key: notes.VerifierKey | None, report: Report) -> list[Head]:
    """Return the heads whose signature holds, by size."""
    if key is None and found:
        report.add(
            Finding(
                "key",
                "There is no verifier key on this machine, so no signature was checked.",
                "Copy seal.key.pub from the sealer's machine beside MLGOV_AUDIT_KEY, or give it with --key.",
            )
        )
    report.heads = len(found)
    opened = []
    for note, where in found:
        try:
            point = notes.open_head(note, key) if key else notes.Checkpoint.parse(note)
        except notes.BadNote as error:
            report.add(
                Finding("forged", f"The head “{_first_lines(note)}” ({where}) is forged: {error}", RESTORE)
            )
            continue
        opened.append(Head(point, where))
    return sorted(opened, key=lambda head: head.point.size)


def _walk(
    opened: list[Head], report: Report, *, workers: int, progress: Callable[[float, str], None]
) -> None:
    """Go through the leaves in order, and compare the root at every head, and every kept node."""
    frontier, waiting, good, kept = Frontier(), opened[::-1], 0, _kept_nodes()
    for start, hashes, bad in _chunks(report.sealed, workers):
        progress(0.95 * start / max(report.sealed, 1), f"record {start:,} of {report.sealed:,}")
        for entry in bad:
            report.add(_bad_record(entry))
        if len(hashes) != HASH * (min(start + CHUNK, report.sealed) - start):
            report.add(
                Finding(
                    "gap",
                    f"Leaves are missing among the records {start:,} to {start + CHUNK:,} of the tree.",
                    RESTORE,
                    start,
                )
            )
            return
        for at in range(0, len(hashes), HASH):
            for node in frontier.add(hashes[at : at + HASH]):
                _check_node(node, kept, report)
            while waiting and waiting[-1].point.size == frontier.size:
                good = _check_head(waiting.pop(), frontier, good, report)
    for head in reversed(waiting):
        report.add(
            Finding(
                "cut",
                f"A head of {head.point.size:,} records was signed ({head.where}), and only {frontier.size:,} are here: "
                "the end was cut off.",
                RESTORE,
                frontier.size,
            )
        )


def _check_head(head: Head, frontier: Frontier, good: int, report: Report) -> int:
    if head.point.root == frontier.root():
        return head.point.size
    report.add(
        Finding(
            "rewritten",
            f"The records up to {head.point.size:,} do not give the head that was signed for them ({head.where}); "
            f"up to {good:,} they do. What lies between was rewritten.",
            RESTORE,
            good,
        )
    )
    return good


def _bad_record(entry: str) -> Finding:
    position, record, kind = entry.split(":")
    what = "is gone" if kind == "deleted" else "is not what was sealed: somebody edited it"
    return Finding(
        kind, f"Record {record} (position {int(position):,}) {what}.", RESTORE, int(position), int(record)
    )


def _kept_nodes() -> dict[tuple[int, int], bytes]:
    with connection.cursor() as cursor:
        cursor.execute('SELECT level, "index", hash FROM audit_node')
        return {(level, index): bytes(value) for level, index, value in cursor.fetchall()}


def _check_node(node: Node, kept: dict[tuple[int, int], bytes], report: Report) -> None:
    if kept.get((node.level, node.index)) != node.hash:
        report.add(
            Finding(
                "node",
                f"The kept hash {node.level}/{node.index} of the tree is wrong, so that proofs made from it fail.",
                RESTORE,
                node.index << node.level,
            )
        )


def _chunks(size: int, workers: int) -> Iterator[tuple[int, bytes, list[str]]]:
    """Yield (first position, sealed hashes, bad records) of each chunk, in order."""
    starts = range(0, size, CHUNK)
    if workers < 2 or len(starts) < 2:
        for start in starts:
            yield _chunk(connection, start)
        return
    free: SimpleQueue[BaseDatabaseWrapper] = SimpleQueue()
    pool = [connection.copy() for _ in range(workers)]
    for own in pool:
        own.inc_thread_sharing()
        free.put(own)
    threads = ThreadPoolExecutor(workers)
    try:
        yield from threads.map(partial(_borrowed, free), starts)
    finally:
        threads.shutdown(cancel_futures=True)
        for own in pool:
            own.close()


def _borrowed(free: "SimpleQueue[BaseDatabaseWrapper]", start: int) -> tuple[int, bytes, list[str]]:
    own = free.get()
    try:
        return _chunk(own, start)
    finally:
        free.put(own)


def _chunk(own: BaseDatabaseWrapper, start: int) -> tuple[int, bytes, list[str]]:
    with own.cursor() as cursor:
        cursor.execute(_CHUNK, [start, start + CHUNK])
        _, hashes, bad = cursor.fetchone() or (0, b"", None)
    return start, bytes(hashes or b""), bad or []


def _look_for_gaps(report: Report) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_PATIENCE)
        cursor.execute(_GAPS, [MOST_FINDINGS])
        for object_type, object_id, count, last, first in cursor.fetchall():
            report.add(
                Finding(
                    "gap",
                    f"The events of {object_type} {object_id} are numbered {first} to {last}, but there are {count}.",
                    RESTORE,
                )
            )
        cursor.execute(_UNSEALED, [UNSEALED_SECONDS])
        oldest, unsealed = cursor.fetchone() or (None, 0)
    if unsealed:
        report.add(
            Finding(
                "unsealed",
                f"{unsealed:,} records are older than {UNSEALED_SECONDS} seconds and not sealed, the first is {oldest}.",
                "Start the sealer (manage.py audit seal --every 2) and see what it says.",
                None,
                oldest,
            )
        )
