"""A small world for exceptions: a policy of one gate, judged on one check, without evaluations."""

from apps.accounts.proofs import Proof
from apps.gates import services
from apps.policies.services import publish
from apps.projects import services as projects
from apps.projects.enums import Role
from apps.registry import services as registry
from tests.cast import PASSWORD

MEANING = "It is fine"
POLICY = """
slug: tiny
title: Tiny
stages:
  - {key: development, title: Development, initial: true}
  - {key: staging, title: Staging}
  - {key: production, title: Production}
  - {key: archived, title: Archived, terminal: true}
transitions:
  - {from: development, to: production, kind: promote, gate: production}
  - {from: staging, to: production, kind: promote, gate: production}
  - {from: production, to: archived, kind: replace}
  - {from: archived, to: production, kind: rollback}
  - {from: production, to: staging, kind: suspend}
  - {from: staging, to: archived, kind: retire, gate: leave}
gates:
  - key: production
    title: Fit for production
    meanings: [It is fine]
    approvals: [{role: reviewer, count: 1}]
    criteria:
      - {key: tested, title: Tested, expression: checks.test.status == 'passed', remedy: Test it.}
      - {key: loaded, title: Under load, expression: checks.load.status == 'passed', remedy: Load it.}
  - {key: leave, title: Leave, automatic: true, criteria: []}
waivers: {granted_by: risk, longest_days: 30}
break_glass: {roles: [owner, risk], review_within_days: 3}
rollback:
  roles: [owner, risk]
  minimum_requests: 1000
  criteria:
    - key: error_rate
      title: Twice the errors
      expression: monitoring.error_rate > 2.0 * previous.monitoring.error_rate && monitoring.errors >= 10
    - key: latency
      title: Twice the latency
      expression: monitoring.latency_p95_ms > 2.0 * previous.monitoring.latency_p95_ms
    - key: primary_metric
      title: Five percent worse
      expression: >-
        monitoring.primary.name == previous.monitoring.primary.name
        && monitoring.primary.value < 0.95 * previous.monitoring.primary.value
"""


def tiny_project(cast, *, slug="tiny", policy=POLICY):
    """Make a project under the tiny policy: ada owns, dev contributes, ben reviews, rita is risk, vera looks."""
    from django.conf import settings

    publish(policy, by=None)
    before, settings.DEFAULT_POLICY_PACK = settings.DEFAULT_POLICY_PACK, "tiny"
    try:
        made = projects.create_project(slug=slug, name="Tiny", by=cast["ada"])
    finally:
        settings.DEFAULT_POLICY_PACK = before
    roles = {"dev": Role.CONTRIBUTOR, "ben": Role.REVIEWER, "rita": Role.RISK, "vera": Role.VIEWER}
    for name, role in roles.items():
        projects.add_member(made, user=cast[name], role=role, by=cast["ada"])
    return made


def tiny_model(project, dev):
    return registry.create_model(project, slug="m", name="M", by=dev)


def tiny_version(model, dev, *, passing=True):
    """Register a version whose checks pass, or whose load check failed."""
    version = registry.register_version(model, by=dev)
    registry.report_check(version, name="test", status="passed", by=dev)
    registry.report_check(version, name="load", status="passed" if passing else "failed", by=dev)
    return version


def sign(promotion, *, by, **more):
    return services.approve(
        promotion,
        by=by,
        proof=Proof(password=PASSWORD),
        digest=promotion.evidence_digest,
        meaning=MEANING,
        **more,
    )


def to_production(version, *, by, reviewer, **more):
    """Ask and sign; returns the version, in production."""
    promotion = services.request_promotion(version, to_stage="production", by=by)
    assert promotion.state == "open", promotion.verdict
    sign(promotion, by=reviewer, **more)
    version.refresh_from_db()
    assert version.stage == "production"
    return version
