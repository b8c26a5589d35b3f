"""Every address, verb and role of the written matrix, asked for; and no address without a row."""

import re

import pytest
from django.utils.html import strip_tags

from apps.audit.models import Event
from apps.portal.permissions_page import ROLES
from tests.authorisation import matrix
from tests.authorisation.matrix import VERBS

CASES = matrix.cases()
ADDRESSES = {(one.section, one.name): one for one in matrix.addresses()}
#: Pages of the library that signs people in; their views answer PUT as POST.
LIBRARY = ("account_", "mfa_", "socialaccount_", "usersessions_")
#: Addresses that hold for every verb, because they say "nothing here" to all of them.
ANY_VERB = {"api/^v1/", "openid_connect_login", "openid_connect_callback"}


def address_of(case):
    return ADDRESSES["interface" if case.interface else "pages", case.name]


@pytest.mark.promise("matrix", "30")
@pytest.mark.parametrize("address", ADDRESSES.values(), ids=lambda one: f"{one.section} {one.name}")
def test_every_address_and_verb_has_a_row(address):
    written = {case.verb for case in CASES if address_of_name(case) == (address.section, address.name)}
    missing = [verb for verb in address.verbs if verb not in written]
    assert not missing, (
        f"{' and '.join(missing)} {address.route} has no row: say who may do it under “{address.section}” of "
        f"tests/authorisation/matrix.yaml, as {address.name}."
    )


def address_of_name(case):
    return ("interface" if case.interface else "pages", case.name)


def test_no_row_is_left_of_an_address_that_is_gone():
    gone = [str(case) for case in CASES if address_of_name(case) not in ADDRESSES]
    assert not gone, f"No such address any more; take the rows out of the matrix: {', '.join(gone)}"
    dead = [str(case) for case in CASES if case.verb not in address_of(case).verbs]
    assert not dead, f"The address does not take this verb: {', '.join(dead)}"


@pytest.mark.promise("matrix", "28", "30")
@pytest.mark.parametrize("case", CASES, ids=str)
def test_each_role_gets_the_answer_that_is_written(db, world, undone, case):
    address = address_of(case)
    wrong = []
    for role in ROLES:
        with undone():
            before = acts()
            answer = matrix.ask(case, address, role, world)
            found, wanted = matrix.outcome(case, answer), case.answers[role]
            if found != wanted:
                wrong.append(f"{role}: {found} ({answer.status_code}) for {wanted}: {_sentence(answer)}")
            elif wanted != "ok" and case.verb != "GET" and acts() != before:
                wrong.append(f"{role}: refused, and yet something was done and recorded")
            matrix.end(answer)
    assert not wrong, "\n".join([str(case), *wrong])


def acts():
    """Count what was done; that somebody was not allowed to is recorded as well, and is no act."""
    return Event.objects.exclude(
        kind__in=["gates.act_refused", "policies.act_refused", "modelcards.act_refused"]
    ).count()


def _sentence(answer):
    """Return what a refusal says, for whoever reads a failure."""
    text = b"" if answer.streaming else answer.content
    told = re.findall(r'class="[^"]*(?:error|message|refus)[^"]*"[^>]*>(.*?)</', text.decode(), re.DOTALL)
    return " ".join(strip_tags(" ".join(told) or text.decode()).split())[:300] + answer.get("Location", "")


OURS = [one for one in ADDRESSES.values() if one.name not in ANY_VERB and not one.name.startswith(LIBRARY)]


@pytest.mark.promise("30")
@pytest.mark.parametrize("address", OURS, ids=lambda one: f"{one.section} {one.name}")
def test_no_address_takes_a_verb_that_it_does_not_name(db, world, undone, address):
    case = next(one for one in CASES if address_of_name(one) == (address.section, address.name))
    path = matrix.address_of(case, address, world)
    for verb in set(VERBS) - set(address.verbs):
        with undone():
            answer = getattr(world.client("administrator"), verb.lower())(path)
            assert answer.status_code in {403, 404, 405}, f"{verb} {path}: {answer.status_code}"
