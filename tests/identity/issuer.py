"""An OpenID Connect provider on loopback: real RS256 tokens, discovery, keys and a token endpoint with PKCE."""

import base64
import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT = "mlgov"
_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Issuer:
    """``claims`` goes into the next token; ``key`` signs it; ``seen`` are the paths that were called."""

    def __init__(self) -> None:
        self.key = self.published = _KEY
        self.claims: dict[str, object] = {}
        self.challenge = ""
        self.algorithm = "RS256"
        self.config: dict[str, object] = {}
        self.seen: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.seen.append(self.path)
                found = {"/.well-known/openid-configuration": outer.discovery, "/jwks": outer.keys}
                self.answer(found[self.path]())

            def do_POST(self) -> None:
                outer.seen.append(self.path)
                body = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                digest = hashlib.sha256(body["code_verifier"][0].encode()).digest()
                assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == outer.challenge
                self.answer({"access_token": "x", "token_type": "Bearer", "id_token": outer.token()})

            def answer(self, found: object) -> None:
                body = json.dumps(found).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        # Closing waits for the next look: half a second, unless told otherwise.
        threading.Thread(target=self.server.serve_forever, args=[0.005], daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def discovery(self) -> dict[str, object]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        } | self.config

    def keys(self) -> dict[str, object]:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.published.public_key()))
        return {"keys": [public | {"kid": "one", "use": "sig", "alg": "RS256"}]}

    def token(self) -> str:
        key = self.key if self.algorithm.startswith("RS") else "a shared secret, long enough for the library"
        key = None if self.algorithm == "none" else key
        return jwt.encode(self.claims, key, algorithm=self.algorithm, headers={"kid": "one"})

    def settings(self) -> dict[str, object]:
        app = {
            "provider_id": "sso",
            "name": "Acme",
            "client_id": CLIENT,
            "secret": "secret",
            "settings": {"server_url": self.url, "issuer": self.url},
        }
        return {"openid_connect": {"APPS": [app], "OAUTH_PKCE_ENABLED": True}}

    def sign_in(self, client, *, subject, email="", connect=False, nonce=None, state=None, **claims):
        """Walk the whole way: to the provider, and back with a token about ``subject``."""
        ahead = client.post("/accounts/sso/sso/" + ("?process=connect" if connect else ""))
        asked = {name: value[0] for name, value in parse_qs(urlsplit(ahead["Location"]).query).items()}
        self.challenge = asked["code_challenge"]
        now = int(time.time())
        told = {"email": email, "email_verified": True} if email else {}
        self.claims = {
            "iss": self.url,
            "sub": subject,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 60,
            "nonce": nonce or asked["nonce"],
            "name": subject.capitalize(),
            **told,
            **claims,
        }
        return client.get("/accounts/sso/sso/callback/", {"code": "c", "state": state or asked["state"]})
