"""Signing in and signing with second factors, in a real browser under the strict policy of content."""

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse

from apps.accounts import services as accounts
from apps.gates.models import Approval
from apps.identity.models import Trust
from tests.cast import PASSWORD, code_of, open_request
from tests.e2e.test_story import sign_in

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
STAGING = "I looked at the evaluation and the version may enter staging"
#: Set to a folder to keep pictures of each page: light, dark and narrow.
PICTURES = os.environ.get("MLGOV_PICTURES", "")


@pytest.fixture
def page(browser, live_server):
    opened = browser.new_page()
    opened.address = live_server.url.replace("127.0.0.1", "localhost")
    opened.problems = []
    opened.on(
        "console", lambda message: opened.problems.append(message.text) if message.type == "error" else None
    )
    opened.on("pageerror", lambda error: opened.problems.append(str(error)))
    return opened


def looked_at(page, name):
    """Let axe look at the page, and keep pictures when they are wanted."""
    found = Axe().run(page).response["violations"]
    assert not found, [(name, one["id"], one["nodes"][0]["html"][:200]) for one in found]
    if PICTURES:
        for look, scheme, width in (
            ("light", "light", 1200),
            ("dark", "dark", 1200),
            ("narrow", "light", 360),
        ):
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=Path(PICTURES) / f"{name}-{look}.png", full_page=True)
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 1200, "height": 900})


def confirm_password(page):
    if "/reauthenticate/" in page.url:
        looked_at(page, "reauthenticate")
        page.fill("main input[name=password]", PASSWORD)
        page.click("main form button")


def virtual_passkey(page):
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def fill_signature(page, promotion):
    page.goto(page.address + reverse("gates:sign", args=[promotion.pk]))
    page.check("input[name=decision][value=approve]")
    page.check(f"input[name=meaning][value='{STAGING}']")


def test_a_reviewer_sets_up_an_app_and_signs_with_its_code(page, version, dev, ben):
    promotion = open_request(version, by=dev, second_factor=True)
    page.goto(page.address + "/accounts/login/")
    looked_at(page, "login")
    sign_in(page, page.address, ben.email)
    page.goto(page.address + reverse("gates:sign", args=[promotion.pk]))
    looked_at(page, "sign-without-factor")
    page.click("main >> text=Sign-in and security")
    looked_at(page, "security")
    page.click("main >> text=Set up an app")
    confirm_password(page)
    # Decoding waits until the image is there; waiting for a condition would need eval, which the policy forbids.
    assert page.locator("img.qr").evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    looked_at(page, "totp")
    secret = page.inner_text("#totp-secret")
    page.fill("main input[name=code]", code_of(secret))
    page.click("main form button >> text=Set up")
    assert page.locator("#recovery-codes li").count() == 10
    looked_at(page, "recovery-codes")
    page.click("text=I have them")
    looked_at(page, "security-set-up")
    fill_signature(page, promotion)
    looked_at(page, "sign-with-code")
    page.fill("main input[name=password]", PASSWORD)
    page.fill("main input[name=code]", code_of(secret, steps=1))
    page.click("main [data-sign]")
    page.wait_for_url(f"**{reverse('gates:promotion', args=[promotion.pk])}")
    assert Approval.objects.get().reauthentication.method == "password+totp"
    page.goto(page.address + reverse("usersessions_list"))
    looked_at(page, "sessions")
    assert not page.problems, page.problems


def test_a_reviewer_adds_a_passkey_signs_with_it_and_signs_in_with_it(page, version, dev, ben):
    promotion = open_request(version, by=dev, second_factor=True)
    virtual_passkey(page)
    sign_in(page, page.address, ben.email)
    page.goto(page.address + reverse("mfa_add_webauthn"))
    confirm_password(page)
    looked_at(page, "passkey-add")
    page.fill("main input[name=name]", "My laptop")
    page.check("main input[name=passwordless]")
    page.click("main [data-passkey-ask]")
    page.wait_for_selector("#recovery-codes")
    page.goto(page.address + reverse("mfa_list_webauthn"))
    assert "My laptop" in page.inner_text("main")
    looked_at(page, "passkeys")
    fill_signature(page, promotion)
    looked_at(page, "sign-with-passkey")
    page.click("main [data-passkey-ask]")
    page.wait_for_url(f"**{reverse('gates:promotion', args=[promotion.pk])}")
    assert Approval.objects.get().reauthentication.method == "passkey"
    page.context.clear_cookies()
    page.goto(page.address + "/accounts/login/")
    page.click("main [data-passkey-ask]")
    page.wait_for_url(f"{page.address}/")
    page.context.clear_cookies()
    page.goto(page.address + "/accounts/login/")
    page.fill("input[name=login]", ben.email)
    page.fill("input[name=password]", PASSWORD)
    page.click("main form.form button")
    page.wait_for_url(f"**{reverse('mfa_authenticate')}")
    looked_at(page, "second-factor")
    page.click("main [data-passkey-ask]")
    page.wait_for_url(f"{page.address}/")
    assert not page.problems, page.problems


def test_the_pages_of_people_invitations_and_groups_are_in_order(page, project, adam, ada):
    from apps.identity import services

    _, secret = services.invite(
        "nia@example.com", by=ada, address=page.address + "/invitations/", project=project, role="risk"
    )
    services.add_rule("risk-office", role="risk", project=project, by=adam)
    page.goto(page.address + reverse("identity:accept", args=[secret]))
    looked_at(page, "invited")
    sign_in(page, page.address, adam.email)
    for name in ("accounts:people", "identity:site_invitations", "identity:groups"):
        page.goto(page.address + reverse(name))
        looked_at(page, name.split(":")[1])
    page.goto(page.address + reverse("identity:invitations", args=[project.slug]))
    looked_at(page, "invitations")
    page.goto(page.address + reverse("account_change_password"))
    looked_at(page, "password")
    assert not page.problems, page.problems


def test_an_owner_trusts_a_pipeline(page, project, ada):
    sign_in(page, page.address, ada.email)
    page.goto(page.address + reverse("identity:trusts", args=[project.slug]))
    looked_at(page, "trusts-none")
    page.click("main >> text=GitHub")
    looked_at(page, "trust-without-account")
    accounts.create_service_account("nightly", owner=ada, by=ada)
    for kind in ("gitlab", "other", "github"):
        page.goto(page.address + reverse("identity:new_trust", args=[project.slug, kind]))
        looked_at(page, f"trust-{kind}")
    page.fill("main input[name=name]", "Training on main")
    page.check("main input[name=scopes][value=evidence]")
    page.fill("main input[name=repository_id]", "loans")
    page.fill("main input[name=repository_owner_id]", "42")
    page.fill("main input[name=environment]", "production")
    page.click("main form button >> text=Trust it")
    assert "as a number" in page.inner_text("main .errors")
    # The browser reports the refused form as one.
    (refused,) = page.problems
    assert "422" in refused
    page.problems.clear()
    looked_at(page, "trust-refused")
    page.fill("main input[name=repository_id]", "4711")
    page.click("main form button >> text=Trust it")
    page.wait_for_url(f"**{reverse('identity:trust', args=[Trust.objects.get().pk])}")
    assert "id-token: write" in page.inner_text("main pre")
    looked_at(page, "trust")
    page.fill("main textarea[name=reason]", "The repository moved.")
    page.click("main form button >> text=Withdraw")
    looked_at(page, "trust-withdrawn")
    page.goto(page.address + reverse("identity:trusts", args=[project.slug]))
    looked_at(page, "trusts")
    assert not page.problems, page.problems
