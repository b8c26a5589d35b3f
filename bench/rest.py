"""Measure MLflow's protocol here and at ``mlflow server``, side by side: requests a second, p50, p95, errors and memory.

``make bench-rest``. Both run on this machine with two workers, each with a database of its own in one embedded PostgreSQL that
is thrown away. Both are asked the same, by turns: mlgov, MLflow, MLflow, mlgov. Ratios are of this one
run. In the end each must have the rows that it said it had written. Returns 1 where one of these falls short.
"""

import argparse
import multiprocessing
import statistics
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from bench.database import own_database
from bench.rest_calls import CALLS, MOST_CLIENTS, Call, World, prepare
from bench.rest_load import PROCESSES, Found, Load
from bench.rest_servers import WORKERS, Server, mlflow, mlgov
from tests.clients import python_of

CLIENTS = (1, 8, MOST_CLIENTS)
#: At so many clients the targets of speed are judged.
JUDGED = 8


@dataclass
class Peer:
    """A server under load: what it has, the rows it should have, and its largest memory by the number of clients."""

    server: Server
    has: World
    rows: Counter[str]
    memory: dict[int, float] = field(default_factory=dict)


def make_tokens() -> tuple[str, ...]:
    """Make a project with a service account for each client; return their tokens."""
    from apps.accounts import services as accounts
    from apps.accounts.enums import Scope
    from apps.policies.services import load_standard
    from apps.projects import services as projects
    from apps.projects.enums import Role

    load_standard()
    owner = accounts.create_person("owner@example.org", full_name="Owner", by=None)
    project = projects.create_project(slug="bench", name="Bench", by=owner)
    secrets = []
    for number in range(MOST_CLIENTS):
        account = accounts.create_service_account(f"client-{number}", owner=owner, by=owner)
        projects.add_member(project, user=account, role=Role.CONTRIBUTOR, by=owner)
        _, secret = accounts.issue_token(account, name="bench", scopes=Scope.values, by=owner)
        secrets.append(secret)
    return tuple(secrets)


