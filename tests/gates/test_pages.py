"""Pages and interface of the life of a request: works, bad input, stranger 404, wrong state, and query counts."""

import json
import re
import subprocess
import sys
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts import services as accounts
from apps.accounts.enums import Scope
from apps.core.canonical import digest
from apps.gates import due, queries, services
from apps.gates.models import Asked, Comment, Delegation, Promotion
from apps.gates.record import record_of
from apps.registry import services as registry
from tests.cast import PASSWORD, person
from tests.gates.light import MEANING, sign, tiny_version
from tests.gates.test_life import lend
from tests.gates.turning import age

VERIFY = settings.BASE_DIR / "docs" / "mlgov_verify.py"


@pytest.fixture
def as_(client):
    def act(user):
        client.force_login(user)
        return client

    return act


def test_the_thread_on_the_page(as_, request_, ben, cleo):
    place = reverse("gates:comment", args=[request_.pk])
    assert as_(ben).post(place, {"text": "Why **so**? <script>x</script>"}).status_code == 302
    first = Comment.objects.get()
    as_(ben).post(place, {"text": "An answer", "answers": str(first.pk)})
    content = as_(ben).get(reverse("gates:promotion", args=[request_.pk])).content.decode()
    assert "<strong>so</strong>" in content
    assert "<script>x" not in content
    assert f"#comment-{first.pk}" in content
    as_(ben).post(place, {"text": ""})
    assert Comment.objects.count() == 2
    assert as_(ben).post(place, {"text": "x", "answers": str(request_.pk)}).status_code == 404
    assert as_(cleo).post(place, {"text": "x"}).status_code == 404


def test_a_thread_costs_the_same_with_more_comments(as_, request_, ben, bea, dev):
    place = reverse("gates:promotion", args=[request_.pk])

    def cost():
        as_(ben).get(place)  # The frame counts what waits once.
        with CaptureQueriesContext(connection) as caught:
            assert as_(ben).get(place).status_code == 200
        return len(caught)

    services.comment(request_, text="one", by=dev)
    services.ask_for_seat(request_, person=bea, by=dev)
    cost()
    before = cost()
    for number in range(3):
        services.comment(request_, text=f"more {number}", by=(bea, dev)[number % 2])
    services.ask_for_seat(request_, person=ben, by=dev)
    assert cost() == before


def test_a_person_is_asked_by_name_on_the_page(as_, request_, dev, ben, vera, cleo):
    place = reverse("gates:ask_for_seat", args=[request_.pk])
    as_(dev).post(place, {"person": str(ben.pk)})
    assert Asked.objects.get().person == ben
    answer = as_(dev).post(place, {"person": str(vera.pk)}, follow=True)
    assert "Select a valid choice" in answer.content.decode()
    assert as_(vera).post(place, {"person": str(ben.pk)}).status_code == 403
    assert Asked.objects.count() == 1
    assert as_(cleo).post(place, {"person": str(ben.pk)}).status_code == 404


def test_delegating_on_the_page_and_signing_for_another(as_, request_, tiny, ben, vera, cleo):
    place = reverse("gates:delegations", args=[tiny.slug])
    body = {"to": str(vera.pk), "until": f"{timezone.now():%Y-%m-%d}", "reason": "On holiday."}
    assert as_(ben).post(place, body | {"reason": "x"}).status_code == 422
    assert as_(vera).post(place, body | {"to": str(ben.pk)}).status_code == 403
    assert as_(ben).post(place, body).status_code == 302
    lent = Delegation.objects.get()
    page = as_(vera).get(reverse("gates:sign", args=[request_.pk]))
    form = page.context["form"]
    assert form.fields["seat"].choices == [(str(lent.pk), "Ben, reviewer")]
    given = {**form.initial, "decision": "approve", "meaning": MEANING, "password": PASSWORD}
    assert as_(vera).post(reverse("gates:sign", args=[request_.pk]), given).status_code == 302
    assert request_.approvals.get().on_behalf_of == ben
    end = reverse("gates:end_delegation", args=[lent.pk])
    assert as_(cleo).post(end).status_code == 404
    assert as_(vera).post(end).status_code == 302
    assert as_(vera).post(end).status_code == 409
    assert as_(cleo).get(place).status_code == 404


