"""Who may trust which pipelines: owners, their own service accounts, by numbers; and it stands until it is withdrawn."""

from datetime import timedelta

import psycopg
import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.accounts import services as accounts
from apps.accounts.models import Token
from apps.accounts.queries import tokens_for
from apps.audit.models import Event
from apps.core.errors import Forbidden, Invalid, Refused
from apps.identity import services
from apps.identity.claims import GITHUB, GITLAB
from apps.identity.models import Exchange, Trust
from apps.identity.snippets import snippet_of
from apps.notifications.models import Notice
from apps.projects import services as projects
from apps.projects.models import Membership
from tests.api.conftest import client_with
from tests.identity.pipelines import CLAIMS, body, send

pytestmark = pytest.mark.promise("federation")
GITLAB_CLAIMS = {"project_id": "12", "namespace_id": "7", "ref_path": "refs/heads/main"}


@pytest.fixture
def make(project, nightly, ada):
    def made(by=ada, **other):
        said = {
            "name": "main",
            "kind": "github",
            "issuer": GITHUB,
            "claims": CLAIMS,
            "account": nightly,
            "scopes": ["read"],
        }
        return services.create_trust(project, by=by, **(said | other))

    return made


def without(*names, **more):
    return {name: value for name, value in CLAIMS.items() if name not in names} | more


def test_a_trust_makes_its_account_a_contributor_and_is_recorded(make, project, nightly, ada):
    trust = make()
    assert Membership.objects.get(project=project, user=nightly).role == "contributor"
    event = Event.objects.get(kind="identity.trust_added")
    assert (event.object_id, event.actor_id, event.data["claims"]) == (trust.pk, ada.pk, CLAIMS)


def test_owners_alone_and_no_service_account(make, dev, rita, adam, nightly):
    for by in (dev, rita, adam, nightly):
        with pytest.raises(Forbidden):
            make(by=by)


def test_who_answers_for_the_account_is_who_trusts(make, ci, ada):
    for account in (ci.user, ada):
        with pytest.raises(Invalid) as caught:
            make(account=account)
        assert caught.value.code == "not_your_account"


#: What is wrong with a trust -> what is given otherwise, and the code of the refusal.
BAD = {
    "a name for the repository": ({"claims": without(repository_id="acme/loans")}, "bad_claims"),
    "no repository": ({"claims": without("repository_id")}, "bad_claims"),
    "no owner": ({"claims": without("repository_owner_id", repository_owner="acme")}, "bad_claims"),
    "a number with a zero before": ({"claims": without(repository_id="04711")}, "bad_claims"),
    "any branch": ({"claims": without("environment", "workflow_ref")}, "bad_claims"),
    "a pattern": ({"claims": without(workflow_ref="acme/loans/*")}, "bad_claims"),
    "nothing": ({"claims": {}}, "bad_claims"),
    "an empty value": ({"claims": without(environment="")}, "bad_claims"),
    "a space": ({"claims": without(environment=" production")}, "bad_claims"),
    "a line break": ({"claims": without(environment="a\nb")}, "bad_claims"),
    "no text": ({"claims": without(environment=7)}, "bad_claims"),
    "what is checked anyway": (
        {"claims": {"aud": "x"}, "kind": "other", "issuer": "https://a.org"},
        "bad_claims",
    ),
    "too many": ({"claims": without(**{f"c{n}": "x" for n in range(12)})}, "bad_claims"),
    "GitHub under another kind": ({"kind": "other", "claims": {"sub": "repo:acme/loans"}}, "bad_claims"),
    "GitLab under another kind": (
        {"kind": "other", "issuer": GITLAB, "claims": {"sub": "project_path:acme/loans"}},
        "bad_claims",
    ),
    "an environment that anybody may name": (
        {"kind": "gitlab", "issuer": GITLAB, "claims": GITLAB_CLAIMS | {"environment": "production"}},
        "bad_claims",
    ),
    "branches that are not protected": (
        {"kind": "gitlab", "issuer": GITLAB, "claims": GITLAB_CLAIMS | {"ref_protected": "false"}},
        "bad_claims",
    ),
    "plain http": ({"issuer": "http://ci.example.org"}, "bad_issuer"),
    "a strange port": ({"issuer": "https://ci.example.org:22"}, "bad_issuer"),
    "a query": ({"issuer": "https://ci.example.org/?a=b"}, "bad_issuer"),
    "a password": ({"issuer": "https://me:secret@ci.example.org"}, "bad_issuer"),
    "no address": ({"issuer": "github"}, "bad_issuer"),
    "an unknown kind": ({"kind": "jenkins"}, "unknown_kind"),
    "no name": ({"name": " "}, "bad_name"),
    "no scope": ({"scopes": []}, "unknown_scope"),
    "a scope that carries data out": ({"scopes": ["read", "webhooks"]}, "unknown_scope"),
}


@pytest.mark.parametrize("bad", BAD)
def test_a_trust_that_would_let_others_in_is_not_made(make, bad):
    other, code = BAD[bad]
    with pytest.raises(Invalid) as caught:
        make(**other)
    assert caught.value.code == code
    assert not Trust.objects.exists()


