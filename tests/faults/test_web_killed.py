"""The web process is killed at any moment of an act: all of it happened or nothing, and who sends again reads the truth."""

import json
import time

import pytest
from django.conf import settings
from django.urls import reverse

from apps.accounts import services as accounts
from apps.accounts.enums import Scope
from apps.api.models import IdempotentAnswer
from apps.audit.models import Event
from apps.audit.verifying import verify
from apps.gates import services
from apps.gates.models import Promotion, Transition
from apps.registry.models import Version
from tests.audit.conftest import seal, sealing  # noqa: F401 - fixtures
from tests.cast import PASSWORD
from tests.conftest import superuser
from tests.faults.processes import Browser, Holding, read, wait_for
from tests.gates.conftest import bea, tiny  # noqa: F401 - fixtures
from tests.gates.light import MEANING, sign, tiny_version
from tests.gates.test_stateful import broken

pytestmark = [
    pytest.mark.broker,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("_passwords_as_in_production"),
]
#: Tables that a promotion writes to; held up there, the process is killed between its first write and its commit.
MIDDLE = ("gates_approval", "gates_transition", "registry_version", "notifications_notice")
#: Moments at which it is killed, as parts of how long the call takes when nobody kills it.
PARTS = [step / 12 for step in range(15)]


def almost_signed(project, dev, others, *, slug="m") -> Promotion:
    """Open a request for production that lacks one signature."""
    version = tiny_version(project, by=dev, slug=slug)
    promotion = services.request_promotion(version, to_stage="production", by=dev)
    for person in others:
        sign(promotion, person)
    return promotion


def outcome(promotion: Promotion) -> str:
    """Say whether a promotion happened wholly or not at all; anything between fails."""
    promotion = Promotion.objects.get(pk=promotion.pk)
    version = Version.objects.get(pk=promotion.version_id)
    signatures = promotion.approvals.filter(withdrawn_at__isnull=True)
    moves = Transition.objects.filter(version=version)
    found = (promotion.state, signatures.count(), version.stage, moves.count())
    events = Event.objects.filter(object_id=promotion.pk, kind__in=["gates.approved", "gates.promoted"])
    told = sorted(events.values_list("kind", flat=True))
    assert broken() == []
    if found == ("open", 2, "development", 0):
        assert told == ["gates.approved"] * 2
        return "nothing"
    assert found == ("promoted", 3, "production", 1)
    assert told == ["gates.approved"] * 3 + ["gates.promoted"]
    others = Version.objects.filter(model_id=version.model_id).exclude(pk=version.pk)
    assert not others.filter(stage="production").exists()
    return "everything"


def at_work() -> bool:
    """Say whether the database still works for a process that is gone; it notices when it has something to say."""
    with superuser() as admin:
        query = "SELECT 1 FROM pg_stat_activity WHERE usename = 'mlgov_app' AND xact_start IS NOT NULL"
        return admin.execute(query).fetchone() is not None


def signature_of(promotion: Promotion) -> tuple[str, dict[str, str]]:
    form = {"digest": promotion.evidence_digest, "decision": "approve", "meaning": MEANING}
    return reverse("gates:sign", args=[promotion.pk]), form | {"password": PASSWORD}


def demand_verified(seal, sealing):  # noqa: F811
    seal()
    report = verify(key=sealing.verifier, heads_file=settings.AUDIT_HEADS_FILE)
    assert report.ok, report.findings
    assert report.events == Event.objects.count()


class Signing:
    """Ben gives the last signature of one request after the other, in a browser."""

    def __init__(self, web, browser, project, dev, others) -> None:
        self.web, self.browser = web, browser
        self._project, self._dev, self._others = project, dev, others

    def ready(self) -> Promotion:
        """Open the next request, and see that the process is up and warm."""
        promotion = almost_signed(self._project, self._dev, self._others)
        assert self.browser.get(signature_of(promotion)[0]).status == 200
        return promotion

    def send(self, promotion: Promotion):
        return self.browser.send("POST", *signature_of(promotion))

    def send_again(self, promotion: Promotion) -> None:
        """Who sends again reads that it was done already, or does it now; then it is done, once."""
        before = outcome(promotion)
        answer = read(self.send(promotion))
        if before == "everything":
            assert answer.status == 409
            assert "This request is closed: promoted." in answer.text
        else:
            assert answer.status == 302
        assert outcome(promotion) == "everything"


@pytest.fixture
def signing(start_web, client, tiny, dev, ben, bea, rita):  # noqa: F811
    web = start_web()
    client.force_login(ben)
    return Signing(web, Browser(web, client), tiny, dev, (bea, rita))


@pytest.mark.promise("faults", "6", "7", "11")
def test_a_promotion_that_is_killed_in_the_middle_did_not_happen(signing, seal, sealing):  # noqa: F811
    for table in MIDDLE:
        promotion = signing.ready()
        with Holding(table) as held:
            sent = signing.send(promotion)
            held.until_somebody_waits()
            signing.web.kill_worker()
            assert read(sent) is None
        wait_for(lambda: not at_work())
        assert outcome(promotion) == "nothing"
        signing.send_again(promotion)
    demand_verified(seal, sealing)


