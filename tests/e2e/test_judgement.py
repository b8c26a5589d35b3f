"""Checklists and rubric in a browser: by keyboard, taken over to a newer policy, scored blind and agreed on."""

import pytest
from django.urls import reverse

from apps.checklists import services as checklists
from apps.rubrics import services as rubrics
from tests.checklists.small import house, move_on
from tests.e2e.test_policies import look, opened
from tests.rubrics.small import BLIND, version_under

__all__ = ["opened"]
pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def cast(ada, dev, ben, rita, vera):
    return {"ada": ada, "dev": dev, "ben": ben, "rita": rita, "vera": vera}


def test_a_checklist_by_keyboard_and_its_way_to_a_newer_policy(opened, cast, dev):
    version = house(cast)
    page = opened(dev)
    page.goto(reverse("checklists:checklist", args=[version.pk, "house"]))
    page.keyboard.press("Alt+ArrowDown")
    assert page.evaluate("document.activeElement.closest('section').id") == "named"
    page.keyboard.press("Space")
    page.keyboard.press("Alt+ArrowDown")
    assert page.evaluate("document.activeElement.closest('section').id") == "owned"
    page.click("text=Save the answer to: Has it a name?")
    page.wait_for_selector("text=2 of 3 answered")
    sheet = version.checklists.get()
    reason = "The tests were run by hand."
    checklists.answer(sheet, item="tested", value="no", reason=reason, by=dev)
    checklists.assign(sheet, item="owned", assignee=dev.pk, by=dev)
    checklists.comment(sheet, item="owned", text="Ask the bank.", by=dev)
    look(page, "checklist")
    page.goto("/")
    look(page, "assigned")
    move_on(version, cast)
    page.goto(reverse("checklists:checklist", args=[version.pk, "house"]))
    look(page, "checklist-older")
    page.click("text=See what changes")
    look(page, "checklist-migration")
    page.click("button:has-text('Take it over')")
    page.wait_for_selector("text=The checklist follows the project's policy now.")
    look(page, "checklist-to-confirm")


def test_a_rubric_is_scored_blind_and_agreed_on(opened, cast, ben, rita):
    version = version_under(cast, BLIND)
    address = reverse("rubrics:rubric", args=[version.pk])
    given = [rubrics.Given("tests", 5, "All of them."), rubrics.Given("docs", 1, "A page.")]
    rubrics.score_all(version, given=given, by=ben)
    page = opened(rita)
    page.goto(address)
    look(page, "rubric-blind")
    page.check("input[name=level_tests][value='5']")
    page.fill("[name=comment_tests]", "All that I found.")
    page.check("input[name=level_docs][value='4']")
    page.fill("[name=comment_docs]", "A good readme.")
    page.click("text=Save the scores")
    page.wait_for_selector("text=Ben gave 1, Rita gave 4")
    look(page, "rubric-to-agree")
    page.check("input[name=level][value='3']")
    page.fill("form[action$='consensus/'] [name=reason]", "We read it together.")
    page.click("text=Save the agreed level")
    page.wait_for_selector("text=84.0 of 100: Good")
    look(page, "rubric-agreed")
    page.click("text=Compare projects")
    look(page, "rubric-comparison")
