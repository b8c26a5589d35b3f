"""Run a command in a child process: Arrow aborts the whole process on some damaged files, and no ``except`` hears it."""

import os
import sys
import traceback
from collections.abc import Callable


def guarded(main: Callable[[], int]) -> int:
    """Return the exit status of ``main``, run in a fork of this process; 2 with a sentence where that dies of a signal."""
    reading, writing = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.dup2(writing, 2)
        os._exit(_status_of(main))
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        errors = pipe.read().decode(errors="replace")
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status >= 0:
        sys.stderr.write(errors)
        return status
    last = (errors.strip().splitlines() or [f"status {status}"])[-1]
    # The words are those of the portal, which reads uploads in a child of its own.
    sys.stderr.write(f"The file could not be read: It stopped unexpectedly ({last.strip()[:200]}).\n")
    return 2


def _status_of(main: Callable[[], int]) -> int:
    try:
        status = main()
    except SystemExit as asked:
        status = asked.code if isinstance(asked.code, int) else 1
    except BaseException:
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return status
