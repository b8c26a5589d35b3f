"""What a child process may do wrong; run by the sandbox's tests."""

import os
import time


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
