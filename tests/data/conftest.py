"""Tables of which every answer is known, and what workers make of them."""

import pytest
from django.test import Client

from apps.data import services
from apps.data.models import DIMENSIONS
from apps.jobs import running


def scores(level=4, **other):
    return dict.fromkeys(DIMENSIONS, level) | other


SAMPLE = b"id,income,branch,opened,bought\n" + b"".join(
    b"%d,%s,%s,2026-01-%02d,%s\n"
    % (
        n,
        b"" if n % 10 == 0 else b"%d" % (n**3),
        [b"north", b"North ", b"south"][n % 3],
        n % 28 + 1,
        b"ny"[n % 5 == 0 :][:1],
    )
    for n in range(200)
)


def rows_of(first, last, *, leaky=False):
    """Return a table of entities first to last, one a day, with a feature that knows the answer or does not."""
    lines = ["id,at,y,x,told"]
    for n in range(first, last):
        y = (n * 7919) % 2 if leaky else (n // 3) % 2
        lines.append(f"{n},{1_700_000_000 + n},{y},{(n * 31) % 97},{y if leaky else (n * 17) % 89}")
    return "\n".join(lines).encode()


def run(job):
    running.run(job.pk, worker="test")
    job.refresh_from_db()
    return job


@pytest.fixture
def source(project, dev):
    return services.assess(project, name="applications", scores=scores(), by=dev)


@pytest.fixture
def pipeline(ci):
    return Client(headers={"Authorization": f"Bearer {ci.secret}"})
