"""The clients of bench/load.py: they live, each in a thread of one of several processes, until the time is over.

A life is what a script or a person does from beginning to end; then the next begins. Each client keeps a diary: how long each
call took, what went wrong, and what was answered as done. What is in the database in the end must be that.
"""

import threading
import time
from abc import ABC, abstractmethod
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from bench.rest_load import PROCESSES, ROUND, Target, shares

#: Seconds after an error before the next life begins, so that a server that is gone is not asked a thousand times.
AFTER_ERROR = 0.5
#: Calls whose answer waits because it was asked to: they say nothing of the server's speed.
WAITS = "(waits)"


class Wrong(Exception):
    """An answer does not say what was written."""


class Over(Exception):
    """The time is over."""


@dataclass(frozen=True)
class Place:
    """Where the clients are at work, and until when by the clock that all processes share."""

    target: Target
    project: str
    slug: str
    #: E-mail addresses and passwords of those who use the portal, by turns.
    people: tuple[tuple[str, str], ...]
    begins: float
    ends: float


@dataclass(frozen=True)
class Followed:
    """What a reader of the sealed log got: so many records after one place of the log, up to another."""

    first: int
    last: int
    records: int


@dataclass
class Diary:
    """What a client found: seconds by (kind, call, minute), errors by the minute, and what was answered as done."""

    spent: defaultdict[tuple[str, str, int], list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: list[tuple[int, str]] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    #: SHA-256 of each file, by what it is of.
    files: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    followed: list[Followed] = field(default_factory=list)

    def add(self, other: "Diary") -> None:
        """Take in what another client found."""
        for key, spent in other.spent.items():
            self.spent[key] += spent
        self.errors += other.errors
        self.done.update(other.done)
        for what, digests in other.files.items():
            self.files[what].update(digests)
        self.followed += other.followed


class Client(ABC):
    """A client with its diary. A kind of clients says in ``live`` what one life is."""

    kind = ""

    def __init__(self, place: Place, number: int, stop: Any) -> None:
        self.place = place
        self.number = number
        self.diary = Diary()
        self.done = self.diary.done
        self._stop = stop
        self._serial = number * ROUND
        self._call = ""

    @abstractmethod
    def live(self) -> None:
        """Live once; raises Over when there is no time for more."""

    @abstractmethod
    def close(self) -> None:
        """End the connections."""

    def serial(self) -> int:
        """Return a number that no other client has, and this one once."""
        self._serial += 1
        return self._serial

    def pause(self, seconds: float) -> None:
        """Do something else meanwhile, as those do who train or read."""
        self._stop.wait(seconds)

    def minute(self) -> int:
        """Return the minute of now, from 0."""
        return int((time.monotonic() - self.place.begins) / 60)

    @contextmanager
    def timed(self, call: str) -> Iterator[None]:
        """Keep the time of a call, under the minute in which it began; raises Over instead of beginning too late."""
        began, minute = time.monotonic(), self.minute()
        if began >= self.place.ends or self._stop.is_set():
            raise Over
        self._call = call
        yield
        self.diary.spent[self.kind, call, minute].append(time.monotonic() - began)

    def demand(self, holds: object, what: str) -> None:
        """Raise Wrong with what was to be answered, unless it holds."""
        if not holds:
            raise Wrong(what)

    def run(self) -> Diary:
        """Live again and again until the time is over."""
        time.sleep(max(0.0, self.place.begins - time.monotonic()))
        while True:
            try:
                self.live()
            except Over:
                break
            except Exception as error:
                # Whatever it is, it is what this benchmark looks for; a client goes on, as others would.
                said = f"{self.kind}, {self._call}: {type(error).__name__}: {error}"
                self.diary.errors.append((self.minute(), said))
                self.pause(AFTER_ERROR)
        self.close()
        return self.diary


_stop: Any = None


def _begin(stop: Any) -> None:
    """Keep in a process what tells its clients to stop; Ctrl-C is for the parent, which tells them."""
    import signal

    global _stop  # noqa: PLW0603 - a process of the pool is given it once
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _stop = stop


def live_all(place: Place, kinds: tuple[type[Client], ...], numbers: range) -> Diary:
    """Let these clients live in threads of this process; return what they found together."""
    clients = [kinds[number % len(kinds)](place, number, _stop) for number in numbers]
    threads = [threading.Thread(target=client.run) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    whole = Diary()
    for client in clients:
        whole.add(client.diary)
    return whole


class Crowd:
    """The processes of the clients."""

    def __init__(self, context: Any) -> None:
        self._stop = context.Event()
        self._pool = ProcessPoolExecutor(
            PROCESSES, mp_context=context, initializer=_begin, initargs=(self._stop,)
        )
        # Each takes one, so that all of them have begun before anything is measured.
        for waiting in [self._pool.submit(time.sleep, 1) for _ in range(PROCESSES)]:
            waiting.result()

    def send(self, place: Place, kinds: tuple[type[Client], ...], clients: int) -> list["Future[Diary]"]:
        """Let so many clients live."""
        return [self._pool.submit(live_all, place, kinds, numbers) for numbers in shares(clients, PROCESSES)]

    def end(self) -> None:
        """Let each client end after its present call, and its process."""
        self._stop.set()
        self._pool.shutdown(cancel_futures=True)
