"""The tiny policy with conditional approvals: at most some traffic (alarm), little drift (suspends), re-evaluated."""

from datetime import timedelta

from django.utils import timezone

from apps.gates import services
from apps.gates.terms import Chosen, Owed, Terms
from apps.monitoring.services import report_metrics
from tests.gates import tiny

POLICY = (
    tiny.POLICY
    + """
conditions:
  until: suspend
  templates:
    - key: traffic
      title: Serves at most so much of the traffic
      expression: monitoring.traffic_percent <= limit
      parameter: {title: Percent of the traffic, unit: "%", default: 10, minimum: 0, maximum: 50}
    - key: drift
      title: Drift stays below a bound
      expression: monitoring.drift < limit
      on_breach: suspend
      parameter: {title: Stability index, unit: PSI, default: 0.2}
    - key: reevaluated
      title: Evaluated anew every so many days
      expression: days_since_evaluation <= limit
      parameter: {title: Days, unit: days, default: 90}
obligations: {overdue_blocks: true}
"""
)
#: Two reviewers and a risk officer sign, so that a request stays open after one signature; approvals end.
SIGNED_BY_THREE = POLICY.replace(
    "approvals: [{role: reviewer, count: 1}]",
    "valid_for_days: 90\n    approvals: [{role: reviewer, count: 2}, {role: risk, count: 1}]",
)
TEXT = "Write the runbook for the night shift."


def world(cast):
    """Make the project and a version that passes, with its request open."""
    model = tiny.tiny_model(tiny.tiny_project(cast, policy=POLICY), cast["dev"])
    return tiny.tiny_version(model, cast["dev"])


def ask(version, dev):
    return services.request_promotion(version, to_stage="production", by=dev)


def owed(owner, *, days=14.0, text=TEXT):
    return Owed(text, owner.pk, timezone.now() + timedelta(days=days))


def all_terms(owner):
    """Everything that a signer may set."""
    return Terms(
        (Chosen("traffic"), Chosen("drift", 0.25), Chosen("reevaluated")),
        timezone.now() + timedelta(days=30),
        (owed(owner),),
    )


def promoted(version, cast, terms):
    """Ask and sign with terms; returns the version in production."""
    tiny.sign(ask(version, cast["dev"]), by=cast["ben"], terms=terms)
    version.refresh_from_db()
    assert version.stage == "production"
    return version


def report(version, by, *, minutes=1.0, **figures):
    """Report a window; it ends a little ahead, as clocks of pipelines may, so that it is after the promotion."""
    ended = timezone.now() + timedelta(minutes=minutes)
    fields = {"channel": "production", "requests": 5000, "errors": 5} | figures
    return report_metrics(version, started_at=ended - timedelta(minutes=1), ended_at=ended, by=by, **fields)