def test_a_list_of_delegations_costs_the_same_with_three(as_, tiny, ben, vera, ada):
    from apps.projects import services as projects

    place = reverse("gates:delegations", args=[tiny.slug])

    def cost():
        as_(vera).get(place)  # The frame counts what waits once.
        with CaptureQueriesContext(connection) as caught:
            assert as_(vera).get(place).status_code == 200
        return len(caught)

    lend(tiny, by=ben, to=vera)
    cost()
    before = cost()
    for number in range(2):
        signer = person(f"x{number}")
        projects.add_member(tiny, user=signer, role="risk", by=ada)
        lend(tiny, by=signer, to=vera)
    assert cost() == before


def test_the_inbox_costs_the_same_with_three_requests(as_, tiny, dev, ben):
    def cost():
        with CaptureQueriesContext(connection) as caught:
            content = as_(ben).get(reverse("portal:home")).content.decode()
        return len(caught), content.count("data-rows")

    services.request_promotion(tiny_version(tiny, by=dev), to_stage="staging", by=dev)
    cost()
    before = cost()
    for _ in range(2):
        services.request_promotion(tiny_version(tiny, by=dev), to_stage="staging", by=dev)
    assert cost() == before
    assert queries.inbox_count(ben) == 3


def test_what_changed_stands_on_the_page_before_anyone_signs(as_, request_, light, dev, ben):
    registry.report_check(light, name="load_test", status="failed", by=dev)
    for name in ("gates:promotion", "gates:sign"):
        content = as_(ben).get(reverse(name, args=[request_.pk])).content.decode()
        assert "What changed" in content, name
        assert "checks.load_test.status) was not known and is failed" in content
    body = {
        "digest": request_.evidence_digest,
        "decision": "approve",
        "meaning": MEANING,
        "password": PASSWORD,
    }
    answer = as_(ben).post(reverse("gates:sign", args=[request_.pk]), body)
    assert answer.status_code == 409
    assert "was not known and is failed" in answer.content.decode()


def test_the_pages_of_a_re_review(as_, live, tiny, ben, vera, cleo):
    review = live.reviews.get()
    place = reverse("gates:review", args=[review.pk])
    assert "opens on" in as_(ben).get(place).content.decode()
    assert as_(ben).post(reverse("gates:start_review", args=[review.pk])).status_code == 409
    age(review, opens_at=timedelta(days=100), due_at=timedelta(days=100))
    due.keep_time()
    for name, arg in (("portal:version", live.pk), ("portal:project", tiny.slug), ("portal:home", None)):
        content = as_(ben).get(reverse(name, args=[arg] if arg else [])).content.decode()
        assert place in content, name
    assert "banner-bad" in as_(ben).get(reverse("portal:version", args=[live.pk])).content.decode()
    finding = reverse("gates:finding", args=[review.pk])
    assert as_(ben).post(finding, {"finding": "x"}).status_code == 422
    assert as_(vera).post(finding, {"finding": "I found something."}).status_code == 403
    started = as_(ben).post(reverse("gates:start_review", args=[review.pk]))
    assert started.status_code == 302
    assert "Re-review of" in as_(ben).get(started["Location"]).content.decode()
    assert as_(ben).post(finding, {"finding": "The data has drifted."}).status_code == 302
    assert "The data has drifted." in as_(ben).get(place).content.decode()
    for name in ("gates:review", "gates:start_review", "gates:finding"):
        act = as_(cleo).get if name == "gates:review" else as_(cleo).post
        assert act(reverse(name, args=[review.pk])).status_code == 404


