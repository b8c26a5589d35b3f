"""Measure sealing, proofs and ``audit verify`` on many events, in an embedded database of its own that is thrown away.

``make bench-audit``, or ``python -m bench.audit --events 100000`` for fewer. Prints seconds and ratios: hashing in
PostgreSQL by chunks on one and on two connections, beside streaming the leaves with COPY and hashing them in Python.
"""

import argparse
import hashlib
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.database import own_database

FILL = """
INSERT INTO audit_event (kind, object_type, object_id, object_label, lock_version, project_id, actor_kind, actor_id,
    actor_label, person_id, request_id, data, sequence, recorded_at, database_user, transaction_id)
SELECT 'projects.project_changed', 'projects.project', ('00000000-0000-4000-8000-' || lpad((n / 20)::text, 12, '0'))::uuid,
    'Mortgages ' || n / 20, n %% 20 + 1, gen_random_uuid(), 'person', gen_random_uuid(), 'Ada Lovelace',
    gen_random_uuid(), md5(n::text), jsonb_build_object('fields', jsonb_build_array('name', 'purpose'), 'note', md5(n::text)),
    n %% 20 + 1, now() - interval '1 hour' + n * interval '1 ms', 'mlgov_app', 1000
FROM generate_series(0, %s - 1) n
"""
PROOFS = 200


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """Return seconds and the answer."""
    began = time.perf_counter()
    answer = call()
    return time.perf_counter() - began, answer


def say(name: str, seconds: float, base: float, count: int) -> None:
    """Print a row."""
    print(f"{name:<52} {seconds:9.2f} s {count / seconds:12,.0f} /s {seconds / base:7.2f}")


def streamed() -> int:
    """Hash every leaf in Python from a COPY stream; returns how many agree."""
    from django.db import connection

    good = 0
    statement = (
        "COPY (SELECT audit_leaf(e), e.leaf_hash FROM audit_event e ORDER BY id) TO STDOUT (FORMAT binary)"
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(["text", "text"])
        for leaf, kept in copy.rows():
            good += hashlib.sha256(b"\x00" + leaf.encode()).hexdigest() == kept
    return good


def measure(events: int, folder: Path, admin: Any) -> None:
    """Fill, seal, prove and verify."""
    from apps.audit import notes, proofs, tree
    from apps.audit.models import Event
    from apps.audit.sealing import Sealer, seal_all
    from apps.audit.verifying import verify

    admin.execute("SET session_replication_role = replica")
    admin.execute("SET synchronous_commit = off")
    print(f"filling {events:,} events ...", flush=True)
    admin.execute(FILL, [events])
    admin.execute("UPDATE audit_event SET leaf_hash = audit_leaf_hash(audit_event)")
    admin.execute("VACUUM ANALYZE audit_event")
    print(f"{'':<52} {'time':>11} {'rate':>15} {'ratio':>7}")
    key = notes.load_or_make(folder / "seal.key", "mlgov/bench")
    sealer = Sealer(key, folder / "heads.log")
    sealer.begin()
    seconds, _ = timed(lambda: seal_all(sealer))
    say("seal all", seconds, seconds, events)
    base, report = timed(lambda: verify(key=key.verifier, heads_file=folder / "heads.log"))
    assert report.ok, report.findings[:3]
    say("verify, hashed in PostgreSQL, one connection", base, base, events)
    seconds, report = timed(lambda: verify(key=key.verifier, heads_file=folder / "heads.log", workers=2))
    assert report.ok
    say("verify, hashed in PostgreSQL, two connections", seconds, base, events)
    seconds, good = timed(streamed)
    assert good == events
    say("leaves streamed by COPY, hashed in Python (part only)", seconds, base, events)
    seal = proofs.newest_seal()
    assert seal is not None
    some = list(Event.objects.order_by("?")[:PROOFS])
    spent = [timed(lambda one=one: proofs.inclusion_proof(one, seal.size)) for one in some]
    for one, (_, (index, path)) in zip(some, spent, strict=True):
        tree.check_inclusion(bytes.fromhex(one.leaf_hash), index, seal.size, path, bytes(seal.root))
    print(f"inclusion proof: p50 {statistics.median(s for s, _ in spent) * 1000:.1f} ms of {PROOFS}")


def main() -> int:
    """Start the database, measure, and throw it away."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    events = parser.parse_args().events
    with own_database() as (folder, admin):
        measure(events, folder, admin)
    return 0


if __name__ == "__main__":
    sys.exit(main())
