"""A public link shows what is published to people without an account, and nothing else to anybody."""

import re
from datetime import timedelta
from time import process_time

import pytest
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from apps.audit.models import Event
from apps.core.canonical import digest_bytes
from apps.core.errors import Forbidden, Invalid, Refused
from apps.jobs.models import Job
from apps.jobs.running import run as run_job
from apps.modelcards import commenting, life, sharing
from apps.modelcards import services as cards
from apps.modelcards.models import PublicLink
from apps.modelcards.public import _without, content_of, is_public, public_view
from apps.modelcards.views_public import PUBLIC_HEADERS
from apps.projects import services as projects
from apps.projects.models import Membership
from tests.cast import evaluate
from tests.gates.turning import age
from tests.modelcards import living, sample

pytestmark = [pytest.mark.django_db, pytest.mark.method("M9.2")]
LEAKY = """Ask Ada, or ben@example.com; Vera, who left, knew; dev@example.com trained it. See
[the run](http://localhost:8000/runs/018f0000-0000-7000-8000-000000000000/), https://wiki.corp/mortgages,
/srv/models/mortgages/approval.bin, C:\\models\\a.bin, s3://bucket/approval, db7.internal:5432, 10.1.2.3
and commit 0123abc. Read [the paper](https://arxiv.org/abs/1810.03993), and 1000000 rows and/or more."""


@pytest.fixture(autouse=True)
def _public_cards(settings):
    settings.PUBLIC_CARDS = True


@pytest.fixture
def shown(version, dev, ben, ada):
    """A published card that says much, with an evaluation, and the secret of its link."""
    evaluate(version, by=dev)
    living.published(version, writer=dev, publisher=ben, description=LEAKY)
    _, secret = sharing.create_link(version, note="The press", days=30, by=ada)
    return secret


def path_of(secret):
    return reverse("modelcards:public", args=[secret])


def test_strangers_read_what_is_published(client, shown, version, dev):
    cards.change_card(version, fields={"intended_use": "A draft that nobody reviewed."}, by=dev)
    answer = client.get(path_of(shown))
    text = answer.content.decode()
    assert answer.status_code == 200
    for word in (
        "About intended use.",
        "https://arxiv.org/abs/1810.03993",
        "ROC-AUC",
        "Impact ratio",
        "1000000 rows and/or",
    ):
        assert word in text
    assert "[owner]" in text
    assert "by a reviewer" in text
    assert "A draft that nobody reviewed" not in text


