"""A pipeline's identity token is exchanged once, for little, and for nothing that is not exactly right (RFC 8693)."""

import json
import threading
import time
from datetime import timedelta
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.accounts import services as accounts
from apps.accounts.models import Token
from apps.audit.keeping import kept
from apps.audit.models import Event
from apps.core.memory import remembering
from apps.identity import services
from apps.identity.models import Exchange, IssuerKeys, UsedIdentityToken
from apps.identity.services import exchanging
from apps.projects import services as projects
from tests.identity.pipelines import ALGORITHMS, CLAIMS, body, send

pytestmark = pytest.mark.promise("federation")
REFUSAL = {
    "error": "invalid_request",
    "error_description": "The subject token is not acceptable here. The page of the trust and the audit trail of "
    "its project say why.",
}


def exchanged(client, trust, token, **other):
    return send(client, body(trust.audience, token, **other))


def reasons() -> list[str]:
    refused = Event.objects.filter(kind="identity.trust_refused").order_by("id")
    return [event.data["code"] for event in refused]


def test_a_job_gets_a_token_of_fifteen_minutes_within_the_trust(client, trust, ci_issuer, nightly, project):
    answer = exchanged(client, trust, ci_issuer.token(trust.audience))
    given = answer.json()
    assert answer.status_code == 200, given
    assert (answer["Cache-Control"], answer["Pragma"]) == ("no-store", "no-cache")
    assert given | {"access_token": ""} == {
        "access_token": "",
        "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "token_type": "Bearer",
        "expires_in": 900,
        "scope": "evidence read",
    }
    token = accounts.token_for(given["access_token"])
    assert (token.user, token.scopes) == (nightly, ["evidence", "read"])
    assert timedelta(minutes=14) < token.expires_at - timezone.now() <= timedelta(minutes=15)
    bearer = {"Authorization": f"Bearer {given['access_token']}"}
    assert client.get(f"/api/v1/projects/{project.pk}", headers=bearer).status_code == 200
    lacking = client.post(
        f"/api/v1/projects/{project.pk}/experiments", {}, content_type="application/json", headers=bearer
    )
    assert lacking.status_code == 403
    used = Event.objects.get(kind="identity.trust_used")
    assert (used.actor_id, used.person_id, used.project_id) == (nightly.pk, nightly.owner_id, project.pk)
    assert used.data["told"]["run_id"] == "1001"
    assert Exchange.objects.get().told["repository_id"] == "4711"


def test_the_token_ends(client, trust, ci_issuer):
    secret = exchanged(client, trust, ci_issuer.token(trust.audience)).json()["access_token"]
    Token.objects.filter(exchange__trust=trust).update(expires_at=timezone.now())
    assert accounts.token_for(secret) is None


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_public_keys_of_these_kinds_are_taken(client, trust, ci_issuer, algorithm):
    kid = {"RSA": "rsa", "EC": "ec", "OKP": "ed"}[ALGORITHMS[algorithm]]
    token = ci_issuer.token(trust.audience, kid=kid, algorithm=algorithm)
    assert exchanged(client, trust, token).status_code == 200, reasons()


#: What is not as GitHub makes it, and right all the same.
RIGHT = {
    "for the installation": lambda issuer, audience, home: issuer.token(home),
    "one audience in a list": lambda issuer, audience, home: issuer.token([audience]),
    "a number for its digits": lambda issuer, audience, home: issuer.token(audience, repository_id=4711),
    "over for a moment": lambda issuer, audience, home: issuer.token(audience, exp=after(-5)),
    "made in a moment": lambda issuer, audience, home: issuer.token(audience, iat=after(10), nbf=after(10)),
    "no id of its own": lambda issuer, audience, home: issuer.token(audience, jti=None),
    "no type": lambda issuer, audience, home: issuer.token(audience, headers={"typ": None}),
}


@pytest.mark.parametrize("right", RIGHT)
def test_what_is_right_in_another_way_is_taken(client, trust, ci_issuer, settings, right):
    token = RIGHT[right](ci_issuer, trust.audience, settings.BASE_URL)
    assert exchanged(client, trust, token).status_code == 200, reasons()


def _signed_with_the_public_key(issuer, audience):
    """The oldest trick: what everybody may read used as a shared secret."""
    secret = issuer.public("rsa")["n"].encode()
    return jwt.encode(issuer.claims(audience), secret, algorithm="HS256", headers={"kid": "rsa"})


def _signed_by_another(issuer, audience):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return jwt.encode(issuer.claims(audience), key, algorithm="RS256", headers={"kid": "rsa"})


