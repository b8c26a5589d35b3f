"""What happens to the cost ledger."""

from apps.audit.events import EventType

EVENTS = [
    EventType("costs.cost_recorded", "recorded {object}", icon="coins"),
    EventType("costs.cost_reversed", "reversed an entry by {object}: {reason}", icon="undo-2"),
    EventType("costs.cost_attributed", "attributed {object} to {to}", icon="split"),
    EventType("costs.costs_imported", "imported costs into {object}", icon="coins"),
    EventType("costs.budget_set", "set the budget to {object}", icon="wallet"),
    EventType("costs.targets_set", "set {object}", icon="target"),
    EventType("costs.rate_entered", "entered the rate {object}", icon="arrow-left-right"),
    EventType(
        "costs.rates_imported",
        "imported {rates} exchange rates, the last of them {object}",
        icon="arrow-left-right",
    ),
]
