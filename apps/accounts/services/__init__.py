"""What is done to people, service accounts and tokens, and how a person proves again who they are."""

from apps.accounts.services.confirming import LockedOut, WrongProof, reauthenticate
from apps.accounts.services.people import (
    choose_password,
    create_person,
    demand_strength,
    give_site_role,
    join,
    remove_second_factors,
    set_password,
    switch_off,
    switch_on,
)
from apps.accounts.services.tokens import (
    BEARER_COLUMNS,
    BEARER_IS_LIVE,
    BEARER_ROWS,
    BEARER_WIDTH,
    create_service_account,
    digest_of,
    end_token,
    issue_token,
    revoke_token,
    shown_token,
    token_for,
)

__all__ = [
    "BEARER_COLUMNS",
    "BEARER_IS_LIVE",
    "BEARER_ROWS",
    "BEARER_WIDTH",
    "LockedOut",
    "WrongProof",
    "choose_password",
    "create_person",
    "create_service_account",
    "demand_strength",
    "digest_of",
    "end_token",
    "give_site_role",
    "issue_token",
    "join",
    "reauthenticate",
    "remove_second_factors",
    "revoke_token",
    "set_password",
    "shown_token",
    "switch_off",
    "switch_on",
    "token_for",
]
