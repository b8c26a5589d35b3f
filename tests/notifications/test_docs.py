"""The code that docs/webhooks.md gives to receivers does what it says."""

import re
import time
from pathlib import Path

import pytest
from django.conf import settings

from apps.notifications import signing

BODY = b'{"type":"tests.told"}'


@pytest.fixture
def verify():
    text = (Path(settings.BASE_DIR) / "docs/webhooks.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    found: dict = {}
    exec(compile(code, "docs/webhooks.md", "exec"), found)
    return found["verify"]


def headers(*secrets: str, at: int | None = None) -> dict[str, str]:
    stamp = int(time.time()) if at is None else at
    made = [signing.signature(one, message_id="msg_1", timestamp=stamp, body=BODY) for one in secrets]
    return {"webhook-id": "msg_1", "webhook-timestamp": str(stamp), "webhook-signature": " ".join(made)}


def test_what_was_signed_is_accepted_with_either_secret_of_an_overlap(verify):
    old, new = signing.new_secret(), signing.new_secret()
    for secret in (old, new):
        verify(secret, headers(new, old), BODY)


def test_anything_else_is_refused(verify):
    secret = signing.new_secret()
    good = headers(secret)
    for wrong in (
        (signing.new_secret(), good, BODY),
        (secret, good, BODY + b" "),
        (secret, good | {"webhook-id": "msg_2"}, BODY),
        (secret, headers(secret, at=int(time.time()) - 301), BODY),
        (secret, good | {"webhook-signature": "v2," + good["webhook-signature"][3:]}, BODY),
        (secret, good | {"webhook-signature": ""}, BODY),
    ):
        with pytest.raises(ValueError, match=r"signature|old"):
            verify(*wrong)