@pytest.mark.promise("faults", "6", "7", "11")
def test_a_promotion_is_whole_or_absent_whenever_the_web_process_dies(signing, seal, sealing):  # noqa: F811
    first = signing.ready()
    began = time.monotonic()
    assert read(signing.send(first)).status == 302
    took = time.monotonic() - began
    for part in PARTS:
        promotion = signing.ready()
        sent = signing.send(promotion)
        time.sleep(took * part)
        signing.web.kill_worker()
        answer = read(sent)
        assert answer is None or answer.status == 302
        wait_for(lambda: not at_work())
        assert answer is None or outcome(promotion) == "everything"
        signing.send_again(promotion)
    promotion = signing.ready()
    assert read(signing.send(promotion)).status == 302
    signing.web.kill_worker()
    assert outcome(promotion) == "everything"
    demand_verified(seal, sealing)


@pytest.fixture
def pipeline(start_web, tiny, dev):  # noqa: F811
    """A token of dev's at a server of its own."""
    _, secret = accounts.issue_token(dev, name="t", scopes=Scope.values, by=dev)
    return Browser(start_web(), token=secret)


BODY = json.dumps({"to": "production"})
HEADERS = {"Content_Type": "application/json"}
HELD_UP = 47_110
HOLD_UP = f"""
    CREATE FUNCTION test_hold_up() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_advisory_xact_lock({HELD_UP}); RETURN NEW; END $$;
    CREATE TRIGGER test_hold_up BEFORE UPDATE ON api_idempotentanswer
    FOR EACH ROW WHEN (NEW.status IS NOT NULL) EXECUTE FUNCTION test_hold_up();
"""


@pytest.mark.promise("faults", "29")
def test_a_key_whose_process_died_before_it_wrote_serves_again_at_once(pipeline, tiny, dev):  # noqa: F811
    version = tiny_version(tiny, by=dev)
    place = f"/api/v1/versions/{version.pk}/promotions"
    assert pipeline.get(place).status == 200
    with Holding("gates_promotion") as held:
        sent = pipeline.send("POST", place, BODY, Idempotency_Key="one", **HEADERS)
        held.until_somebody_waits()
        # Who asks while the first is at it is told so.
        still = pipeline.post(place, BODY, Idempotency_Key="one", **HEADERS)
        assert (still.status, json.loads(still.text)["code"]) == (409, "still_running")
        pipeline.web.kill_worker()
        assert read(sent) is None
    wait_for(lambda: not at_work())
    assert not Promotion.objects.exists()
    again = pipeline.post(place, BODY, Idempotency_Key="one", **HEADERS)
    assert again.status == 201, again.text
    twice = pipeline.post(place, BODY, Idempotency_Key="one", **HEADERS)
    assert (twice.status, twice.headers["Idempotent-Replayed"], twice.text) == (201, "true", again.text)
    assert Promotion.objects.count() == 1
    assert broken() == []


@pytest.fixture
def answers_held_up(transactional_db):
    """Hold up whoever keeps an answer: what was asked is committed then. Returns which session waits."""
    with superuser() as admin, superuser() as holder:
        admin.execute(HOLD_UP)
        holder.execute("SELECT pg_advisory_lock(%s)", [HELD_UP])
        waiting = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND NOT granted"
        try:
            yield lambda: admin.execute(waiting, [HELD_UP]).fetchone()
        finally:
            holder.execute("SELECT pg_advisory_unlock_all()")
            admin.execute("DROP FUNCTION test_hold_up CASCADE")


@pytest.mark.promise("faults", "29")
def test_a_key_whose_answer_was_lost_says_that_it_was_done(pipeline, tiny, dev, answers_held_up):  # noqa: F811
    model = tiny_version(tiny, by=dev).model
    place = f"/api/v1/models/{model.pk}/versions"
    assert pipeline.get(place).status == 200
    sent = pipeline.send("POST", place, "{}", Idempotency_Key="lost", **HEADERS)
    (waiting,) = wait_for(answers_held_up)
    pipeline.web.kill_worker()
    assert read(sent) is None
    # The database would notice that its client is dead when it next writes to it; here, at once.
    with superuser() as admin:
        admin.execute("SELECT pg_terminate_backend(%s)", [waiting])
    wait_for(lambda: not at_work())
    assert model.versions.count() == 2
    again = pipeline.post(place, "{}", Idempotency_Key="lost", **HEADERS)
    assert (again.status, json.loads(again.text)["code"]) == (409, "done_already"), again.text
    assert "was done" in json.loads(again.text)["detail"]
    assert model.versions.count() == 2
    assert IdempotentAnswer.objects.get().done