def _with_another_payload(issuer, audience):
    head, _, signature = issuer.token(audience).split(".")
    other = issuer.token(audience, environment="staging").split(".")[1]
    return f"{head}.{other}.{signature}"


def _unsigned(issuer, audience):
    return jwt.encode(issuer.claims(audience), None, algorithm="none", headers={"kid": "rsa"})


def said(**other):
    return lambda issuer, audience: issuer.token(audience, **other)


def after(seconds):
    return int(time.time()) + seconds


#: What is wrong -> how a token is made that has it, and the code that the owners read.
WRONG = {
    "no signature": (_unsigned, "bad_algorithm"),
    "a shared secret": (_signed_with_the_public_key, "bad_algorithm"),
    "an algorithm that is not listed": (
        lambda issuer, audience: jwt.encode(issuer.claims(audience), "x" * 64, algorithm="HS512"),
        "bad_algorithm",
    ),
    "another key of the same name": (_signed_by_another, "bad_signature"),
    "another payload": (_with_another_payload, "bad_signature"),
    "a key of another kind": (said(headers={"kid": "ec"}), "unknown_key"),
    "a key that nobody has": (said(headers={"kid": "none"}), "unknown_key"),
    "no name of a key among several": (said(headers={"kid": None}), "unknown_key"),
    "an access token of the issuer": (said(headers={"typ": "at+jwt"}), "bad_header"),
    "something critical": (said(headers={"crit": ["exp"]}), "malformed"),
    "another issuer": (said(iss="https://evil.example.org"), "wrong_issuer"),
    "an issuer with a slash more": (
        lambda issuer, audience: issuer.token(audience, iss=f"{issuer.url}/"),
        "wrong_issuer",
    ),
    "another audience": (lambda issuer, _: issuer.token("https://elsewhere.example.org"), "wrong_audience"),
    "an audience with more behind it": (
        lambda issuer, audience: issuer.token(f"{audience}/x"),
        "wrong_audience",
    ),
    "two audiences": (
        lambda issuer, audience: issuer.token([audience, "https://elsewhere.example.org"]),
        "wrong_audience",
    ),
    "no audience": (lambda issuer, _: issuer.token(None), "claim_missing"),
    "its end behind it": (lambda issuer, audience: issuer.token(audience, exp=after(-60)), "expired"),
    "no end": (said(exp=None), "claim_missing"),
    "its beginning ahead": (lambda issuer, audience: issuer.token(audience, nbf=after(120)), "not_yet"),
    "its making ahead": (lambda issuer, audience: issuer.token(audience, iat=after(120)), "not_yet"),
    "no time of making": (said(iat=None), "claim_missing"),
    "an age of an hour": (lambda issuer, audience: issuer.token(audience, iat=after(-3600)), "too_old"),
    "an age beyond numbers": (said(iat=-(10**30)), "too_old"),
    "no subject": (said(sub=None), "claim_missing"),
    "a subject that is no text": (
        lambda issuer, audience: _raw(issuer, issuer.claims(audience) | {"sub": 7}),
        "malformed",
    ),
    "another repository": (said(repository_id="4712"), "claims_differ"),
    "another owner": (said(repository_owner_id="43"), "claims_differ"),
    "no environment": (said(environment=None), "claims_differ"),
    "an empty environment": (said(environment=""), "claims_differ"),
    "an environment in capitals": (said(environment="Production"), "claims_differ"),
    "a list with the right one": (said(environment=["production"]), "claims_differ"),
    "another branch": (
        said(workflow_ref=CLAIMS["workflow_ref"].replace("main", "main2")),
        "claims_differ",
    ),
    "a pattern for a value": (said(workflow_ref="*"), "claims_differ"),
    "three words": (lambda *_: "a.b.c", "malformed"),
    "nothing of a token": (lambda *_: "token", "malformed"),
    "no end of it": (said(more="x" * 20_000), "malformed"),
    "letters outside ASCII": (lambda issuer, audience: issuer.token(audience) + "é", "malformed"),
}


def _raw(issuer, claims):
    """Sign what the library would not encode."""
    key, algorithm = issuer.keys["rsa"]
    return jwt.PyJWS().encode(json.dumps(claims).encode(), key, algorithm=algorithm, headers={"kid": "rsa"})


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_refused_with_the_one_answer(client, trust, ci_issuer, wrong):
    make, code = WRONG[wrong]
    answer = exchanged(client, trust, make(ci_issuer, trust.audience))
    assert (answer.status_code, answer.json()) == (400, REFUSAL)
    assert reasons() == [code]
    assert not Token.objects.filter(user=trust.account).exists()
    assert not UsedIdentityToken.objects.exists()


