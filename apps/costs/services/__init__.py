"""What is done with money: entries and their corrections, budget and targets, exchange rates."""

from apps.costs.services.correcting import attribute_cost, reverse_cost
from apps.costs.services.ledger import import_costs, record_cost
from apps.costs.services.planning import set_budget, set_targets
from apps.costs.services.rates import enter_rate, import_rates

__all__ = [
    "attribute_cost",
    "enter_rate",
    "import_costs",
    "import_rates",
    "record_cost",
    "reverse_cost",
    "set_budget",
    "set_targets",
]
