"""Light fixtures: a policy whose gates ask for no evidence, so that a request costs milliseconds."""

from django.test import override_settings

from apps.accounts.proofs import Proof
from apps.gates import services
from apps.notifications.models import Notice
from apps.policies.services import publish
from apps.projects import services as projects
from apps.registry import services as registry
from tests.cast import PASSWORD

MEANING = "I looked at it and agree"
PACK = """
slug: tiny
title: Tiny
stages:
  - {{key: development, title: Development, initial: true}}
  - {{key: staging, title: Staging}}
  - {{key: production, title: Production}}
  - {{key: archived, title: Archived, terminal: true}}
transitions:
  - {{from: development, to: staging, kind: promote, gate: easy}}
  - {{from: development, to: production, kind: promote, gate: strict}}
  - {{from: staging, to: production, kind: promote, gate: strict}}
  - {{from: production, to: archived, kind: replace}}
  - {{from: staging, to: archived, kind: retire, gate: leave}}
gates:
  - key: easy
    title: Easy
    meanings: [{meaning}]
    approvals: [{{role: reviewer, count: {reviewers}}}]
    requests: {{expires_after_days: 10, remind_after_days: 2, escalate_after_days: 5}}
    criteria: {criteria}
  - key: strict
    title: Strict
    meanings: [{meaning}]
    approvals: [{{role: reviewer, count: {reviewers}}}, {{role: risk, count: 1}}]
    requests: {{expires_after_days: 10, remind_after_days: 2, escalate_after_days: 5}}
    valid_for_days: 90
    criteria: {criteria}
  - {{key: leave, title: Leave, automatic: true, criteria: []}}
"""


def pack(*, reviewers: int = 1, criteria: str = "[]") -> str:
    return PACK.format(meaning=MEANING, reviewers=reviewers, criteria=criteria)


def tiny_project(*, owner, members=(), slug="tiny", **more):
    """Make a project under the tiny policy; ``members`` are (person, role)."""
    revision = publish(pack(**more), by=None)
    with override_settings(DEFAULT_POLICY_PACK=revision.pack.slug):
        made = projects.create_project(slug=slug, name=slug.capitalize(), by=owner)
    for person, role in members:
        projects.add_member(made, user=person, role=role, by=owner)
    return made


def tiny_version(project, *, by, slug="m"):
    model = project.models.filter(slug=slug).first() or registry.create_model(
        project, slug=slug, name=slug, by=by
    )
    return registry.register_version(model, by=by)


def sign(promotion, by, *, decision="approve", **more):
    """Sign with the test's password, the right digest and the one meaning there is."""
    words = {"meaning": MEANING} if decision == "approve" else {"comment": "This is not good enough."}
    return services.approve(
        promotion,
        by=by,
        **{
            "proof": Proof(password=PASSWORD),
            "digest": promotion.evidence_digest,
            "decision": decision,
            **words,
            **more,
        },
    )


def notices(kind):
    """Return who was told of a kind, by name."""
    return sorted(Notice.objects.filter(kind=kind).values_list("person__full_name", flat=True))
