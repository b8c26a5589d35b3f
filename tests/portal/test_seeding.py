"""The command that fills a database to measure pages makes what it says, once, and where nothing else is."""

import pytest
from django.core.management import CommandError, call_command

from apps.audit.models import Event
from apps.costs.models import CostEntry
from apps.experiments.models import Metric, Run, RunMetric
from apps.registry.models import Version

pytestmark = pytest.mark.django_db
SMALL = {"projects": 2, "versions": 10, "runs": 6, "metrics": 30, "events": 200}


def test_it_makes_as_much_as_it_was_asked_for_and_refuses_to_do_so_again():
    call_command("seed_scale", **SMALL)
    assert (Version.objects.count(), Run.objects.count(), Metric.objects.count()) == (10, 6, 30)
    assert SMALL["events"] - SMALL["projects"] <= Event.objects.count() <= SMALL["events"]
    assert RunMetric.objects.count() == 6 * 5
    assert CostEntry.objects.count() == 6
    with pytest.raises(CommandError, match="was filled before"):
        call_command("seed_scale", **SMALL)


def test_it_touches_no_database_that_is_used(project):
    with pytest.raises(CommandError, match="has projects of its own"):
        call_command("seed_scale", **SMALL)
    with pytest.raises(CommandError, match="at least one project"):
        call_command("seed_scale", **{**SMALL, "runs": 1})
