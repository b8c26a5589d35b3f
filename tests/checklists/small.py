"""A small policy with an organisation's own checklists, answered by people and from checks, without evaluations."""

from apps.policies.services import publish
from tests.cast import follow
from tests.gates import tiny

LISTS = """
checklists:
  - key: house
    title: Our own house rules
    items:
      - {key: tested, question: "Is it tested?", why: Untested code fails., expression: checks.test.status == 'passed'}
      - {key: named, question: "Has it a name?", why: Names help.}
      - {key: owned, question: "Has it an owner?", why: Somebody must answer., na_allowed: false}
  - key: spoken
    title: Asked of major changes alone
    when: version.change == 'major'
    items:
      - {key: told, question: "Was the team told?", why: Surprises hurt.}
"""
POLICY = tiny.POLICY + LISTS
#: The next revision: one question in other words, one gone, one new.
NEXT = POLICY.replace("Has it a name?", "Has it a good name?").replace(
    '- {key: owned, question: "Has it an owner?", why: Somebody must answer., na_allowed: false}',
    '- {key: dated, question: "Has it a date?", why: Time passes.}',
)


def house(cast):
    """Make a project under the small policy with one version."""
    project = tiny.tiny_project(cast, slug="house", policy=POLICY)
    return tiny.tiny_version(tiny.tiny_model(project, cast["dev"]), cast["dev"])


def move_on(version, cast, text=NEXT):
    """Let the version's project follow the next revision, and return the version as it is read then."""
    revision = publish(text, by=None)
    follow(version.model.project, revision, owner=cast["ada"], risk=cast["rita"])
    return type(version).objects.select_related("model__project__policy_revision__pack").get(pk=version.pk)
