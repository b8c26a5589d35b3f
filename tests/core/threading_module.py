"""A module that starts a thread when it is loaded, as libraries with pools do."""

import os
import threading

threading.Thread(target=threading.Event().wait, daemon=True).start()


def parent(payload):
    """Return who started this process."""
    return {"parent": os.getppid()}
