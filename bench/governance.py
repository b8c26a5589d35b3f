"""Measure what the audit trail costs: 16 writers sign, ask the gate and change rows, with the trail and without it.

``make bench-governance``. Each writer is a process with a connection of its own, in an
embedded database that is thrown away. Rounds with and without alternate, and medians are compared. *Without* means that no
event is written and that the constraint triggers which demand one are switched off; with it the sealer runs beside, as it
does in production. Passwords are hashed by MD5 here, since a slow hash would hide what the trail costs.
"""

import argparse
import multiprocessing
import os
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.database import own_database

WRITERS = 16
PASSWORD = "a pass phrase of the benchmark"
HASHER = "django.contrib.auth.hashers.MD5PasswordHasher"
MEANING = "I looked at it and agree"
PACK = """
slug: bench
title: Bench
stages:
  - {{key: development, title: Development, initial: true}}
  - {{key: production, title: Production}}
  - {{key: archived, title: Archived, terminal: true}}
transitions:
  - {{from: development, to: production, kind: promote, gate: strict}}
  - {{from: production, to: archived, kind: replace}}
gates:
  - key: strict
    title: Strict
    meanings: [{meaning}]
    approvals: [{{role: reviewer, count: {reviewers}}}]
    criteria:
      - key: loaded
        title: Under load
        expression: checks.load_test.status == "passed"
        remedy: Run the load test.
"""

#: What a writer's process was given when it began.
_GIVEN: dict[str, Any] = {}


def begin(barrier: Any) -> None:
    """Set up a writer's process."""
    _GIVEN["barrier"] = barrier
    import django

    django.setup()
    from django.conf import settings

    settings.PASSWORD_HASHERS = [HASHER]


@contextmanager
def unrecorded() -> Iterator[None]:
    """Let services run without writing events."""
    from apps.audit import services as audit

    written = audit._write
    audit._write = lambda *_, **__: None  # type: ignore[assignment,return-value]
    try:
        yield
    finally:
        audit._write = written


def sign(request: str, people: list[str]) -> None:
    """Sign a request as each of the people."""
    from apps.accounts.models import User
    from apps.accounts.proofs import Proof
    from apps.gates import services
    from apps.gates.models import Promotion

    promotion = Promotion.objects.get(pk=request)
    for person in User.objects.filter(pk__in=people):
        services.approve(
            promotion,
            by=person,
            proof=Proof(password=PASSWORD),
            digest=promotion.evidence_digest,
            decision="approve",
            meaning=MEANING,
            comment="Read.",
        )


def ask(version: str, times: int) -> None:
    """Ask the gate so many times."""
    from apps.gates.judging import gate_view
    from apps.registry.models import Version

    for _ in range(times):
        gate_view(Version.objects.get(pk=version), "production")


def change(project: str, by: str, times: int) -> None:
    """Change a project so many times: one row and one event each."""
    from apps.accounts.models import User
    from apps.projects import services
    from apps.projects.models import Project

    owner = User.objects.get(pk=by)
    for number in range(times):
        row = Project.objects.get(pk=project)
        services.change_project(row, purpose=f"To lend, {number}.", by=owner, expect=row.lock_version)


def work(act: Callable[..., None], arguments: tuple[Any, ...], *, audited: bool) -> tuple[float, float]:
    """Run one writer's share, begun by all writers together; return when it began and ended."""
    _GIVEN["barrier"].wait()
    began = time.monotonic()
    if audited:
        act(*arguments)
    else:
        with unrecorded():
            act(*arguments)
    return began, time.monotonic()


class World:
    """One project, and for each writer a project, a version and open requests."""

    def __init__(self, signatures: int, rounds: int) -> None:
        from django.test import override_settings

        from apps.accounts import services as accounts
        from apps.gates import services as gates
        from apps.policies.services import publish
        from apps.projects import services as projects
        from apps.projects.enums import Role
        from apps.registry import services as registry

        made = [
            accounts.create_person(
                f"p{number}@example.org", full_name=f"P{number}", by=None, password=PASSWORD
            )
            for number in range(signatures + 2)
        ]
        self.owner, dev, *signers = made
        self.signers = [str(one.pk) for one in signers]
        revision = publish(PACK.format(meaning=MEANING, reviewers=signatures + 1), by=None)
        with override_settings(DEFAULT_POLICY_PACK=revision.pack.slug):
            projects_made = [
                projects.create_project(slug=f"w{number}", name=f"W{number}", by=self.owner)
                for number in range(WRITERS)
            ]
        self.projects = [str(one.pk) for one in projects_made]
        self.versions: list[str] = []
        self.requests: list[list[str]] = []
        for project in projects_made:
            projects.add_member(project, user=dev, role=Role.CONTRIBUTOR, by=self.owner)
            for signer in signers:
                projects.add_member(project, user=signer, role=Role.REVIEWER, by=self.owner)
            model = registry.create_model(project, slug="m", name="M", by=dev)
            asked = []
            for _ in range(2 * rounds):
                version = registry.register_version(model, by=dev)
                registry.report_check(version, name="load_test", status="passed", by=dev)
                asked.append(str(gates.request_promotion(version, to_stage="production", by=dev).pk))
            self.versions.append(str(version.pk))
            self.requests.append(asked)


