"""Run one function in a child process with limits on memory, processor time and wall time.

Uploads can ask for a thousand times their size, and a page of HTML can burn minutes in layout: such work runs
here, where it can be killed without taking a worker along. The child gets JSON and answers JSON.
"""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any, Protocol

from apps.core.errors import MlgovError

#: What the child may see of our environment: no secrets, no database.
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "PYTHONPATH", "XDG_CACHE_HOME", "FONTCONFIG_PATH", "TMPDIR")
INSIDE = (sys.executable, "-m", "apps.core.sandboxed")
#: How often the caller looks whether it shall go on, in seconds.
LOOK = 0.5
#: How long a server may take to load its libraries, or to fork.
LOADING_SECONDS = 30.0


class SandboxFailed(MlgovError):
    """The child broke a limit or crashed. ``code`` is memory, cpu, wall, cancelled or crash."""

    status = 422


class Child(Protocol):
    """A running child: ``end`` is readable when it has ended, and then ``status`` is -signal or its exit code."""

    pidfd: int
    end: int

    def status(self) -> int: ...


class _Started:
    """A child of our own, from a fresh interpreter."""

    def __init__(self, asked: dict[str, Any], streams: list[int], environment: dict[str, str]) -> None:
        given, taken, errors = streams
        self._process = subprocess.Popen(
            [*INSIDE, asked["target"], json.dumps(asked["limits"])],
            stdin=given,
            stdout=taken,
            stderr=errors,
            env=environment,
        )
        self.pidfd = self.end = os.pidfd_open(self._process.pid)

    def status(self) -> int:
        return self._process.wait()


class _Forked:
    """A child of a server that has the libraries loaded."""

    def __init__(self, asked: dict[str, Any], streams: list[int], control: socket.socket) -> None:
        self._told, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._told.settimeout(LOADING_SECONDS)
        try:
            with theirs:
                socket.send_fds(control, [json.dumps(asked).encode()], [*streams, theirs.fileno()])
            _, descriptors, _, _ = socket.recv_fds(self._told, 64, 1)
            if not descriptors:
                raise ConnectionResetError("The server ended before it forked.")
        except BaseException:
            self._told.close()
            raise
        self.pidfd, self.end = descriptors[0], self._told.fileno()

    def status(self) -> int:
        with self._told:
            if word := self._told.recv(64):
                return int(word)
        # The server was killed: nobody would end its child, and it broke no limit.
        _kill(self.pidfd)
        return -signal.SIGTERM


class _Server:
    """A process that has loaded a module and forks; see ``sandboxed.serve``."""

    def __init__(self, module: str, environment: dict[str, str]) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self.process = subprocess.Popen(
                [*INSIDE, "--serve", module, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env=environment,
            )

    def fork(self, asked: dict[str, Any], streams: list[int]) -> _Forked:
        return _Forked(asked, streams, self._control)

    def close(self) -> None:
        self._control.close()
        self.process.kill()
        self.process.wait()


_servers: dict[tuple[str, ...], _Server] = {}
_lock = threading.Lock()
# Two processes that ask on one socket would take each other's answers.
os.register_at_fork(after_in_child=_servers.clear)


def call(
    target: str,
    payload: dict[str, Any],
    surroundings: dict[str, str] | None = None,
    /,
    *,
    memory_mb: int,
    cpu_seconds: int,
    wall_seconds: int,
    watch: Callable[[], None] | None = None,
    warm: bool = False,
) -> dict[str, Any]:
    """Run ``"package.module:function"`` with ``payload`` in a limited child and return its answer.

    ``watch`` is called twice a second while the child runs (to report progress, to see a cancellation); when it
    raises, the child is killed and the error goes on. ``surroundings`` are variables that the child gets besides what
    is passed on; they are there before its libraries are loaded. ``warm`` forks the child from a process that keeps
    the module loaded for some minutes: for modules that take long to load and start no thread.
    """
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ} | (surroundings or {})
    environment |= {
        "POLARS_MAX_THREADS": "2",
        "OPENBLAS_NUM_THREADS": "1",
        # Arrow's second allocator, which nobody uses, would start a thread on import; what has threads is not forked.
        "JE_ARROW_MALLOC_CONF": "background_thread:false",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    asked = {"target": target, "limits": {"memory_mb": memory_mb, "cpu_seconds": cpu_seconds}}
    with contextlib.ExitStack() as stack:
        # Files in memory rather than pipes: nobody must read while the other writes.
        streams = [
            stack.enter_context(os.fdopen(os.memfd_create(name), "r+b")) for name in ("in", "out", "err")
        ]
        given, taken, errors = streams
        given.write(json.dumps(payload).encode())
        given.seek(0)
        numbers = [one.fileno() for one in streams]
        child: Child = _forked(asked, numbers, environment) if warm else _Started(asked, numbers, environment)
        stack.callback(os.close, child.pidfd)
        status = _wait(child, wall_seconds, watch)
        taken.seek(0)
        errors.seek(0)
        return _answer(status, taken.read(), errors.read(), memory_mb=memory_mb, cpu_seconds=cpu_seconds)


def _forked(asked: dict[str, Any], streams: list[int], environment: dict[str, str]) -> Child:
    module = asked["target"].partition(":")[0]
    key = (module, *(f"{name}={value}" for name, value in sorted(environment.items())))
    with _lock:
        for _ in range(2):
            server = _servers.get(key) or _servers.setdefault(key, _Server(module, environment))
            try:
                return server.fork(asked, streams)
            except (ConnectionError, TimeoutError):
                # It ended because nobody had asked for long, or was killed, or hangs: the next one has just begun.
                _servers.pop(key).close()
    # What cannot be loaded, or starts threads, says why in a process of its own.
    return _Started(asked, streams, environment)


def _wait(child: Child, wall_seconds: int, watch: Callable[[], None] | None) -> int:
    """Return the exit status; kills the child when it takes too long or when ``watch`` raises."""
    waited = 0.0
    poll = select.poll()
    poll.register(child.end, select.POLLIN)
    try:
        while not poll.poll(LOOK * 1000):
            waited += LOOK
            if watch is not None:
                watch()
            if waited > wall_seconds:
                raise SandboxFailed(
                    f"It took longer than the limit of {wall_seconds} seconds and was stopped.", code="wall"
                )
    except BaseException:
        _kill(child.pidfd)
        child.status()
        raise
    return child.status()


def _kill(pidfd: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)


def _answer(status: int, out: bytes, err: bytes, *, memory_mb: int, cpu_seconds: int) -> dict[str, Any]:
    if status == 0:
        return dict(json.loads(out))
    tail = err.decode(errors="replace").strip().splitlines()[-1:] or [""]
    if status == -9 or status == -24:
        raise SandboxFailed(
            f"It used more than {cpu_seconds} seconds of processor time and was stopped.", code="cpu"
        )
    # An abort without a word, or with one of an allocation, is the limit; other aborts are damage that a library met.
    if any(word in tail[0].lower() for word in ("memory", "alloc")) or (status == -6 and not tail[0]):
        raise SandboxFailed(
            f"It needs more than the limit of {memory_mb} MB of memory and was stopped.", code="memory"
        )
    raise SandboxFailed(
        f"It stopped unexpectedly ({tail[0].strip()[:200] or f'status {status}'}).", code="crash"
    )
