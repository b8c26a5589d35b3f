"""The pages of costs."""

from apps.costs.views.calculators import gpus, savings
from apps.costs.views.ledger import entry, export
from apps.costs.views.project import project
from apps.costs.views.rates import rates

__all__ = ["entry", "export", "gpus", "project", "rates", "savings"]
