"""State x action x role of promotion requests: the whole product, in one table, through the services."""

from datetime import timedelta

import pytest
from django.db import transaction

from apps.accounts import services as accounts
from apps.accounts.proofs import Proof
from apps.core.errors import Forbidden, MlgovError, Refused
from apps.gates import due, services
from apps.gates.enums import PROMOTION_MOVES, PromotionState
from apps.gates.models import Promotion
from apps.projects import services as projects
from apps.projects.enums import Role
from apps.registry import services as registry
from tests.cast import PASSWORD, person
from tests.gates import conditional, tiny
from tests.gates.turning import age

POLICY = conditional.SIGNED_BY_THREE
#: y is done, n refused to this person, l refused in this state ("closed", "signed already").
ROLES = "asker contributor viewer reviewer signer risk owner auditor administrator stranger account".split()  # noqa: SIM905
TABLE = """
open      sign      n n n y l y n n n n n
open      reject    n n n y l y n n n n n
open      withdraw  y n n n n n y n n n y
open      comment   y y y y y y y n n n y
open      seat      y n n y n y y n n n y
open      unsign    n n n n y n n n n n n
closed    sign      n n n l l l n n n n n
closed    reject    n n n l l l n n n n n
closed    withdraw  l l l l l l l l l l l
closed    comment   y y y y y y y n n n y
closed    seat      l l l l l l l l l l l
closed    unsign    n n n n l n n n n n n
"""
LATE = POLICY.replace(
    "valid_for_days",
    "requests: {expires_after_days: 10, remind_after_days: 2, escalate_after_days: 5}\n    valid_for_days",
)


@pytest.fixture
def people(ada, dev, ben, rita, vera, olga, adam, cleo):
    cast = {"ada": ada, "dev": dev, "ben": ben, "rita": rita, "vera": vera}
    project = tiny.tiny_project(cast, policy=LATE)
    found = {"asker": dev, "viewer": vera, "reviewer": ben, "risk": rita, "owner": ada}
    found |= {"contributor": person("dan"), "signer": person("bea"), "other": person("bob")}
    found |= {"auditor": olga, "administrator": adam, "stranger": cleo}
    found["account"] = accounts.create_service_account("ci", owner=dev, by=dev)
    for name, role in (
        *(("contributor", Role.CONTRIBUTOR), ("account", Role.CONTRIBUTOR)),
        *(("signer", Role.REVIEWER), ("other", Role.REVIEWER)),
    ):
        projects.add_member(project, user=found[name], role=role, by=ada)
    found["project"] = project
    return found


def reach(state, people):
    """Bring a request into a state through the services; one reviewer has signed where one can."""
    dev, ben, rita, signer = (people[name] for name in ("asker", "reviewer", "risk", "signer"))
    version = tiny.tiny_version(tiny.tiny_model(people["project"], dev), dev, passing=state != "refused")
    made = services.request_promotion(version, to_stage="production", by=dev)
    if state == "refused":
        return made
    tiny.sign(made, by=signer)
    if state == "promoted":
        for one in (ben, rita):
            tiny.sign(made, by=one)
    elif state == "rejected":
        act("reject", made, ben, people)
    elif state == "withdrawn":
        services.withdraw_promotion(made, by=dev, reason="A typing error.")
    elif state == "stale":
        registry.report_check(version, name="test", status="passed", summary="Once more.", by=dev)
        with pytest.raises(Refused):
            tiny.sign(made, by=ben)
    elif state == "expired":
        age(made, expires_at=timedelta(days=11))
        due.keep_time()
    made.refresh_from_db()
    return made


def act(action, promotion, by, people):
    if action == "unsign":
        approval = promotion.approvals.get(person=people["signer"])
        services.withdraw_approval(approval, by=by, reason="I was mistaken there.")
    elif action == "withdraw":
        services.withdraw_promotion(promotion, by=by, reason="A typing error.")
    elif action == "comment":
        services.comment(promotion, text="Why this threshold?", by=by)
    elif action == "seat":
        services.ask_for_seat(promotion, person=people["other"], reason="You know it best.", by=by)
    else:
        decision = {"sign": "approve", "reject": "reject"}[action]
        words = {"meaning": tiny.MEANING} if action == "sign" else {"comment": "This is not good enough."}
        proof = Proof(password=PASSWORD)
        digest = promotion.evidence_digest
        services.approve(promotion, by=by, proof=proof, digest=digest, decision=decision, **words)


def outcome(action, promotion, by, people):
    """Act, take it back, and say what came of it."""
    try:
        with transaction.atomic():
            act(action, Promotion.objects.get(pk=promotion.pk), by, people)
            transaction.set_rollback(True)
    except Forbidden:
        return "n"
    except MlgovError as error:
        return "l" if isinstance(error, Refused) else str(error)
    return "y"


def test_every_state_is_open_or_closed_for_good():
    assert {state for state in PromotionState.values if PROMOTION_MOVES.get(state)} == {"open"}


@pytest.mark.slow
@pytest.mark.promise("matrix", "1", "4")
@pytest.mark.parametrize("state", PromotionState.values)
def test_each_role_may_do_in_each_state_what_the_table_says(people, state):
    promotion = reach(state, people)
    assert promotion.state == state
    wrong = []
    for line in TABLE.split("\n")[1:-1]:
        when, action, *wanted = line.split()
        if when != ("open" if state == "open" else "closed") or (action == "unsign" and state == "refused"):
            continue
        found = [outcome(action, promotion, people[role], people) for role in ROLES]
        wrong += [
            f"{state} {action} {role}: {now} for {then}"
            for role, now, then in zip(ROLES, found, wanted, strict=True)
            if now != then
        ]
    assert not wrong, "\n".join(wrong)
