"""What the overview of a project shows of its framing: brief, tier, and rules or machine learning."""

from dataclasses import dataclass

from apps.policies.method.framing import Recommendation
from apps.projects.briefs import Progress, progress
from apps.projects.models import Brief, Project, RiskTier
from apps.projects.queries import approaches_of, recommendation_of, tier_of


@dataclass(frozen=True)
class FramingView:
    """How far the brief is, the tier with its reason, and what the answers come to."""

    progress: Progress
    tier: RiskTier | None
    recommendation: Recommendation | None


def framing_of(project: Project, brief: Brief | None) -> FramingView:
    """Gather it; two queries."""
    newest = approaches_of(project).first()
    return FramingView(progress(brief), tier_of(project), recommendation_of(project, newest))