@contextmanager
def load_of_clients() -> Iterator[Load]:
    """Begin the clients' processes."""
    with ProcessPoolExecutor(PROCESSES, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield Load(pool)


def measure(load: Load, peers: tuple[Peer, Peer], call: Call, clients: int, options: Any) -> list[Found]:
    """Ask both by turns; return what was found of each."""
    found = [Found(), Found()]
    for turn in range(2 * options.rounds):
        place = (0, 1, 1, 0)[turn % 4]
        peer = peers[place]
        one = load.measure(
            peer.server.target,
            call.make,
            peer.has,
            clients=clients,
            warm=options.warm,
            seconds=options.seconds,
        )
        for kind, added in call.adds.items():
            peer.rows[kind] += added * one.done
        peer.memory[clients] = max(peer.memory.get(clients, 0), peer.server.megabytes())
        found[place].add(one)
    return found


@dataclass(frozen=True)
class Figures:
    """Requests a second, milliseconds, and errors."""

    rate: float
    p50: float
    p95: float
    errors: list[str]


def figures_of(found: Found, seconds: float) -> Figures:
    """Return the figures; of what nothing was answered in time, the rate is zero."""
    spent = sorted(1000 * one for one in found.spent) or [float("nan")]
    p95 = spent[min(len(spent) - 1, int(len(spent) * 0.95))]
    return Figures(found.in_time / seconds, statistics.median(spent), p95, found.errors)


def say(call: Call, clients: int, ours: Figures, theirs: Figures) -> list[str]:
    """Print a row; return in words what falls short of what is wanted."""
    ratio = ours.rate / theirs.rate if theirs.rate else float("inf")
    print(
        f"{call.name:<30} {clients:>3} {ours.rate:9.1f} {theirs.rate:9.1f} {ratio:7.1f} "
        f"{ours.p50:9.1f} {theirs.p50:9.1f} {ours.p95:9.1f} {theirs.p95:9.1f} {len(ours.errors):>6} {len(theirs.errors):>6}",
        flush=True,
    )
    short = []
    if clients == JUDGED and ratio < call.wanted:
        short.append(f"{call.name}: {ratio:.1f} times MLflow's requests a second, wanted {call.wanted}")
    if not ours.p95 < theirs.p95:
        short.append(
            f"{call.name} at {clients}: p95 {ours.p95:.1f} ms is not below MLflow's {theirs.p95:.1f} ms"
        )
    if ours.errors:
        short.append(f"{call.name} at {clients}: {len(ours.errors)} errors, the first {ours.errors[0]}")
    if theirs.errors:
        print(f"    MLflow's first error: {theirs.errors[0][:200]}")
    return short


def agree(peers: tuple[Peer, Peer]) -> list[str]:
    """Print the rows of each server beside what it said it had written; return in words where they differ."""
    short = []
    print(f"\n{'rows':<12} {'':<8} {'answered':>10} {'found':>10}")
    for peer in peers:
        name = peer.server.target.name
        for kind, found in peer.server.rows().items():
            print(f"{kind:<12} {name:<8} {peer.rows[kind]:>10} {found:>10}")
            if found != peer.rows[kind]:
                short.append(f"{name} has {found} {kind} and answered to {peer.rows[kind]}")
    return short


def remember(peers: tuple[Peer, Peer]) -> list[str]:
    """Print the memory of each server; return in words where ours is not less."""
    ours, theirs = peers
    print(f"\n{'memory, MB':<12} {'mlgov':>9} {'mlflow':>9} {'ratio':>7}")
    short = []
    for clients in CLIENTS:
        if clients in ours.memory:
            mine, other = ours.memory[clients], theirs.memory[clients]
            print(f"{clients:>3} clients  {mine:>9.0f} {other:>9.0f} {mine / other:>7.2f}")
            if mine >= other:
                short.append(f"memory at {clients} clients: {mine:.0f} MB is not below {other:.0f} MB")
    return short


def run(load: Load, servers: tuple[Server, Server], options: Any) -> list[str]:
    """Fill both servers, measure, and return in words what falls short."""
    ours, theirs = servers
    made = []
    for server in (ours, theirs):
        print(f"filling {server.target.name} with {options.runs:,} runs ...", flush=True)
        has, rows = prepare(load, server, options.runs)
        server.analyze()
        made.append(Peer(server, has, rows))
    peers = (made[0], made[1])
    calls = [one for one in CALLS if options.only in one.name]
    heads = ("mlgov", "mlflow", "ratio", "p50 ms", "mlflow", "p95 ms", "mlflow", "errors", "mlflow")
    widths = (9, 9, 7, 9, 9, 9, 9, 6, 6)
    titles = " ".join(f"{head:>{width}}" for head, width in zip(heads, widths, strict=True))
    print(f"{'requests a second':<30} {'':>3} {titles}")
    short = []
    for call in calls:
        for clients in options.clients:
            found = measure(load, peers, call, clients, options)
            mine, other = (figures_of(one, options.rounds * options.seconds) for one in found)
            short += say(call, clients, mine, other)
    return short + agree(peers) + remember(peers)


def parsed() -> Any:
    """Return what was given."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=10_000, help="runs that are searched")
    parser.add_argument("--clients", type=int, nargs="+", default=CLIENTS, choices=CLIENTS)
    parser.add_argument("--warm", type=float, default=1, help="seconds that do not count")
    parser.add_argument("--seconds", type=float, default=4, help="seconds of a round")
    parser.add_argument("--rounds", type=int, default=2, help="rounds at each server")
    parser.add_argument("--only", default="", help="calls whose name holds this")
    return parser.parse_args()


def main() -> int:
    """Start both servers, measure, and throw everything away."""
    options = parsed()
    print("making MLflow's environment where it is missing (some minutes, once) ...", flush=True)
    peer = python_of("mlflow-server")
    version = subprocess.run([peer, "-m", "mlflow", "--version"], capture_output=True, text=True, check=True)
    print(f"{version.stdout.strip()}, {WORKERS} workers each")
    with own_database() as (folder, _):
        tokens = make_tokens()
        with mlgov(folder, tokens) as ours, mlflow(folder) as theirs, load_of_clients() as load:
            short = run(load, (ours, theirs), options)
    for line in short:
        print(f"falls short: {line}")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