def test_no_internal_name_leaks(client, shown, version, project, dev, ben, ada, rita, vera):
    commenting.comment(version, field="description", text="Rather embarrassing.", by=ben)
    projects.remove_member(Membership.objects.get(user=vera), by=ada)
    answer = client.get(path_of(shown))
    text = answer.content.decode()
    evaluation, run = version.evaluations.get(), version.run
    words = {one.full_name for one in (dev, ben, ada, rita, vera)} | {
        one.email for one in (dev, ben, ada, rita, vera)
    }
    words |= {str(one) for one in (version.pk, project.pk, evaluation.pk, run.pk, evaluation.job_id)}
    words |= {
        project.slug,
        version.model.slug,
        run.experiment.name,
        run.name,
    }
    words |= {
        "Rather embarrassing",
        "localhost",
        "wiki.corp",
        "/srv/",
        "C:\\",
        "s3://",
        "db7",
        "10.1.2.3",
        "0123abc",
    }
    words |= set(version.artifacts.values_list("path", flat=True)) | {
        living.MEANING,
        "/versions/",
        "/projects/",
    }
    # The model is named on purpose: without its name a card is of nothing.
    shown_text = re.sub(r"Model card: \w+, version", "", text)
    leaks = [word for word in words if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", shown_text)]
    assert not leaks, f"{leaks} in {shown_text}"


def test_the_answer_leaves_no_trace(client, shown, ada):
    client.force_login(ada)
    for secret, status in ((shown, 200), ("wrong", 404)):
        answer = client.get(path_of(secret))
        assert answer.status_code == status
        assert not answer.cookies
        assert answer["Referrer-Policy"] == "no-referrer"
        assert answer["Cache-Control"] == "private, no-store"
        assert "noindex" in answer["X-Robots-Tag"]
        for other in (client.post(path_of(secret)), client.get(path_of(secret).rstrip("/"))):
            assert other.status_code in {405, status}
            assert all(other[name] == value for name, value in PUBLIC_HEADERS.items())
        assert "default-src 'none'" in answer["Content-Security-Policy"]
        assert "<script" not in answer.content.decode()
        assert "Ada" not in answer.content.decode()
    assert (
        not Event.objects.filter(kind__startswith="modelcards.link_")
        .exclude(kind="modelcards.link_created")
        .exists()
    )


def test_whatever_is_wrong_looks_the_same(client, shown, version, ada, ben, settings):
    nothing = client.get(path_of("x" * 43))
    link = PublicLink.objects.get()

    def same():
        answer = client.get(path_of(shown))
        return (answer.status_code, answer.content) == (404, nothing.content)

    assert not same()
    settings.PUBLIC_CARDS = False
    assert same()
    settings.PUBLIC_CARDS = True
    with transaction.atomic():
        age(link, created_at=timedelta(days=31), expires_at=timedelta(days=31))
        assert same()
        transaction.set_rollback(True)
    assert not same()
    with transaction.atomic():
        life.withdraw(version, reason="It is not true.", by=ben)
        assert same()
        transaction.set_rollback(True)
    sharing.withdraw_link(link, by=ada)
    assert same()
    for secret in ("%00", "a" * 3000, "é", shown[:-1], shown.swapcase()):
        assert client.get(f"/public/cards/{secret}/").content == nothing.content


def test_only_the_digest_is_kept_and_each_secret_is_its_own(shown, version, ada):
    link = PublicLink.objects.get()
    assert link.secret_digest == digest_bytes(shown.encode())
    assert shown not in str(list(Event.objects.values_list("data", flat=True)))
    assert len(shown) >= 43
    _, other = sharing.create_link(version, note="A buyer", days=1, by=ada)
    assert other != shown


def test_too_many_requests_of_one_place_wait(client, shown):
    statuses = [client.get(path_of("wrong")).status_code for _ in range(61)]
    assert (statuses[0], statuses[-1]) == (404, 429)
    assert client.get(path_of(shown)).status_code == 429


def test_who_makes_and_ends_links(shown, version, dev, ben, ada, ci, settings):
    link = PublicLink.objects.get()
    for who in (dev, ben, ci.user):
        with pytest.raises(Forbidden):
            sharing.create_link(version, note="The press", days=30, by=who)
        with pytest.raises(Forbidden):
            sharing.withdraw_link(link, by=who)
    for days, note in ((0, "x"), (367, "x"), (30, " ")):
        with pytest.raises(Invalid):
            sharing.create_link(version, note=note, days=days, by=ada)
    settings.PUBLIC_CARDS = False
    with pytest.raises(Refused, match="MLGOV_PUBLIC_CARDS"):
        sharing.create_link(version, note="The press", days=30, by=ada)
    sharing.withdraw_link(link, by=ada)
    with pytest.raises(Refused, match="ended already"):
        sharing.withdraw_link(link, by=ada)
    settings.PUBLIC_CARDS = True
    life.withdraw(version, reason="It is not true.", by=ada)
    with pytest.raises(Refused, match="Only a published card"):
        sharing.create_link(version, note="The press", days=30, by=ada)


def test_the_end_of_a_link_is_recorded_once_and_for_good(shown, version, ada):
    link = PublicLink.objects.get()
    with pytest.raises(IntegrityError, match="shows something else"), transaction.atomic():
        PublicLink.objects.update(expires_at=timezone.now() + timedelta(days=900), lock_version=2)
    age(link, created_at=timedelta(days=31), expires_at=timedelta(days=31))
    for _ in range(2):
        job = Job.objects.create(kind="modelcards.keep_links", args={})
        run_job(job.pk, worker="test")
    assert Event.objects.filter(kind="modelcards.link_expired", object_id=link.pk).count() == 1


def test_the_page_of_links_shows_a_new_address_once(client, shown, version, ada, ben, cleo):
    page = reverse("modelcards:links", args=[version.pk])
    client.force_login(ada)
    made = client.post(page, {"note": "A buyer", "days": "5"})
    assert made["Cache-Control"] == "no-store"
    address = made.context["address"]
    assert address in made.content.decode()
    assert client.get(address).status_code == 200
    again = client.get(page).content.decode()
    assert "A buyer" in again
    assert address not in again
    assert client.post(page, {"note": "", "days": "5"}).status_code == 422
    link = PublicLink.objects.latest("id")
    end = reverse("modelcards:withdraw_link", args=[link.pk])
    client.force_login(ben)
    assert client.post(page, {"note": "A buyer", "days": "5"}).status_code == 403
    assert client.post(end).status_code == 403
    client.force_login(cleo)
    assert (client.get(page).status_code, client.post(end).status_code) == (404, 404)
    client.force_login(ada)
    assert client.post(end).status_code == 302
    assert client.post(end).status_code == 409
    assert client.get(address).status_code == 404


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("https://example.org/a", True),
        ("http://93.184.216.34/", True),
        ("http://127.0.0.1/", False),
        ("http://[::1]:80/", False),
        ("http://192.168.1.4/", False),
        ("https://user:secret@example.org/", False),
        ("https://git/x", False),
        ("http://[bad", False),
        ("ftp://example.org/", False),
        ("https://wiki.corp./x", False),
        ("http://127.1/", False),
        ("http://0x7f.0.0.1/", False),
        ("http://[::ffff:10.0.0.1]/", False),
        ("http://[fd00::1]/", False),
        ("jdbc:postgresql://db1/x", False),
    ],
)
def test_which_addresses_strangers_may_read(address, public):
    assert is_public(address) is public


