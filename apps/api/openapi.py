"""What the OpenAPI document says of all operations: how to sign in, the problems they answer, the headers they know."""

from functools import cache
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.authentication import PortalSessionAuthentication, TokenAuthentication
from apps.api.problems import MEDIA_TYPE, problem


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "mlgov_…"}


class SessionScheme(OpenApiAuthenticationExtension):
    target_class = PortalSessionAuthentication
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}


#: Problems by status: what it means, the code that most of them carry, and a sentence as an example.
_PROBLEMS = {
    400: ("The request cannot be read.", "bad_request", "JSON parse error: a comma is missing in line 3."),
    401: ("Nobody is signed in.", "not_signed_in", "This token is unknown, expired or revoked."),
    403: (
        "The principal may not do this; the sentence says who may.",
        "forbidden",
        "Only an owner may do this.",
    ),
    404: (
        "It does not exist, or not for you.",
        "not_found",
        "There is nothing here, or nothing that you may see.",
    ),
    406: (
        "No media type that the request accepts.",
        "not_acceptable",
        "Could not satisfy the Accept header.",
    ),
    409: ("The state does not allow it now.", "not_now", "This request is closed already."),
    412: (
        "Somebody changed it since If-Match was read.",
        "stale",
        "Somebody changed it meanwhile; read it anew.",
    ),
    413: (
        "The body is larger than the limit.",
        "too_large",
        "The request is too large. Send files as multipart.",
    ),
    415: ("A media type that the address does not take.", "unsupported_media_type", "Send JSON."),
    422: ("A field is wrong; ``errors`` points at each.", "invalid", "name: This field is required."),
    428: ("If-Match is missing.", "precondition_required", "Send If-Match with the ETag that you read."),
    429: ("Too many requests; wait as Retry-After says.", "throttled", "Expected available in 42 seconds."),
    503: ("A part is out of order; wait as Retry-After says.", "outage", "The database cannot be reached."),
}
_ALWAYS = (401, 403, 404, 406, 429, 503)
#: What the query asks for may be wrong too.
_WHEN_ASKING = (422,)
_WHEN_WRITING = (400, 409, 412, 413, 415, 422, 428)
_PROBLEM = {
    "type": "object",
    "description": "RFC 9457. Members beyond these belong to the code.",
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "One sentence for people."},
        "code": {"type": "string", "description": "Stable; programs decide by it."},
        "request_id": {"type": "string", "description": "Under this the log has it."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
#: What every answer of a counted request has; the document names it with the refusals, not a thousand times.
_LEFT = {
    "RateLimit": {
        "description": "What is left of the budget, and for how many seconds: draft-ietf-httpapi-ratelimit-headers-10.",
        "schema": {"type": "string"},
        "example": '"principal";r=0;t=42',
    },
    "RateLimit-Policy": {
        "description": "The budget: requests, and seconds of its window.",
        "schema": {"type": "string"},
        "example": '"principal";q=6000;w=60',
    },
    "Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}, "example": 42},
}
_IDEMPOTENCY_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "schema": {"type": "string", "maxLength": 200},
    "description": "A request that is sent again with its key acts once and is answered as the first time.",
}


#: The exchange of tokens speaks as RFC 8693 says, in its own errors.
EXCHANGE = "/api/v1/token"


def say_what_all_share(result: dict[str, Any], generator: Any, **_: Any) -> dict[str, Any]:
    """Add to each operation the problems that it may answer, and to what writes the header that makes it act once."""
    components = result["components"]
    _say_any_once(result)
    components["schemas"]["Problem"] = _PROBLEM
    components["responses"] = {
        f"Problem{status}": _response(status, *said) for status, said in _PROBLEMS.items()
    }
    for path, item in result["paths"].items():
        if path == EXCHANGE:
            continue
        for method, operation in item.items():
            more: tuple[int, ...] = ()
            if method in {"post", "put", "patch", "delete"}:
                more = _WHEN_WRITING
            elif any(one["in"] == "query" for one in operation.get("parameters", ())):
                more = _WHEN_ASKING
            # What the words of an operation name, it may answer.
            named = tuple(one for one in _PROBLEMS if str(one) in operation.get("description", ""))
            for status in sorted({*_ALWAYS, *more, *named}):
                reference = {"$ref": f"#/components/responses/Problem{status}"}
                operation["responses"].setdefault(str(status), reference)
            if method == "post":
                operation.setdefault("parameters", []).append(_IDEMPOTENCY_KEY)
    return result


def _say_any_once(part: Any) -> None:
    """Take back “anything, or null, but not both”, which is how a nullable field of JSON is written, and refuses null."""
    if isinstance(part, dict):
        if part.get("oneOf") == [{}, {"type": "null"}]:
            del part["oneOf"]
        for inner in part.values():
            _say_any_once(inner)
    elif isinstance(part, list):
        for inner in part:
            _say_any_once(inner)


def _response(status: int, meaning: str, code: str, sentence: str) -> dict[str, Any]:
    example = problem(sentence, code=code, http_status=status) | {"request_id": "0198c0de"}
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}
    described: dict[str, Any] = {"description": meaning, "content": {MEDIA_TYPE: content}}
    return described | {"headers": _LEFT} if status == 429 else described


@cache
def document() -> dict[str, Any]:
    """Return the whole document; it is the same for everybody, and takes seconds to write."""
    return dict(SchemaGenerator().get_schema(request=None, public=True))


class Schema(SpectacularAPIView):
    """Answers the document, which each process writes once."""

    def _get_schema_response(self, request: Request) -> Response:
        return Response(document())
