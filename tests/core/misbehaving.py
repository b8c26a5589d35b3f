"""What a child process may do wrong; run by the sandbox's tests."""

import contextlib
import os
import time

REMEMBERED = []


def spin(payload):
    """Use the processor for ever."""
    while True:
        pass


def sleep(payload):
    """Do nothing, for longer than anybody waits."""
    time.sleep(600)
    return {}


def claim(payload):
    """Ask for more memory than there may be."""
    return {"bytes": len(bytearray(payload["bytes"]))}


def surroundings(payload):
    """Say what is known of the parent's environment, printing on the way."""
    print("a library that prints")
    return {"names": sorted(os.environ)}


def crash(payload):
    """Fail as a library does that met something odd."""
    raise RuntimeError("the library gave up")


def nap(payload):
    """Take a while and say who asked."""
    time.sleep(payload["seconds"])
    return {"number": payload["number"], "parent": os.getppid()}


def remember(payload):
    """Keep a word in the module; return what was kept before."""
    before = list(REMEMBERED)
    REMEMBERED.append(payload["word"])
    return {"remembered": before}


def descriptors(payload):
    """Return what is open, by number."""
    found = {}
    for number in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):
            found[number] = os.readlink(f"/proc/self/fd/{number}")
    return {"open": found}
