"""Nothing waits for ever, and what the database took back is tried again (guarantee 16)."""

import threading

import psycopg
import pytest
from django.db import OperationalError, connection

from apps.accounts.models import User
from apps.core.db import ATTEMPTS, service
from mlgov.embedded import ROLE_TIMEOUTS
from tests.plugin import CLUSTER


@pytest.mark.promise("16")
@pytest.mark.parametrize("role", ["mlgov_app", "mlgov_worker", "mlgov_sealer", "mlgov_reader"])
def test_each_role_has_an_end_to_waiting(db, role):
    with psycopg.connect(**CLUSTER.parameters(role, connection.settings_dict["NAME"])) as own:
        found = [
            own.execute(f"SHOW {name}").fetchone()[0]
            for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
        ]
    assert "0" not in found
    seconds = {"15s": "15s", "120s": "2min", "60s": "1min", "30s": "30s", "3s": "3s"}
    assert found == [seconds[one] for one in ROLE_TIMEOUTS[role]]


@pytest.mark.promise("16")
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_deadlock_is_tried_again_and_nobody_notices(ada, ben):
    pair = [ada.pk, ben.pk]
    together, calls, ended = threading.Barrier(2, timeout=30), [0, 0], []

    @service
    def lock(place):
        calls[place] += 1
        for number, pk in enumerate(pair if place == 0 else pair[::-1]):
            User.objects.select_for_update().get(pk=pk)
            if number == 0 and calls[place] == 1:
                together.wait()
        ended.append(place)

    def run(place):
        try:
            lock(place)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ended) == [0, 1]
    assert sorted(calls) == [1, 2]


@pytest.mark.promise("16")
@pytest.mark.django_db(transaction=True)
def test_after_three_tries_the_race_is_lost():
    tries = []

    @service
    def never():
        tries.append(1)
        with connection.cursor() as cursor:
            cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = '40001'; END $$")

    with pytest.raises(OperationalError, match="lost"):
        never()
    assert len(tries) == ATTEMPTS
