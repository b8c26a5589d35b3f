"""Measure every page of the portal with as much in the database as a large organisation has.

``make bench-pages``, or ``python -m bench.pages --small`` for a hundredth of it. Prints for each page the median and the 95th
percentile of the server's time, the queries, and the ratio to a page that reads nothing of all that. Requests go through
every middleware, one after another in one process; the network is left out.
"""

import argparse
import statistics
import sys
import time
from typing import Any

from bench.database import own_database

TARGET_MS = 100.0
BASE = "styleguide"
SMALL = {"projects": 20, "versions": 200, "runs": 2000, "metrics": 20_000, "events": 20_000}


def addresses(user: Any) -> dict[str, str]:
    """Return the pages by name: those of the site, and those of one project, model, version, experiment and run."""
    from django.urls import reverse

    from apps.experiments.models import Run
    from apps.portal.seeding import PREFIX
    from apps.registry.models import Version

    slug = f"{PREFIX}0007"
    version = Version.objects.filter(model__project__slug=slug).select_related("model__project").latest("id")
    run = Run.objects.filter(experiment__project__slug=slug).latest("id")
    runs = Run.objects.filter(experiment=run.experiment_id).order_by("-id")[:20]
    compared = "&".join(f"run={one.pk}" for one in runs)
    plain = [
        *("portal:home", "portal:projects", "policies:policies", "policies:guides", "notifications:all"),
        *("rubrics:comparison", "costs:rates"),
    ]
    of_project = [
        *("portal:project", "projects:brief", "projects:brief_revisions", "projects:kill_criteria"),
        *("projects:approach", "projects:tier", "projects:platform", "projects:members"),
        *("data:sources", "data:features", "data:leakage", "experiments:datasets", "experiments:feature_use"),
        *("experiments:of_project", "experiments:runs", "findings:project"),
        *("costs:project", "costs:savings", "costs:gpus"),
        *("portal:audit_project", "gates:exceptions", "gates:times"),
    ]
    of_version = ["portal:version", "rubrics:rubric", "modelcards:card"]
    return {
        BASE: reverse("portal:styleguide"),
        **{name: reverse(name) for name in plain},
        "commands:search": reverse("commands:search") + "?q=scale",
        "portal:audit_site": reverse("portal:audit_site"),
        **{name: reverse(name, args=[slug]) for name in of_project},
        "experiments:compare (20)": reverse("experiments:compare", args=[slug]) + f"?{compared}",
        "data:source": reverse("data:source", args=[version.model.project.data_sources.get().pk]),
        "registry:model": reverse("registry:model", args=[version.model_id]),
        **{name: reverse(name, args=[version.pk]) for name in of_version},
        "checklists:checklist": reverse("checklists:checklist", args=[version.pk, "bias"]),
        "experiments:experiment": reverse("experiments:experiment", args=[run.experiment_id]),
        "experiments:run": reverse("experiments:run", args=[run.pk]),
    }


def measure(name: str, address: str, people: dict[str, Any], rounds: int) -> tuple[float, float, int]:
    """Return median and 95th percentile in milliseconds, and the queries of one request."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = people["auditor" if name == "portal:audit_site" else "owner"]
    for _ in range(2):
        answer = client.get(address)
        assert answer.status_code == 200, f"{name} answers {answer.status_code}"
    with CaptureQueriesContext(connection) as captured:
        client.get(address)
    queries = len(captured)
    spent = []
    for _ in range(rounds):
        began = time.perf_counter()
        client.get(address)
        spent.append(1000 * (time.perf_counter() - began))
    return statistics.median(spent), statistics.quantiles(spent, n=20)[-1], queries


def main() -> int:
    """Seed, measure, print; returns 1 when a page's median is over the target."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--rounds", type=int, default=30)
    given = parser.parse_args()
    with own_database() as (_, admin):
        from django.core.management import call_command
        from django.test import Client

        from apps.accounts.models import User
        from apps.portal.seeding import AUDITOR, OWNER

        began = time.perf_counter()
        call_command("seed_scale", **(SMALL if given.small else {}))
        admin.execute("VACUUM ANALYZE")
        print(f"seeded in {time.perf_counter() - began:.0f} s")
        people = {"owner": Client(SERVER_NAME="localhost"), "auditor": Client(SERVER_NAME="localhost")}
        for role, email in (("owner", OWNER), ("auditor", AUDITOR)):
            people[role].force_login(
                User.objects.get(email=email), backend="allauth.account.auth_backends.AuthenticationBackend"
            )
        slow = report(addresses(OWNER), people, given.rounds)
    if slow:
        print(f"over {TARGET_MS:.0f} ms at the median: {', '.join(slow)}")
    return 1 if slow else 0


def report(pages: dict[str, str], people: dict[str, Any], rounds: int) -> list[str]:
    """Print a row for each page; returns those over the target."""
    print(f"{'page':<30} {'p50 ms':>9} {'p95 ms':>9} {'queries':>8} {'ratio':>7}")
    slow, base = [], 0.0
    for name, address in pages.items():
        middle, high, queries = measure(name, address, people, rounds)
        base = base or middle
        print(f"{name:<30} {middle:>9.1f} {high:>9.1f} {queries:>8} {middle / base:>7.2f}")
        if middle > TARGET_MS:
            slow.append(name)
    return slow


if __name__ == "__main__":
    sys.exit(main())