def test_each_kind_can_be_made_and_a_name_serves_once(make):
    made = [
        make(),
        make(name="b", kind="gitlab", issuer=GITLAB, claims=GITLAB_CLAIMS),
        make(name="c", kind="gitlab", issuer="https://git.example.org", claims=GITLAB_CLAIMS),
        make(name="d", kind="other", issuer="https://ci.example.org", claims={"sub": "job:7"}),
    ]
    assert [one.kind for one in made] == ["github", "gitlab", "gitlab", "other"]
    with pytest.raises(Invalid) as caught:
        make()
    assert caught.value.code == "name_taken"


def test_a_withdrawal_ends_what_came_of_it(client, trust, ci_issuer, ada, dev):
    answer = send(client, body(trust.audience, ci_issuer.token(trust.audience)))
    secret = answer.json()["access_token"]
    with pytest.raises(Forbidden):
        services.withdraw_trust(trust, reason="Why not?", by=dev)
    with pytest.raises(Invalid):
        services.withdraw_trust(trust, reason=" ", by=ada)
    assert accounts.token_for(secret)
    services.withdraw_trust(trust, reason="The repository moved.", by=ada)
    assert accounts.token_for(secret) is None
    with pytest.raises(Refused):
        services.withdraw_trust(trust, reason="Again.", by=ada)
    assert Event.objects.get(kind="accounts.token_revoked").data["because"].startswith("the trust")


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "https://evil.example.org"},
        {"claims": {"sub": "everybody"}},
        {"scopes": ["read", "promote"]},
        {"kind": "other"},
    ],
    ids=lambda one: next(iter(one)),
)
def test_the_database_changes_nothing_of_a_trust(trust, change):
    with pytest.raises(IntegrityError), transaction.atomic():
        Trust.objects.filter(pk=trust.pk).update(**change, lock_version=2)


