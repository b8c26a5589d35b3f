"""What a pipeline writes to get its token: shown on the page of a trust, whole, to be copied."""

import json
from urllib.parse import quote

from django.conf import settings

from apps.identity.enums import IssuerKind
from apps.identity.models import Trust

_EXCHANGE = """curl -sS --fail-with-body {url}/api/v1/token \\
  -d grant_type=urn:ietf:params:oauth:grant-type:token-exchange \\
  -d subject_token_type=urn:ietf:params:oauth:token-type:jwt \\
  -d audience={audience} \\
  --data-urlencode subject_token@-"""
_GITHUB = """jobs:
  evidence:
    runs-on: ubuntu-latest{environment}
    permissions:
      contents: read
      id-token: write
    steps:
      - name: Get a token of mlgov
        run: |
          token=$(curl -sS --fail-with-body -H "Authorization: Bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" \\
            "$ACTIONS_ID_TOKEN_REQUEST_URL&audience={asked}" | jq -j .value | \\
          {exchange} | jq -er .access_token)
          echo "::add-mask::$token"
          echo "MLGOV_TOKEN=$token" >> "$GITHUB_ENV"
"""
_GITLAB = """evidence:{environment}
  id_tokens:
    MLGOV_ID_TOKEN:
      aud: {audience}
  script:
    - |
      MLGOV_TOKEN=$(printf %s "$MLGOV_ID_TOKEN" | \\
      {exchange} | jq -er .access_token)
"""
_OTHER = """# $ID_TOKEN: what your issuer signed for the audience
# {audience}
MLGOV_TOKEN=$(printf %s "$ID_TOKEN" | \\
{exchange} | jq -er .access_token)
"""
_FORMS = {
    IssuerKind.GITHUB: (_GITHUB, 10, 4),
    IssuerKind.GITLAB: (_GITLAB, 6, 2),
    IssuerKind.OTHER: (_OTHER, 0, 0),
}


def snippet_of(trust: Trust) -> str:
    """Return the lines for the trust's kind of pipeline."""
    form, depth, job = _FORMS[IssuerKind(trust.kind)]
    exchange = _EXCHANGE.format(url=settings.BASE_URL, audience=trust.audience)
    named = trust.claims.get("environment")
    return form.format(
        exchange=exchange.replace("\n", "\n" + " " * depth),
        audience=trust.audience,
        asked=quote(trust.audience, safe=""),
        environment=f"\n{' ' * job}environment: {json.dumps(named, ensure_ascii=False)}" if named else "",
    )
