"""A small policy with a rubric of two dimensions, suggested from checks; blind when it is asked so."""

from tests.gates import tiny

RUBRIC = """
rubric:
  title: Small rubric
  bands: [{from: 60, title: Good}, {from: 0, title: Poor}]
  dimensions:
    - key: tests
      title: Tests
      weight: 60
      levels: {low: No tests, middle: Some tests, high: Tests of everything}
      signals:
        - {expression: checks.test.status == 'passed', points: 3, lift: Report the check test.}
    - key: docs
      title: Documents
      weight: 40
      levels: {low: No documents, middle: A readme, high: A manual}
      signals:
        - {expression: checks.docs.status == 'passed', points: 5, lift: Report the check docs.}
"""
POLICY = tiny.POLICY + RUBRIC
BLIND = POLICY.replace("  title: Small rubric\n", "  title: Small rubric\n  blind: {scorers: 2}\n")
#: Blind for what is loaded, and not for what is shown not to be.
SOMETIMES = BLIND.replace("blind: {scorers: 2}", "blind: {scorers: 2, when: checks.load.status == 'passed'}")


def version_under(cast, policy, *, slug="small"):
    """Make a project under a policy with one version, whose checks test and load passed."""
    project = tiny.tiny_project(cast, slug=slug, policy=policy)
    return tiny.tiny_version(tiny.tiny_model(project, cast["dev"]), cast["dev"])