def test_the_times_page_has_chart_table_and_csv(as_, tiny, dev, ben, bea, cleo):
    place = reverse("gates:times", args=[tiny.slug])
    assert "Nothing was decided yet" in as_(dev).get(place).content.decode()

    def decided(count):
        for _ in range(count):
            promotion = services.request_promotion(tiny_version(tiny, by=dev), to_stage="staging", by=dev)
            sign(promotion, ben)
            sign(promotion, bea)
            services.request_promotion(tiny_version(tiny, by=dev, slug="n"), to_stage="staging", by=dev)

    def cost(name):
        with CaptureQueriesContext(connection) as caught:
            content = as_(dev).get(name).content.decode()
        assert "<svg" in content
        return len(caught)

    decided(1)
    before = [cost(place), cost(reverse("gates:all_times"))]
    decided(2)
    assert [cost(place), cost(reverse("gates:all_times"))] == before
    answer = as_(dev).get(place + "?format=csv")
    assert answer["Content-Type"].startswith("text/csv")
    assert len(answer.content.decode().splitlines()) == 7
    assert as_(cleo).get(place).status_code == 404
    assert as_(cleo).get(reverse("gates:all_times") + "?format=csv").content.decode().count("\n") == 1


def verify(tmp_path, record, *more):
    path = tmp_path / "record.json"
    path.write_text(json.dumps(record, ensure_ascii=False))
    done = subprocess.run(
        [sys.executable, "-I", str(VERIFY), str(path), *more], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.promise("signed record")
def test_a_signed_record_is_verified_offline(as_, request_, ben, cleo, tmp_path):
    given = sign(request_, ben, comment="Naïve “quotes” and ☃.")
    place = reverse("gates:record", args=[given.pk])
    assert as_(cleo).get(place).status_code == 404
    answer = as_(ben).get(place)
    assert "attachment" in answer["Content-Disposition"]
    record = json.loads(answer.content)
    assert record["proof"] is None
    assert record["record"]["signer"]["reauthenticated_by"] == "password"
    code, said = verify(tmp_path, record)
    assert (code, "agrees with itself" in said, "WARNING: not sealed" in said) == (0, True, True), said
    services.withdraw_approval(given, by=ben, reason="I looked at it again.")
    assert as_(ben).get(place).json()["withdrawn"]["reason"] == "I looked at it again."
    assert verify(tmp_path, as_(ben).get(place).json())[0] == 0


@pytest.mark.promise("signed record")
@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("comment",), "other", "The record was changed"),
        (("evidence", "schema"), 2, "The evidence is not what was signed"),
        (("policy", "document", "title"), "x", "The policy is not the revision named"),
        (("signer", "name"), "Eve", "The record was changed"),
    ],
)
def test_a_record_that_was_changed_is_found_out(request_, ben, tmp_path, path, value, said):
    record = json.loads(json.dumps(record_of(queries.approval_for(ben, sign(request_, ben).pk))))
    inner = record["record"]
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    code, output = verify(tmp_path, record)
    assert code == 1
    assert said in output
    assert verify(tmp_path, {"x": 1})[0] != 0


@pytest.mark.parametrize(
    "value",
    [
        *(0, -0.0, 1, -1, 2**53 - 1, 0.1, 1.5, 1e21, 1e20, 123456789012345680000.0, 1e-6, 1e-7, 1.5e-7),
        *(5e-324, 1.7976931348623157e308, 333333333.33333329, 4.5, 2e-3, 1e23, 9007199254740993.0, 0.000001),
        *(
            "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"\u002f",
            "\u007f\u2028",
            {"\u20ac": 1, "\ufb33": 2, "\U0001f600": 3},
        ),
        *([True, None, [], {}],),
    ],
)
def test_the_verifier_s_canonical_json_is_the_portal_s(value):
    import importlib.util

    spec = importlib.util.spec_from_file_location("mlgov_verify", VERIFY)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.digest(value) == digest(value)


@pytest.fixture
def api(client):
    def act(user):
        made = APIClient()
        made.force_login(user)
        return made

    return act