def test_who_asks_cannot_tell_which_trust_there_is(client, trust, ci_issuer, ada):
    token = ci_issuer.token(trust.audience)
    absent = send(client, body(str(uuid4()), token))
    nonsense = send(client, body("main", token))
    services.withdraw_trust(trust, reason="Not needed.", by=ada)
    over = exchanged(client, trust, token)
    assert {(one.status_code, str(one.json())) for one in (absent, nonsense, over)} == {(400, str(REFUSAL))}
    assert ci_issuer.seen == []
    assert reasons() == ["withdrawn"]


@pytest.mark.parametrize(
    ("other", "error"),
    [
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "invalid_request"),
        ({"subject_token": ""}, "invalid_request"),
        ({"audience": ""}, "invalid_request"),
        ({"subject_token_type": "urn:ietf:params:oauth:token-type:saml2"}, "invalid_request"),
        ({"requested_token_type": "urn:ietf:params:oauth:token-type:refresh_token"}, "invalid_request"),
        ({"actor_token": "x"}, "invalid_request"),
        ({"resource": "https://example.org"}, "invalid_target"),
        ({"scope": "read promote"}, "invalid_scope"),
        ({"scope": "everything"}, "invalid_scope"),
    ],
    ids=str,
)
def test_a_request_that_is_not_the_standard_s_is_told_so(client, trust, ci_issuer, other, error):
    answer = exchanged(client, trust, ci_issuer.token(trust.audience), **other)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert not UsedIdentityToken.objects.exists()


def test_the_form_is_read_strictly(client, trust, ci_issuer):
    content = body(trust.audience, ci_issuer.token(trust.audience))
    twice = send(client, f"{content}&scope=read&scope=evidence")
    as_json = client.post("/api/v1/token", "{}", content_type="application/json")
    large = send(client, f"{content}&more={'x' * 70_000}")
    many = send(client, content + "&a" * 2000)
    empty = send(client, "")
    answers = (twice, as_json, large, many, empty)
    assert {(one.status_code, one.json()["error"]) for one in answers} == {(400, "invalid_request")}
    assert client.get("/api/v1/token").status_code == 405


def test_a_job_may_ask_for_less(client, trust, ci_issuer):
    given = exchanged(client, trust, ci_issuer.token(trust.audience), scope="read").json()
    assert given["scope"] == "read"
    assert accounts.token_for(given["access_token"]).scopes == ["read"]


@pytest.mark.parametrize("jti", ["one", None])
def test_a_token_serves_once(client, trust, ci_issuer, jti):
    token = ci_issuer.token(trust.audience, jti=jti)
    assert exchanged(client, trust, token).status_code == 200
    assert exchanged(client, trust, token).json() == REFUSAL
    assert reasons() == ["replayed"]
    assert Exchange.objects.count() == 1


def test_a_token_serves_once_for_all_trusts(client, trust, ci_issuer, project, nightly, ada, settings):
    other = services.create_trust(
        project,
        name="the same again",
        kind="github",
        issuer=ci_issuer.url,
        claims=CLAIMS,
        account=nightly,
        scopes=["read"],
        by=ada,
    )
    token = ci_issuer.token(settings.BASE_URL)
    assert exchanged(client, trust, token).status_code == 200
    assert exchanged(client, other, token).status_code == 400
    own = ci_issuer.token(other.audience)
    assert exchanged(client, trust, own).status_code == 400
    assert reasons() == ["replayed", "wrong_audience"]


def test_used_tokens_are_forgotten_when_nobody_would_take_them(client, trust, ci_issuer):
    exchanged(client, trust, ci_issuer.token(trust.audience))
    used = UsedIdentityToken.objects.get()
    assert used.until > timezone.now() + timedelta(minutes=15)
    UsedIdentityToken.objects.update(until=timezone.now() - timedelta(seconds=1))
    exchanged(client, trust, ci_issuer.token(trust.audience))
    assert not UsedIdentityToken.objects.filter(key=used.key).exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.promise("races", "federation")
def test_of_several_who_show_one_token_at_once_one_gets_something(trust, ci_issuer):
    exchanged(Client(), trust, ci_issuer.token(trust.audience))
    token, together, found = ci_issuer.token(trust.audience), threading.Barrier(4, timeout=30), []

    def show():
        try:
            together.wait()
            found.append(exchanged(Client(), trust, token).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=show) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [200, 400, 400, 400]
    assert Exchange.objects.count() == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.promise("races", "federation")
