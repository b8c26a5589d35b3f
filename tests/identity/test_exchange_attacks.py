"""What somebody tries who would like a token: each attempt ends in the one refusal, and in the audit trail."""

import base64
import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client

from apps.accounts import services as accounts
from apps.accounts.models import Token
from apps.api.exchange import MOST_BYTES
from apps.audit.models import Event
from apps.identity import issuers, services
from apps.identity.models import IssuerKeys, UsedIdentityToken
from apps.projects import services as projects
from tests.identity.pipelines import CLAIMS, CiIssuer, body, send
from tests.identity.test_exchange import REFUSAL, exchanged, reasons

pytestmark = pytest.mark.promise("federation")


@pytest.fixture
def thief():
    """An issuer that no project trusts, with keys of its own under the same names."""
    made = CiIssuer()
    made.keys["rsa"] = (rsa.generate_private_key(public_exponent=65537, key_size=2048), "RS256")
    yield made
    made.close()


def encoded(content: str) -> str:
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def refused(client, trust, token) -> str:
    """Show a token that must be refused, and return the code that the owners read."""
    answer = exchanged(client, trust, token)
    assert (answer.status_code, answer.json()) == (400, REFUSAL)
    assert not Token.objects.filter(user=trust.account).exists()
    assert not UsedIdentityToken.objects.exists()
    (code,) = reasons()
    return code


#: Headers by which a token would choose its own key (RFC 7515, section 4.1).
KEYS_BROUGHT = {
    "jku": lambda thief: {"jku": f"{thief.url}/jwks"},
    "x5u": lambda thief: {"x5u": f"{thief.url}/jwks"},
    "jwk": lambda thief: {"jwk": thief.public("rsa")},
    "x5c": lambda thief: {"x5c": ["MIIB"]},
    "all of another name": lambda thief: {
        "jku": f"{thief.url}/jwks",
        "jwk": thief.public("ec"),
        "kid": "ec2",
    },
}


@pytest.mark.parametrize("brought", KEYS_BROUGHT)
def test_a_token_does_not_bring_its_own_key(client, trust, ci_issuer, thief, brought):
    token = thief.token(trust.audience, iss=ci_issuer.url, headers=KEYS_BROUGHT[brought](thief))
    assert refused(client, trust, token) in {"bad_signature", "unknown_key"}
    assert thief.seen == []


@pytest.mark.parametrize(
    "kid",
    [
        "../../../../dev/null",
        "' OR 1=1 --",
        "rsa\x00",
        "RSA",
        " rsa",
        "",
        "http://127.0.0.2/jwks",
        "x" * 9000,
    ],
    ids=lambda one: repr(one[:24]),
)
def test_the_name_of_a_key_is_only_compared(client, trust, ci_issuer, kid):
    token = ci_issuer.token(trust.audience, headers={"kid": kid})
    assert refused(client, trust, token) == "unknown_key"
    assert ci_issuer.seen == ["/.well-known/openid-configuration", "/jwks"]


def test_everybody_s_issuer_is_not_asked(client, trust, thief):
    assert refused(client, trust, thief.token(trust.audience)) in {"bad_signature", "wrong_issuer"}
    assert thief.seen == []


#: Headers that no library writes.
HEADERS = {
    "without end": '{"alg": "RS256", "kid": "rsa", "a": ' + "[" * 9000 + "]" * 9 + "}",
    "numbers without end": '{"alg": "RS256", "kid": "rsa", "a": ' + "9" * 9000 + "}",
    "a list": "[]",
    "a list for an algorithm": '{"alg": ["RS256"], "kid": "rsa"}',
    "a number for a key": '{"alg": "RS256", "kid": 7}',
    "an object for a type": '{"alg": "RS256", "kid": "rsa", "typ": {}}',
    "half a letter": '{"alg": "RS256", "kid": "\\ud800"}',
    "no algorithm": '{"kid": "rsa"}',
    "none in capitals": '{"alg": "NoNe", "kid": "rsa"}',
}