def test_a_name_that_is_a_word_is_masked_as_a_name_alone():
    secrets = {"May": "[owner]", "Ann Lee": "[reviewer]", r"a\1": "[path]"}
    said = _without(secrets, r"It may. May says so; ANN LEE too, in a\1. Maybe 12/24 and v1/v2.")
    assert said == "It may. [owner] says so; [reviewer] too, in [path]. Maybe 12/24 and v1/v2."


SECRETS = {"Ada Lovelace": "[owner]", "ada@corp.example": "[owner]", "approval_v2": "[left out]"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Written by Ada\nLovelace.", "Written by [owner]."),
        ("> Ada\n> Lovelace", "> [owner]"),
        (
            "Ada  Lovelace, **Ada** Lovelace, Ada&nbsp;Lovelace, Ada\u00a0Lovelace",
            "[owner], **[owner], [owner], [owner]",
        ),
        ("_Ada Lovelace_, Nevada Lovelace", "_[owner]_, Nevada Lovelace"),
        ("ada\\@corp.example, approval\\_v2", "[owner], [left out]"),
        (
            "Wiki.Corp, LOCALHOST:80 and DB7.Internal",
            "[internal address], [internal address] and [internal address]",
        ),
        (
            "http://[fd00::1]/x, fd00::1 and fe80::1:2",
            "[internal address] [internal address] and [internal address]",
        ),
        ("jdbc:postgresql://db1/x or mongodb+srv://db2", "[internal address] or [internal address]"),
        (
            "mlgov.acme.example/versions/1, a.acme.test.example",
            "[internal address][path], a.acme.test.example",
        ),
        ("www.portal.example:8000 but not myportal.example", "[internal address] but not myportal.example"),
        ("CUDA 10.2.1, cuDNN 192.168.1 and v10.0.0.1", "CUDA 10.2.1, cuDNN 192.168.1 and v10.0.0.1"),
        (
            "10.1.2.3:80, 100.64.0.1 and 93.184.216.34",
            "[internal address], [internal address] and 93.184.216.34",
        ),
    ],
)
def test_what_strangers_read_instead(settings, text, said):
    settings.BASE_URL, settings.ALLOWED_HOSTS = "https://mlgov.acme.example", [".portal.example", "*"]
    assert _without(SECRETS, text) == said


