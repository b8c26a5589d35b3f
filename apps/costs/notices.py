"""What the ledger has to tell people (M10.3)."""

from apps.notifications.enums import Urgency
from apps.notifications.kinds import NoticeType

SHARE, SPENT, FORECAST = "costs.budget_share", "costs.budget_spent", "costs.forecast_over"
NOTICES = [
    NoticeType(
        SHARE,
        "Part of a budget is spent",
        "{where}: {share} % of the budget of {month} is spent, {actual} of {budget} {currency}.",
    ),
    NoticeType(
        SPENT,
        "Budget spent",
        "{where}: the budget of {month} is spent, {actual} of {budget} {currency}.",
        Urgency.URGENT,
    ),
    NoticeType(
        FORECAST,
        "Forecast over a budget",
        "{where}: at this pace {month} will cost {forecast} {currency} ({low} to {high}), and {budget} are allowed.",
    ),
]