@pytest.mark.parametrize("header", HEADERS)
def test_headers_that_no_library_writes(client, trust, ci_issuer, header):
    _, payload, signature = ci_issuer.token(trust.audience).split(".")
    token = f"{encoded(HEADERS[header])}.{payload}.{signature}"
    assert refused(client, trust, token) in {"malformed", "bad_algorithm", "bad_header", "unknown_key"}


def signed(issuer, payload: str) -> str:
    key, algorithm = issuer.keys["rsa"]
    return jwt.PyJWS().encode(payload.encode(), key, algorithm=algorithm, headers={"kid": "rsa"})


#: Claim -> values of other types that a trusted issuer might write one day, as JSON.
TYPES = [
    ("exp", '"9999999999"'),
    ("exp", "true"),
    ("exp", "[]"),
    ("exp", "1e400"),
    ("exp", "NaN"),
    ("iat", '"1"'),
    ("iat", "1e400"),
    ("iat", "-1e400"),
    ("iat", "{}"),
    ("nbf", '"0"'),
    ("nbf", "false"),
    ("nbf", "1e400"),
    ("iss", "[]"),
    ("iss", "null"),
    ("aud", "{}"),
    ("aud", "[]"),
    ("aud", "[7]"),
    ("aud", "7"),
    ("sub", "[]"),
    ("jti", "7"),
    ("jti", "{}"),
    ("repository_id", "4711.0"),
    ("repository_id", "true"),
    ("repository_id", '{"4711": 1}'),
    ("repository_id", '"4711 "'),
    ("repository_id", '"4711\\u0000"'),
    ("environment", '"\\ud800"'),
    ("environment", "[" * 5000 + "]" * 5000),
]


@pytest.mark.parametrize(("name", "value"), TYPES, ids=lambda one: one[:16])
def test_claims_of_other_types(client, trust, ci_issuer, name, value):
    said = ci_issuer.claims(trust.audience)
    said[name] = "@"
    token = signed(ci_issuer, json.dumps(said).replace('"@"', value))
    assert refused(client, trust, token) in {
        *("malformed", "claim_missing", "wrong_issuer", "wrong_audience", "expired", "too_old", "not_yet"),
        "claims_differ",
    }


@pytest.mark.parametrize("payload", ["[]", '"x"', "7", "null", "{}", "", "[" * 9000])
def test_what_was_signed_is_an_object_of_claims(client, trust, ci_issuer, payload):
    assert refused(client, trust, signed(ci_issuer, payload)) in {"malformed", "claim_missing"}


def test_what_cannot_be_kept_is_shown_as_what_it_is(client, trust, ci_issuer):
    token = ci_issuer.token(trust.audience, sub="\x00\ud800\u202e", environment="staging")
    assert refused(client, trust, token) == "claims_differ"
    assert Event.objects.get(kind="identity.trust_refused").data["told"]["sub"] == "���"


def test_scopes_that_cannot_be_kept_are_refused_too(client, trust, ci_issuer):
    answer = exchanged(client, trust, ci_issuer.token(trust.audience), scope="read \x00 \u202e")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")
    assert reasons() == ["scope_too_wide"]


def test_a_trust_opens_its_own_project_alone(client, trust, ci_issuer, cleo, ada, nightly):
    theirs = projects.create_project(slug="theirs", name="Theirs", by=cleo)
    token = ci_issuer.token(trust.audience)
    bearer = {"Authorization": f"Bearer {exchanged(client, trust, token).json()['access_token']}"}
    assert client.get(f"/api/v1/projects/{theirs.pk}", headers=bearer).status_code == 404
    assert client.get(f"/api/v1/projects/{theirs.pk}/trusts", headers=bearer).status_code == 404


def test_a_token_for_the_trust_of_another_project_is_refused(client, trust, ci_issuer, cleo):
    theirs = services.create_trust(
        projects.create_project(slug="theirs", name="Theirs", by=cleo),
        name="same pipeline",
        kind="github",
        issuer=ci_issuer.url,
        claims=CLAIMS,
        account=accounts.create_service_account("hers", owner=cleo, by=cleo),
        scopes=["read"],
        by=cleo,
    )
    assert refused(client, trust, ci_issuer.token(theirs.audience)) == "wrong_audience"
    event = Event.objects.get(kind="identity.trust_refused")
    assert event.project_id == trust.project_id