def set_triggers(admin: Any, *, on: bool) -> None:
    """Switch the triggers that demand an event on or off."""
    rows = admin.execute(
        "SELECT tgrelid::regclass::text, tgname FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid "
        "WHERE NOT tgisinternal AND proname = 'audit_demand_event'"
    ).fetchall()
    assert rows, "no trigger demands an event"
    for table, trigger in rows:
        admin.execute(f'ALTER TABLE {table} {"ENABLE" if on else "DISABLE"} TRIGGER "{trigger}"')


def sealing(folder: Path, stop: threading.Event) -> None:
    """Seal every two seconds, until told to stop."""
    from django.db import connection

    from apps.audit import notes
    from apps.audit.sealing import Sealer, seal_all

    sealer = Sealer(notes.load_or_make(folder / "seal.key", "mlgov/bench"), folder / "heads.log")
    sealer.begin()
    while not stop.wait(2):
        seal_all(sealer)
    # The database lets the next round's sealer begin when this connection is gone.
    connection.close()


def measure(admin: Any, folder: Path, signatures: int, rounds: int) -> None:
    """Run every act in alternating rounds and print the medians."""
    print(f"preparing {WRITERS} projects with {2 * rounds} requests each ...", flush=True)
    world = World(signatures, rounds)
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(WRITERS)
    reads = writes = signatures * 4
    acts: dict[str, tuple[Callable[..., None], Callable[[int, int], tuple[Any, ...]], int]] = {
        "approve": (sign, lambda w, turn: (world.requests[w][turn], world.signers[:signatures]), signatures),
        "gate verdict": (ask, lambda w, turn: (world.versions[w], reads), reads),
        "change a row": (change, lambda w, turn: (world.projects[w], str(world.owner.pk), writes), writes),
    }
    os.environ["MLGOV_ROLE"] = "app"
    with ProcessPoolExecutor(WRITERS, mp_context=context, initializer=begin, initargs=(barrier,)) as pool:
        warm = [pool.submit(work, ask, (world.versions[w], 1), audited=True) for w in range(WRITERS)]
        assert all(one.result() for one in warm)
        print(f"{'':<16} {'with':>10} {'without':>10} {'cost':>7}   {WRITERS} writers, medians of {rounds}")
        for name, (act, arguments, count) in acts.items():
            rates: dict[bool, list[float]] = {True: [], False: []}
            for turn in range(2 * rounds):
                # With, without, without, with: neither is always the later one.
                audited = turn % 4 in (0, 3)
                set_triggers(admin, on=audited)
                stop = threading.Event()
                sealer = threading.Thread(target=sealing, args=(folder, stop))
                if audited:
                    sealer.start()
                futures = [
                    pool.submit(work, act, arguments(w, turn), audited=audited) for w in range(WRITERS)
                ]
                found = [one.result() for one in futures]
                spent = max(end for _, end in found) - min(start for start, _ in found)
                rates[audited].append(WRITERS * count / spent)
                if audited:
                    stop.set()
                    sealer.join()
            kept, bare = (statistics.median(rates[key]) for key in (True, False))
            print(f"{name:<16} {kept:8.1f}/s {bare:8.1f}/s {1 - kept / bare:7.1%}", flush=True)


def main() -> int:
    """Start the database, measure, and throw it away."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--signatures", type=int, default=8, choices=range(1, 9), help="signatures of each writer in a round"
    )
    parser.add_argument("--rounds", type=int, default=4, help="rounds with the trail, and as many without")
    options = parser.parse_args()
    with own_database() as (folder, admin):
        from django.conf import settings

        settings.PASSWORD_HASHERS = [HASHER]
        measure(admin, folder, options.signatures, options.rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
