"""What happens to the cost ledger."""

from apps.audit.events import EventType

EVENTS = [
    EventType("costs.cost_recorded", "recorded {object}", icon="coins"),
    EventType("costs.costs_imported", "imported costs into {object}", icon="coins"),
    EventType("costs.budget_set", "set the budget to {object}", icon="wallet"),
]
