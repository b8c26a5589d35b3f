"""Acts of several people at the same moment, over real connections."""

import threading
import time

from django.db import connection

from apps.core.errors import MlgovError


def at_once(*acts, after=0.0):
    """Run each act in a thread and connection of its own, let go together; return values and refusals in order.

    The later acts wait ``after`` seconds each, so that a quick one does not win every race.
    """
    found = [None] * len(acts)
    barrier = threading.Barrier(len(acts))

    def run(place, act):
        try:
            barrier.wait()
            time.sleep(after * place)
            found[place] = act()
        except MlgovError as error:
            found[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not any(isinstance(one, Exception) and not one.sentence.endswith(".") for one in found)
    return found


def refusals(found):
    return [one.code for one in found if isinstance(one, MlgovError)]
