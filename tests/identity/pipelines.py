"""An issuer of identity tokens for pipelines on loopback, with keys of several kinds, and what a job sends."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlencode
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

#: What a job of the trusted repository says.
CLAIMS = {
    "repository_id": "4711",
    "repository_owner_id": "42",
    "environment": "production",
    "workflow_ref": "acme/loans/.github/workflows/train.yml@refs/heads/main",
}
ALGORITHMS = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC", "EdDSA": "OKP"}
_RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
JWT = "urn:ietf:params:oauth:token-type:jwt"


class CiIssuer:
    """``keys``: name -> (private key, algorithm); ``answers``: path -> (status, body, headers) in place of the right ones."""

    def __init__(self) -> None:
        self.keys = {
            "rsa": (_RSA, "RS256"),
            "ec": (ec.generate_private_key(ec.SECP256R1()), "ES256"),
            "ed": (ed25519.Ed25519PrivateKey.generate(), "EdDSA"),
        }
        self.answers: dict[str, tuple[int, bytes, dict[str, str]]] = {}
        self.config: dict[str, object] = {}
        self.seen: list[str] = []
        #: So long it thinks before it answers.
        self.seconds = 0.0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.seen.append(self.path)
                time.sleep(outer.seconds)
                status, body, headers = outer.answer(self.path)
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        # Closing waits for the next look: half a second, unless told otherwise.
        threading.Thread(target=self.server.serve_forever, args=[0.005], daemon=True).start()
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def answer(self, path: str) -> tuple[int, bytes, dict[str, str]]:
        if path in self.answers:
            return self.answers[path]
        found = {"/.well-known/openid-configuration": self.discovery, "/jwks": self.jwks}[path]()
        return 200, json.dumps(found).encode(), {"Content-Type": "application/json"}

    def discovery(self) -> dict[str, object]:
        return {"issuer": self.url, "jwks_uri": f"{self.url}/jwks"} | self.config

    def jwks(self) -> dict[str, object]:
        return {"keys": [self.public(name) for name in self.keys]}

    def public(self, name: str) -> dict[str, object]:
        key, algorithm = self.keys[name]
        return jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key(), as_dict=True) | {
            "kid": name,
            "use": "sig",
        }

    def claims(self, audience: str, **other: object) -> dict[str, object]:
        """Return the claims of a right token; what is None is left out."""
        now = int(time.time())
        said = {
            "iss": self.url,
            "sub": "repo:acme/loans:environment:production",
            "aud": audience,
            "iat": now,
            "nbf": now,
            "exp": now + 300,
            "jti": str(uuid4()),
            "run_id": "1001",
            **CLAIMS,
            **other,
        }
        return {name: value for name, value in said.items() if value is not None}

    def token(
        self, audience: str, *, kid: str = "rsa", algorithm: str = "", headers: object = None, **other: object
    ) -> str:
        """Sign a token that is right but for what ``other`` says."""
        key, own = self.keys[kid]
        said = {"kid": kid, **(headers or {})}
        if said["kid"] is None:
            del said["kid"]
        return jwt.encode(self.claims(audience, **other), key, algorithm=algorithm or own, headers=said)


def body(trust_audience: str, token: str, **other: str) -> str:
    """Return the form that a job sends; what is empty is left out."""
    said = {
        "grant_type": GRANT,
        "subject_token_type": JWT,
        "subject_token": token,
        "audience": trust_audience,
        **other,
    }
    return urlencode({name: value for name, value in said.items() if value})


def send(client, content: str, **headers: str):
    return client.post(
        "/api/v1/token", content, content_type="application/x-www-form-urlencoded", headers=headers
    )