def test_a_withdrawal_at_the_same_moment_leaves_no_token(trust, ci_issuer, ada):
    exchanged(Client(), trust, ci_issuer.token(trust.audience))
    together = threading.Barrier(3, timeout=30)

    def act(what):
        try:
            together.wait()
            what()
        finally:
            connection.close()

    acts = [
        lambda: exchanged(Client(), trust, ci_issuer.token(trust.audience)),
        lambda: exchanged(Client(), trust, ci_issuer.token(trust.audience)),
        lambda: services.withdraw_trust(trust, reason="At once.", by=ada),
    ]
    threads = [threading.Thread(target=act, args=(one,)) for one in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not Token.objects.filter(user=trust.account, revoked_at__isnull=True).exists()


def test_the_service_account_has_its_rights_of_now(client, trust, ci_issuer, project, adam, ada):
    projects.remove_member(project.memberships.get(user=trust.account), by=ada)
    assert exchanged(client, trust, ci_issuer.token(trust.audience)).status_code == 400
    accounts.switch_off(ada, by=adam)
    assert exchanged(client, trust, ci_issuer.token(trust.audience)).status_code == 400
    assert reasons() == ["account_no_member", "account_off"]


def test_keys_are_asked_for_once_and_kept(client, trust, ci_issuer):
    for _ in range(3):
        assert exchanged(client, trust, ci_issuer.token(trust.audience)).status_code == 200
    assert ci_issuer.seen == ["/.well-known/openid-configuration", "/jwks"]


def test_a_new_key_is_found_but_nobody_makes_this_server_ask_twice_in_a_minute(client, trust, ci_issuer):
    exchanged(client, trust, ci_issuer.token(trust.audience))
    ci_issuer.keys["newer"] = (rsa.generate_private_key(public_exponent=65537, key_size=2048), "RS256")
    assert exchanged(client, trust, ci_issuer.token(trust.audience, kid="newer")).status_code == 400
    assert len(ci_issuer.seen) == 2
    IssuerKeys.objects.update(tried_at=timezone.now() - timedelta(minutes=1, seconds=1))
    assert exchanged(client, trust, ci_issuer.token(trust.audience, kid="newer")).status_code == 200
    assert len(ci_issuer.seen) == 4


def test_a_key_that_was_taken_back_is_over_within_the_hour(client, trust, ci_issuer):
    exchanged(client, trust, ci_issuer.token(trust.audience))
    token = ci_issuer.token(trust.audience)
    del ci_issuer.keys["rsa"]
    then = timezone.now() - timedelta(hours=1, seconds=1)
    IssuerKeys.objects.update(fetched_at=then, tried_at=then, ended_at=then)
    assert exchanged(client, trust, token).status_code == 400
    assert reasons() == ["unknown_key"]


def test_old_keys_do_not_serve_while_the_issuer_is_silent(client, trust, ci_issuer):
    exchanged(client, trust, ci_issuer.token(trust.audience))
    then = timezone.now() - timedelta(hours=1, seconds=1)
    IssuerKeys.objects.update(fetched_at=then, tried_at=then, ended_at=then)
    ci_issuer.answers["/jwks"] = (503, b"", {})
    assert exchanged(client, trust, ci_issuer.token(trust.audience)).status_code == 400
    assert "503" in Event.objects.get(kind="identity.trust_refused").data["reason"]


ELSEWHERE = "http://127.0.0.2:80/jwks"
#: What an issuer may answer -> a part of the reason that the owners read.
BAD_ISSUERS = {
    "another issuer in its document": ({"config": {"issuer": "https://evil.example.org"}}, "another issuer"),
    "keys at another host": ({"config": {"jwks_uri": ELSEWHERE}}, "MLGOV_OIDC_HOSTS"),
    "no place of keys": ({"config": {"jwks_uri": None}}, "where they are"),
    "no document": ({"answers": {"/.well-known/openid-configuration": (404, b"", {})}}, "404"),
    "a redirect": ({"answers": {"/jwks": (302, b"", {"Location": ELSEWHERE})}}, "302"),
    "too much": ({"answers": {"/jwks": (200, b" " * 70_000, {})}}, "too much"),
    "no JSON": ({"answers": {"/jwks": (200, b"<html>", {})}}, "JSON"),
    "JSON without end": ({"answers": {"/jwks": (200, b"[" * 60_000, {})}}, "JSON"),
    "no list": ({"answers": {"/jwks": (200, b'{"keys": 7}', {})}}, "no list"),
    "no object": ({"answers": {"/jwks": (200, b"[]", {})}}, "an object"),
    "no key at all": ({"answers": {"/jwks": (200, b'{"keys": [7, {}]}', {})}}, "no key"),
}


@pytest.mark.parametrize("bad", BAD_ISSUERS)
def test_an_issuer_that_answers_wrongly_opens_nothing(client, trust, ci_issuer, bad):
    change, reason = BAD_ISSUERS[bad]
    ci_issuer.config = change.get("config", {})
    ci_issuer.answers = change.get("answers", {})
    answer = exchanged(client, trust, ci_issuer.token(trust.audience))
    assert answer.json() == REFUSAL
    assert reason in Event.objects.get(kind="identity.trust_refused").data["reason"]


def test_a_shared_secret_among_the_issuer_s_keys_verifies_nothing(client, trust, ci_issuer):
    secret = jwt.utils.base64url_encode(b"x" * 64).decode()
    found = b'{"keys": [{"kty": "oct", "kid": "rsa", "alg": "RS256", "k": "%s"}]}' % secret.encode()
    ci_issuer.answers["/jwks"] = (200, found, {})
    assert exchanged(client, trust, ci_issuer.token(trust.audience)).status_code == 400


def test_two_keys_of_one_name_are_none(client, trust, ci_issuer):
    ci_issuer.jwks = lambda: {"keys": [ci_issuer.public("rsa"), ci_issuer.public("rsa")]}
    assert exchanged(client, trust, ci_issuer.token(trust.audience)).status_code == 400
    assert reasons() == ["unknown_key"]


def test_a_short_key_verifies_nothing(client, trust, ci_issuer):
    ci_issuer.keys["short"] = (rsa.generate_private_key(public_exponent=65537, key_size=1024), "RS256")
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        token = ci_issuer.token(trust.audience, kid="short")
    assert exchanged(client, trust, token).status_code == 400
    assert reasons() == ["weak_key"]


def test_addresses_inside_are_not_called(client, trust, ci_issuer, settings):
    settings.OUTGOING_ALLOW = []
    assert exchanged(client, trust, ci_issuer.token(trust.audience)).json() == REFUSAL
    assert ci_issuer.seen == []
    assert "no public address" in Event.objects.get(kind="identity.trust_refused").data["reason"]


def test_strangers_cannot_fill_the_audit_trail(client, trust, monkeypatch):
    monkeypatch.setattr(exchanging, "MOST_NOTED_AN_HOUR", 2)
    for _ in range(4):
        assert exchanged(client, trust, "token").json() == REFUSAL
    assert reasons() == ["malformed"] * 2


def test_too_many_wait(client, trust, ci_issuer, monkeypatch):
    monkeypatch.setattr(exchanging, "MOST_A_MINUTE", 1)
    assert exchanged(client, trust, ci_issuer.token(trust.audience)).status_code == 200
    again = ci_issuer.token(trust.audience)
    waiting = exchanged(client, trust, again)
    assert (waiting.status_code, waiting["Retry-After"]) == (429, "60")
    monkeypatch.setattr(exchanging, "MOST_A_MINUTE", 2)
    assert exchanged(client, trust, again).status_code == 200


def test_a_place_is_limited_whatever_it_says_of_itself(client, trust, settings):
    settings.API_RATES = {"exchange": "2/min"}
    said = [send(client, "", **{"X-Forwarded-For": f"192.0.2.{number}"}) for number in range(4)]
    assert [one.status_code for one in said] == [400, 400, 429, 429]
    assert [one["RateLimit"].split(";")[1] for one in said] == ["r=1", "r=0", "r=0", "r=0"]
    assert 0 < int(said[-1]["Retry-After"]) <= 60


def test_exchanges_leave_what_was_kept_of_the_project(client, trust, ci_issuer, project):
    made: list[int] = []

    def make():
        made.append(1)
        return len(made), True

    def look():
        with remembering():
            return kept(("tests", project.pk), project.pk, make)

    exchanged(client, trust, ci_issuer.token(trust.audience))
    assert look() == look() == 1
    exchanged(client, trust, ci_issuer.token(trust.audience))
    exchanged(client, trust, "token")
    assert look() == 1
    services.withdraw_trust(trust, reason="Over.", by=trust.created_by)
    assert look() == 2