@pytest.mark.parametrize("text", ["a.", "1.", "a-", "f:", "a/", "Ada ", "fd00:"])
def test_a_long_word_is_read_in_a_moment(text):
    began = process_time()
    _without(SECRETS, text * (20_000 // len(text)))
    assert process_time() - began < 2


@pytest.mark.parametrize(
    ("rows", "ratios", "shown", "told"),
    [
        ([900, 60, 10], [1, 0.8, 0.5], [900, 60, 10], True),
        ([900, 60, 9], [1, 0.8, 0.5], [900], True),
        ([900, 60, 9], [0.8, 0.5, 1], [900], False),
        ([900, 9, 1], [1, 0.8, 0.5], [900], True),
        ([900, 9], [1, 0.8], [], True),
    ],
)
def test_small_groups_are_not_shown_and_not_told_by_the_others(rows, ratios, shown, told):
    document = sample.rich()
    groups = [
        sample.group(f"g{count}", count, 1) | {"impact_ratio": ratio, "impact_low": None, "impact_high": None}
        for count, ratio in zip(rows, ratios, strict=True)
    ]
    document["evaluations"][0]["fairness"] = [sample.fairness("sex", groups)]
    view = public_view(
        content_of(document), role="reviewer", published_on="1 May 2026", secrets={}, smallest=10
    )
    (found,) = view.fairness
    assert [one.rows for one in found.groups] == [str(count) for count in shown]
    assert found.hidden == len(rows) - len(shown)
    assert all((one.impact_ratio == "not shown") is not told for one in found.groups)
    page = render_to_string("modelcards/public.html", {"card": view})
    assert ("are not shown" in page) is bool(found.hidden)


def _letters(number):
    """Return a number as letters: digits could be read as a figure or a digest."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def _planted(document):
    """Put a canary into every text of a document; return it with the place of each canary."""
    places = {}

    def plant(value, place):
        if isinstance(value, dict):
            return {key: plant(one, f"{place}.{key}") for key, one in value.items()}
        if isinstance(value, list):
            return [plant(one, f"{place}[]") for one in value]
        if not isinstance(value, str) or place.endswith((".state", ".split")):
            return value
        word = f"Canary{_letters(len(places))}z"
        places[word] = place.removeprefix(".")
        return word

    return plant(document, ""), places


def test_only_what_is_allowed_of_the_document_reaches_the_page():
    document, places = _planted(sample.rich())
    # A text that comes new into the document, anywhere, is not public by itself.
    document["notes"] = document["version"]["note"] = document["evaluations"][0]["metrics"][0]["note"] = (
        "Canarynew"
    )
    view = public_view(
        content_of(document), role="reviewer", published_on="1 May 2026", secrets={}, smallest=1
    )
    page = render_to_string("modelcards/public.html", {"card": view})
    old = {key: value for key, value in content_of(sample.rich()).items() if key != "language"}
    assert (
        public_view(old | {"schema": 1}, role="risk", published_on="", secrets={}, smallest=1).language
        == "en"
    )
    seen = {places[word] for word in re.findall(r"Canary[a-j]+z", page, re.IGNORECASE) if word in places}
    assert "anarynew" not in page
    assert seen <= {
        *("version.model", "card.language", "fields[].title", "fields[].text"),
        *("evaluations[].metrics[].title", "evaluations[].fairness[].groups[].value"),
        "evaluations[].fairness[].attribute",
    }
    assert {"version.model", "fields[].text", "evaluations[].metrics[].title"} <= seen
    assert "Python." not in content_of(sample.rich())["fields"][-1]["text"], (
        "filled from evidence, not written"
    )
