"""Let training scripts, pipelines and people use mlgov for ten minutes: no error, no lost row, flat memory.

``make bench-load``, or ``python -m bench.load --minutes 1`` for a look. It starts what ``mlgov.supervisor run`` starts, on a
database that is thrown away. In the end each row that a client was told of must be there, no job may have failed, and the
audit log must verify. Returns 1, with sentences, where something falls short.
"""

import argparse
import multiprocessing
import secrets
import sys
import time
from collections import Counter
from dataclasses import replace
from typing import Any

from bench.database import own_database
from bench.load_clients import Crowd, Diary, Place
from bench.load_counts import agree, jobs, settle, stored, verified
from bench.load_people import Person
from bench.load_pipelines import Pipeline
from bench.load_report import Memory, calls, flat, minutes
from bench.load_server import Ended, Running, supervised
from bench.load_training import Trainer
from bench.rest import make_tokens
from bench.rest_calls import MOST_CLIENTS
from bench.rest_load import Target
from bench.rest_servers import HOST

#: By turns: half of the clients train.
KINDS = (Trainer, Pipeline, Trainer, Person)
PEOPLE = 8
SAMPLE_SECONDS = 10.0
#: Seconds until all clients begin.
LEAD = 1.0
#: Seconds that the last answers may take after the end: a pipeline may still wait for its evaluation.
LATE = 180
#: So many different errors are told.
MOST_TOLD = 20
SLUG = "bench"


def make_people() -> tuple[tuple[str, str], ...]:
    """Make people who look on in the project; return their e-mail addresses and passwords."""
    from apps.accounts import services as accounts
    from apps.accounts.models import User
    from apps.projects import services as projects
    from apps.projects.enums import Role
    from apps.projects.models import Project

    project = Project.objects.get(slug=SLUG)
    owner = User.objects.get(pk=project.created_by_id)
    made = []
    for number in range(PEOPLE):
        email, password = f"person-{number}@example.org", secrets.token_urlsafe(16)
        person = accounts.create_person(email, full_name=f"Person {number}", by=None, password=password)
        projects.add_member(project, user=person, role=Role.VIEWER, by=owner)
        made.append((email, password))
    return tuple(made)


def place_of(port: int, tokens: tuple[str, ...], people: tuple[tuple[str, str], ...]) -> Place:
    """Return where the clients will be at work; the time comes later."""
    from apps.projects.models import Project

    target = Target("mlgov", HOST, port, "/mlflow", tokens)
    project = str(Project.objects.get(slug=SLUG).pk)
    return Place(target, project, SLUG, people, 0, 0)


def watch(crowd: Crowd, place: Place, running: Running, clients: int) -> tuple[Diary, Memory]:
    """Let the clients live, sample the memory meanwhile, and return what was found; raises Ended."""
    memory, whole = Memory(), Diary()
    shares = crowd.send(place, KINDS, clients)
    sample = place.begins
    while time.monotonic() < place.ends and not any(one.done() for one in shares):
        time.sleep(max(0.0, min(sample, place.ends) - time.monotonic()))
        running.demand()
        if time.monotonic() >= sample:
            at = time.monotonic() - place.begins
            memory.add(at, running.memory())
            sample += SAMPLE_SECONDS
            if int(at / 60) > int((at - SAMPLE_SECONDS) / 60) and at >= SAMPLE_SECONDS:
                print(f"... {at / 60:.0f} min", flush=True)
    for one in shares:
        try:
            whole.add(one.result(timeout=max(0.0, place.ends - time.monotonic()) + LATE))
        except TimeoutError:
            raise Ended(f"some clients had not ended {LATE} seconds after the time was over") from None
    return whole, memory


def tell(errors: list[tuple[int, str]]) -> list[str]:
    """Return the errors in words, the same ones once."""
    counted = Counter(text for _, text in errors)
    short = [f"{total} × {text}" for text, total in counted.most_common(MOST_TOLD)]
    if len(counted) > MOST_TOLD:
        short.append(f"{len(counted) - MOST_TOLD} other errors")
    return short


def run(options: Any, running: Running, crowd: Crowd, admin: Any, place: Place) -> list[str]:
    """Let the clients live, compare, and return in words what falls short."""
    begins = time.monotonic() + LEAD
    place = replace(place, begins=begins, ends=begins + 60 * options.minutes)
    print(f"{options.clients} clients for {options.minutes:g} minutes ...", flush=True)
    diary, memory = watch(crowd, place, running, options.clients)
    minutes(diary, memory)
    calls(diary)
    short = tell(diary.errors)
    print(flush=True)
    short += settle(admin)
    short += agree(admin, diary, place.project)
    short += jobs(admin)
    short += verified()
    short += stored(diary)
    grown = flat(memory, 60 * options.minutes)
    short += grown or []
    if not short:
        print(f"no error, no lost row, {'flat memory' if grown == [] else 'and memory is not judged'}")
    return short


def parsed() -> Any:
    """Return what was given."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument(
        "--clients",
        type=int,
        default=16,
        choices=range(len(KINDS), MOST_CLIENTS + 1),
        metavar=f"{len(KINDS)}…{MOST_CLIENTS}",
        help="half of them train, a quarter are pipelines, a quarter people",
    )
    return parser.parse_args()


def main() -> int:
    """Start the server, let the clients live, compare, and throw everything away."""
    options = parsed()
    crowd = Crowd(multiprocessing.get_context("spawn"))
    try:
        with own_database() as (folder, admin):
            tokens, people = make_tokens(), make_people()
            with supervised(folder) as running:
                try:
                    place = place_of(running.port, tokens, people)
                    short = run(options, running, crowd, admin, place)
                    if said := running.complaints():
                        print(f"\nthe end of what the server wrote:\n{running.said()}")
                        short.append(f"the server wrote {len(said)} warnings and errors, the first {said[0]}")
                finally:
                    # The clients end before the server does.
                    crowd.end()
    except KeyboardInterrupt:
        print("Ended by Ctrl-C; nothing is judged, and the database is gone.")
        return 130
    except Ended as error:
        short = [str(error)]
    finally:
        crowd.end()
    for line in short:
        print(f"falls short: {line}")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