#: Where the document of an issuer says that its keys are.
ADDRESSES = [
    "https://[",
    "http://a\x00b/jwks",
    "http://a\u202eb/jwks",
    "file:///etc/passwd",
    "http://169.254.169.254/latest/meta-data",
    "http://[::ffff:127.0.0.1]/jwks",
    "//127.0.0.1/jwks",
    "http://127.0.0.1:22/jwks",
    "http://127.0.0.1:{port}@127.0.0.2/jwks",
    "http://127.0.0.1:{port}\\@127.0.0.2/jwks",
    "http://127.0.0.1:99999/jwks",
    "",
    "x" * 5000,
]


@pytest.mark.parametrize("address", ADDRESSES, ids=lambda one: repr(one[:32]))
def test_an_issuer_sends_this_server_nowhere_else(client, trust, ci_issuer, address):
    ci_issuer.config = {"jwks_uri": address.replace("{port}", str(ci_issuer.port))}
    assert refused(client, trust, ci_issuer.token(trust.audience)) == "unknown_key"
    assert ci_issuer.seen == ["/.well-known/openid-configuration"]
    assert IssuerKeys.objects.get().ended_at is not None


@pytest.mark.parametrize(
    "key",
    [
        {"kty": ["RSA"], "kid": "rsa"},
        {"kty": "RSA", "kid": ["rsa"], "n": "AQAB", "e": "AQAB"},
        {"kty": "RSA", "kid": "rsa", "n": "!", "e": "!"},
        {"kty": "RSA", "kid": "rsa", "n": "", "e": ""},
        {"kty": "RSA", "kid": "rsa", "n": {}, "e": 7},
        {"kty": "RSA", "kid": "rsa", "n": "A" * 60_000, "e": "A" * 3},
        {"kty": "EC", "kid": "rsa", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "RSA", "kid": "rsa", "use": "enc", "n": "AQAB", "e": "AQAB"},
        {"kty": "RSA", "kid": "rsa", "key_ops": {"verify": 1}, "n": "AQAB", "e": "AQAB"},
        {"kty": "RSA", "kid": "rsa", "alg": "RS512", "n": "AQAB", "e": "AQAB"},
    ],
    ids=lambda one: json.dumps(one)[:50],
)
def test_keys_that_are_none(client, trust, ci_issuer, key):
    ci_issuer.jwks = lambda: {"keys": [key]}
    assert refused(client, trust, ci_issuer.token(trust.audience)) in {"unknown_key", "weak_key", "malformed"}


def test_a_slow_issuer_keeps_nobody_waiting_for_long(client, trust, ci_issuer, monkeypatch):
    monkeypatch.setattr(issuers, "CALL_SECONDS", 0.3)
    ci_issuer.seconds = 5
    began = time.monotonic()
    assert refused(client, trust, ci_issuer.token(trust.audience)) == "unknown_key"
    assert "did not answer within" in Event.objects.get(kind="identity.trust_refused").data["reason"]
    assert exchanged(client, trust, ci_issuer.token(trust.audience)).json() == REFUSAL
    assert time.monotonic() - began < 4
    assert len(ci_issuer.seen) == 1


def test_a_form_has_an_end(trust, ci_issuer):
    content = body(trust.audience, ci_issuer.token(trust.audience))
    padded = content + "&x=" + "x" * (MOST_BYTES - len(content) - 3)
    assert send(Client(), padded + "x").json()["error_description"].startswith("The request has more than")
    assert send(Client(), padded).status_code == 200


def test_answers_are_json_and_name_no_trust(client, trust, ci_issuer):
    sent = "<script>alert(1)</script>"
    for answer in (
        send(client, body(sent, sent)),
        send(client, body(trust.audience, sent, grant_type=sent)),
        send(client, body(trust.audience, sent, subject_token_type=sent)),
        send(client, f"{sent}=1&{sent}=2"),
    ):
        assert answer.status_code == 400
        assert answer["Content-Type"].startswith("application/json")
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert trust.name not in answer.content.decode()