@pytest.mark.parametrize("wide", [{"scopes": ["promote"]}, {"days": 1}, {"mine": True}], ids=str)
def test_the_database_lets_no_token_be_above_its_trust(trust, nightly, ada, wide):
    user = ada if "mine" in wide else nightly
    ends = timezone.now() + timedelta(days=wide.get("days", 0), minutes=15)
    token, _ = accounts.issue_token(
        user, name="t", scopes=wide.get("scopes", ["read"]), by=user, expires_at=ends
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        Exchange.objects.create(trust=trust, token=token, told={})


def test_the_application_s_role_removes_none(as_app):
    for statement in (
        "DELETE FROM identity_trust",
        "DELETE FROM identity_exchange",
        "UPDATE identity_exchange SET told = '{}'",
        "UPDATE identity_usedidentitytoken SET until = now()",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            as_app.execute(statement)
        as_app.rollback()


def test_what_was_exchanged_only_grows(client, trust, ci_issuer):
    send(client, body(trust.audience, ci_issuer.token(trust.audience)))
    with pytest.raises(ProgrammingError), transaction.atomic():
        Exchange.objects.update(told={})


def test_tokens_of_pipelines_leave_the_list_when_they_are_over(client, trust, ci_issuer, ada):
    mine, _ = accounts.issue_token(ada, name="mine", scopes=["read"], by=ada)
    send(client, body(trust.audience, ci_issuer.token(trust.audience)))
    assert tokens_for(ada).count() == 2
    Token.objects.update(expires_at=timezone.now())
    assert list(tokens_for(ada)) == [mine]


def test_the_pipeline_is_shown_what_to_write(make, settings):
    settings.BASE_URL = "https://mlgov.example.org"
    hub, lab = make(), make(name="b", kind="gitlab", issuer=GITLAB, claims=GITLAB_CLAIMS)
    other = make(name="c", kind="other", issuer="https://ci.example.org", claims={"sub": "job:7"})
    for one in (hub, lab, other):
        assert f"-d audience=https://mlgov.example.org/trusts/{one.pk} " in snippet_of(one)
    assert 'environment: "production"' in snippet_of(hub)
    assert "id-token: write" in snippet_of(hub)
    assert f"aud: {lab.audience}" in snippet_of(lab)


def page_of(name, *args):
    return reverse(f"identity:{name}", args=args)


HUB = {
    "name": "main",
    "issuer": GITHUB,
    "scopes": ["read", "evidence"],
    "repository_id": "4711",
    "repository_owner_id": "42",
    "environment": "production",
}
LAB = {
    "name": "lab",
    "issuer": GITLAB,
    "scopes": ["read"],
    "project_id": "12",
    "namespace_id": "7",
    "environment": "production",
    "protected": "on",
}


def test_an_owner_trusts_and_withdraws_on_pages(client, project, nightly, ada):
    client.force_login(ada)
    form = page_of("new_trust", project.slug, "github")
    assert client.get(form).status_code == 200
    missing = client.post(form, HUB | {"account": nightly.pk, "repository_id": ""})
    assert missing.status_code == 422
    named = client.post(form, HUB | {"account": nightly.pk, "repository_id": "loans"})
    assert "needs repository_id as a number" in named.content.decode()
    made = client.post(form, HUB | {"account": nightly.pk})
    trust = Trust.objects.get()
    assert made["Location"] == page_of("trust", trust.pk)
    shown = client.get(made["Location"]).content.decode()
    assert "id-token: write" in shown
    assert "4711" in shown
    end = page_of("withdraw_trust", trust.pk)
    assert client.post(end, {"reason": ""}).status_code == 422
    assert client.post(end, {"reason": "It moved."}).status_code == 302
    again = client.post(end, {"reason": "It moved."})
    assert (again.status_code, "withdrawn already" in again.content.decode()) == (422, True)
    assert "It moved." in client.get(page_of("trust", trust.pk)).content.decode()


def test_the_forms_of_the_other_kinds(client, project, nightly, ada):
    client.force_login(ada)
    client.post(page_of("new_trust", project.slug, "gitlab"), LAB | {"account": nightly.pk})
    assert Trust.objects.get().claims == {
        "project_id": "12",
        "namespace_id": "7",
        "environment": "production",
        "environment_protected": "true",
        "ref_protected": "true",
    }
    other = page_of("new_trust", project.slug, "other")
    said = {"name": "ci", "issuer": "https://ci.example.org", "scopes": ["read"], "account": nightly.pk}
    for lines in ("sub", "sub: a\nsub: b", "aud: x"):
        assert client.post(other, said | {"lines": lines}).status_code == 422
    assert client.post(other, said | {"lines": "sub: job:7\nteam: loans\n"}).status_code == 302
    assert Trust.objects.get(name="ci").claims == {"sub": "job:7", "team": "loans"}


def test_strangers_find_nothing_and_members_read(client, project, trust, cleo, vera):
    pages = [page_of("trusts", project.slug), page_of("trust", trust.pk)]
    client.force_login(cleo)
    assert [client.get(one).status_code for one in pages] == [404, 404]
    assert client.post(page_of("withdraw_trust", trust.pk), {"reason": "x"}).status_code == 404
    client.force_login(vera)
    assert [client.get(one).status_code for one in pages] == [200, 200]
    assert client.get(page_of("new_trust", project.slug, "github")).status_code == 403
    assert client.get(page_of("new_trust", project.slug, "jenkins")).status_code == 404
    assert client.post(page_of("withdraw_trust", trust.pk), {"reason": "x"}).status_code == 403


def test_the_list_costs_the_same_with_three(client, project, trust, make, vera):
    client.force_login(vera)

    def cost():
        with CaptureQueriesContext(connection) as caught:
            assert client.get(page_of("trusts", project.slug)).status_code == 200
        return len(caught)

    cost()
    before = cost()
    make(name="second")
    make(name="third")
    cost()
    assert cost() == before


def test_by_the_interface_people_alone(client, project, nightly, ada, trust, settings):
    address = f"/api/v1/projects/{project.pk}/trusts"
    said = {
        "name": "by hand",
        "kind": "github",
        "issuer": GITHUB,
        "claims": CLAIMS,
        "account": str(nightly.pk),
        "scopes": ["read"],
    }
    _, secret = accounts.issue_token(ada, name="t", scopes=["read", "promote"], by=ada)
    token = client_with(secret)
    assert token.get(address).json()["results"][0]["audience"] == trust.audience
    assert token.post(address, said, format="json").status_code == 403
    assert (
        token.post(f"/api/v1/trusts/{trust.pk}/withdrawal", {"reason": "x"}, format="json").status_code == 403
    )
    client.force_login(ada)
    made = client.post(address, said, content_type="application/json")
    assert made.status_code == 201, made.json()
    one = made["Location"]
    assert client.get(one).json()["claims"] == CLAIMS
    assert client.post(address, said, content_type="application/json").status_code == 422
    foreign = said | {"name": "x", "account": str(ada.pk)}
    assert client.post(address, foreign, content_type="application/json").status_code == 422
    ended = client.post(f"{one}/withdrawal", {"reason": "Done."}, content_type="application/json")
    assert ended.json()["withdrawn_reason"] == "Done."
    again = client.post(f"{one}/withdrawal", {"reason": "Done."}, content_type="application/json")
    assert again.status_code == 409


def test_the_other_owners_learn_of_it_and_nobody_else(make, project, ada, cleo, dev):
    projects.add_member(project, user=cleo, role="owner", by=ada)
    trust = make()
    told = Notice.objects.get(kind="identity.pipeline_trusted")
    assert (told.person, told.link) == (cleo, page_of("trust", trust.pk))
    assert told.sentence == (
        f"Ada lets pipelines of {GITHUB} act in Mortgages as {trust.account} (read): main."
    )


def test_a_trust_that_cannot_be_made_tells_nobody(make, project, ada, cleo):
    projects.add_member(project, user=cleo, role="owner", by=ada)
    with pytest.raises(Invalid):
        make(claims={})
    assert not Notice.objects.filter(kind="identity.pipeline_trusted").exists()