def test_the_interface_to_the_life_of_a_request(api, request_, tiny, light, dev, ben, bea, vera, cleo):
    base = f"/api/v1/promotions/{request_.pk}"
    made = api(ben).post(f"{base}/comments", {"text": "Why so?"}, format="json")
    assert (made.status_code, made.json()["author"]["name"]) == (201, "Ben")
    assert api(ben).post(f"{base}/comments", {"words": "x"}, format="json").status_code == 422
    assert [one["text"] for one in api(vera).get(f"{base}/comments").json()["results"]] == ["Why so?"]
    assert api(dev).get(f"{base}/changes").json()["stale"] is False
    registry.report_check(light, name="late", status="passed", by=dev)
    found = api(dev).get(f"{base}/changes").json()
    assert (found["stale"], found["groups"][0]["title"]) == (True, "Checks")
    asked = api(dev).post(f"{base}/seats", {"person": str(bea.pk)}, format="json")
    assert (asked.status_code, asked.json()["role"]) == (201, "reviewer")
    assert api(dev).post(f"{base}/seats", {"person": str(cleo.pk)}, format="json").status_code == 422
    until = (timezone.now() + timedelta(days=1)).isoformat()
    body = {"to": str(vera.pk), "until": until, "reason": "Away tomorrow."}
    place = f"/api/v1/projects/{tiny.pk}/delegations"
    lent = api(ben).post(place, body, format="json")
    assert lent.status_code == 201, lent.content
    assert api(vera).post(place, body, format="json").status_code == 403
    assert api(ben).post(f"/api/v1/delegations/{lent.json()['id']}/end").status_code == 200
    assert api(ben).post(f"/api/v1/delegations/{lent.json()['id']}/end").status_code == 409
    assert api(dev).get(f"/api/v1/projects/{tiny.pk}/request-times").json()["stages"][0]["waiting"] == 1
    for path in (f"{base}/comments", f"{base}/changes", place, f"/api/v1/projects/{tiny.pk}/request-times"):
        assert api(cleo).get(path).status_code == 404
    assert api(cleo).post(f"{base}/seats", {"person": str(bea.pk)}, format="json").status_code == 404


def test_the_interface_to_re_reviews_and_records(api, live, ben, cleo):
    review = live.reviews.get()
    place = f"/api/v1/reviews/{review.pk}"
    assert api(ben).get(place).json()["state"] == "scheduled"
    assert api(ben).post(f"{place}/start").status_code == 409
    age(review, opens_at=timedelta(days=61), due_at=timedelta(days=61))
    due.keep_time()
    assert api(ben).post(f"{place}/start").json()["purpose"] == "review"
    assert (
        api(ben).post(f"{place}/finding", {"finding": "It drifts a lot."}, format="json").status_code == 200
    )
    approval = Promotion.objects.get(state="promoted").approvals.first()
    record = api(ben).get(f"/api/v1/approvals/{approval.pk}/record").json()
    assert record["record_digest"] == digest(record["record"])
    for path in (place, f"/api/v1/approvals/{approval.pk}/record", f"/api/v1/versions/{live.pk}/reviews"):
        assert api(cleo).get(path).status_code == 404


@pytest.mark.promise("31")
def test_a_token_decides_nothing_about_who_signs(request_, tiny, ben, vera):
    _, secret = accounts.issue_token(ben, name="mine", scopes=Scope.values, by=ben)
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    body = {"to": str(vera.pk), "until": (timezone.now() + timedelta(days=1)).isoformat(), "reason": "Away."}
    assert api.post(f"/api/v1/projects/{tiny.pk}/delegations", body, format="json").status_code == 403
    seat = {"person": str(vera.pk)}
    assert api.post(f"/api/v1/promotions/{request_.pk}/seats", seat, format="json").status_code == 403


def test_no_page_of_the_life_of_a_request_is_broken(as_, live, tiny, ben):
    inline = re.compile(rb"<script(?![^>]*\ssrc=)|\sstyle=\"|\son[a-z]+=\"")
    review = live.reviews.get()
    for place in (
        *(reverse("gates:review", args=[review.pk]), reverse("gates:times", args=[tiny.slug])),
        *(
            reverse("gates:delegations", args=[tiny.slug]),
            reverse("gates:promotion", args=[review.promotion_id]),
        ),
    ):
        answer = as_(ben).get(place)
        assert answer.status_code == 200
        assert not inline.search(answer.content)
