"""Calls about registered models."""

from functools import partial

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts import services as accounts
from apps.accounts.enums import Scope
from apps.audit.models import Event
from apps.registry import services as registry
from apps.registry.models import Model, Version
from apps.registry.services import naming
from apps.registry.services.registering import SlugTaken, add_model
from tests.at_once import at_once, refusals
from tests.mlflow.conftest import bearer
from tests.mlflow.test_artifacts import listed

ABSENT = (404, "RESOURCE_DOES_NOT_EXIST")


def names(found):
    return [one["name"] for one in found["registered_models"]]


def made(mlflow, name="Churn", **more):
    return mlflow.post("registered-models/create", name=name, **more)["registered_model"]


def got(mlflow, name="Churn"):
    return mlflow.get("registered-models/get", name=name)["registered_model"]


def test_a_model_is_made_and_found(mlflow, project, ci):
    found = made(mlflow, tags=[{"key": "team", "value": "a"}], description="Who leaves.")
    row = Model.objects.get(project=project)
    assert (row.name, row.slug, row.tags, row.description) == ("Churn", "churn", {"team": "a"}, "Who leaves.")
    assert found == got(mlflow)
    assert found["tags"] == [{"key": "team", "value": "a"}]
    assert (found["latest_versions"], found["aliases"]) == ([], [])
    assert found["creation_timestamp"] <= found["last_updated_timestamp"]
    assert found["user_id"] == row.created_by.full_name
    assert Event.objects.filter(kind="registry.model_created", object_id=row.pk).count() == 1


def test_a_name_is_taken_once(mlflow):
    made(mlflow)
    status, code, message = mlflow.refused("registered-models/create", name="Churn")
    assert (status, code) == (400, "RESOURCE_ALREADY_EXISTS")
    assert "Registered Model (name=Churn) already exists" in message
    made(mlflow, "churn")
    assert names(mlflow.get("registered-models/search")) == ["Churn", "churn"]


@pytest.mark.parametrize("name", ["größer & schöner", "a" * 256, "日本語", "a__b", "-", "x" * 60])
def test_names_that_the_protocol_knows_have_short_names_of_ours(mlflow, project, name):
    made(mlflow, name)
    assert got(mlflow, f" {name} ")["name"] == name
    assert mlflow.refused("registered-models/create", name=f"{name} ")[1] == "RESOURCE_ALREADY_EXISTS"
    mlflow.delete("registered-models/delete", name=name)
    made(mlflow, name)
    slugs = list(Model.objects.filter(project=project).values_list("slug", flat=True))
    assert len(set(slugs)) == 2
    assert all(1 <= len(slug) <= 60 for slug in slugs)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "Missing value for required parameter 'name'"),
        ({"name": " "}, "Missing value for required parameter 'name'"),
        ({"name": "a/b"}, "Names cannot contain '/' or ':'"),
        ({"name": "a:b"}, "Names cannot contain '/' or ':'"),
        ({"name": ".."}, "Invalid model name"),
        ({"name": "x" * 257}, "256"),
        ({"name": 5}, "Invalid value 5 for parameter 'name' supplied"),
        ({"name": "x", "tags": [{"key": "a", "value": "v" * 100_001}]}, "exceeds the maximum length"),
        ({"name": "x", "tags": [{"key": "", "value": "v"}]}, "tags[0].key"),
    ],
)
def test_a_wrong_model_is_refused(mlflow, body, words):
    status, code, message = mlflow.refused("registered-models/create", **body)
    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    assert words in message
    assert not Model.objects.exists()


CALLS = [
    ("registered-models/get", "get", {}),
    ("registered-models/rename", "post", {"new_name": "b"}),
    ("registered-models/update", "patch", {"description": "b"}),
    ("registered-models/delete", "delete", {}),
    ("registered-models/get-latest-versions", "get", {}),
    ("registered-models/get-latest-versions", "post", {}),
    ("registered-models/set-tag", "post", {"key": "a", "value": "b"}),
    ("registered-models/delete-tag", "delete", {"key": "a"}),
    ("registered-models/alias", "post", {"alias": "a", "version": "1"}),
    ("registered-models/alias", "delete", {"alias": "a"}),
    ("registered-models/alias", "get", {"alias": "a"}),
]


@pytest.mark.parametrize(("address", "method", "more"), CALLS)
def test_what_is_not_there_or_of_another_project_is_not_found(mlflow, other, address, method, more):
    made(mlflow)
    assert mlflow.refused(address, method=method, name="Other", **more)[:2] == ABSENT
    assert other.refused(address, method=method, name="Churn", **more)[:2] == ABSENT


def test_a_model_is_renamed_and_described(mlflow):
    made(mlflow)
    made(mlflow, "Taken")
    assert mlflow.refused("registered-models/rename", name="Churn", new_name="Taken")[1] == (
        "RESOURCE_ALREADY_EXISTS"
    )
    assert mlflow.refused("registered-models/rename", name="Churn")[1] == "INVALID_PARAMETER_VALUE"
    renamed = mlflow.post("registered-models/rename", name="Churn", new_name="Leaving")["registered_model"]
    assert renamed["name"] == "Leaving"
    assert mlflow.refused("registered-models/get", method="get", name="Churn")[:2] == ABSENT
    mlflow.patch("registered-models/update", name="Leaving", description="More.")
    assert got(mlflow, "Leaving")["description"] == "More."
    mlflow.patch("registered-models/update", name="Leaving", description="More.")
    assert Event.objects.filter(kind="registry.model_changed").count() == 2


def test_a_tag_comes_and_goes(mlflow):
    made(mlflow)
    for value in ("1", "two\nlines"):
        mlflow.post("registered-models/set-tag", name="Churn", key="a b/c", value=value)
    assert got(mlflow)["tags"] == [{"key": "a b/c", "value": "two\nlines"}]
    for _ in range(2):
        mlflow.delete("registered-models/delete-tag", name="Churn", key="a b/c")
    assert got(mlflow)["tags"] == []
    assert mlflow.refused("registered-models/set-tag", name="Churn", key="a/../b", value="")[1] == (
        "INVALID_PARAMETER_VALUE"
    )
    assert Event.objects.filter(kind="registry.model_changed").count() == 3


def test_deleting_hides_a_model_and_frees_its_name(mlflow, project):
    made(mlflow)
    mlflow.post("model-versions/create", name="Churn", source=f"runs:/{mlflow.run()}/model")
    mlflow.delete("registered-models/delete", name="Churn")
    assert mlflow.refused("registered-models/get", method="get", name="Churn")[:2] == ABSENT
    assert mlflow.get("registered-models/search") == {"registered_models": []}
    assert mlflow.get("model-versions/search") == {"model_versions": []}
    made(mlflow)
    again = mlflow.post("model-versions/create", name="Churn", source=f"runs:/{mlflow.run()}/model")
    assert again["model_version"]["version"] == "1"
    assert sorted(Model.objects.values_list("slug", flat=True)) == ["churn", "churn-2"]
    assert Event.objects.filter(kind="registry.model_deleted").count() == 1


def test_the_portal_shows_what_was_deleted(mlflow, client, dev):
    made(mlflow)
    mlflow.post("model-versions/create", name="Churn", source=f"runs:/{mlflow.run()}/model")
    mlflow.delete("registered-models/delete", name="Churn")
    client.force_login(dev)
    page = client.get(reverse("registry:model", args=[Model.objects.get().pk]))
    assert b"A client of MLflow deleted it." in page.content
    page = client.get(reverse("portal:version", args=[Version.objects.get().pk]))
    assert b"Deleted</span>" in page.content


def test_a_retired_model_gets_no_version(mlflow, project, ada):
    made(mlflow)
    registry.retire_model(Model.objects.get(), by=ada, reason="Nobody uses it.")
    status, code, message = mlflow.refused(
        "model-versions/create", name="Churn", source=f"runs:/{mlflow.run()}/model"
    )
    assert (status, code) == (400, "INVALID_STATE")
    assert "Nobody uses it." in message


def test_models_are_searched(mlflow):
    for name, team in (("b two", "x"), ("a one", "y"), ("c", "x")):
        made(mlflow, name, tags=[{"key": "team", "value": team}])

    def search(filter="", **more):
        return names(mlflow.get("registered-models/search", filter=filter, **more))

    assert search() == ["a one", "b two", "c"]
    assert search("name = 'c'") == ["c"]
    assert search("name LIKE '%o%'") == ["a one", "b two"]
    assert search("name ILIKE 'A%'") == ["a one"]
    assert search("name IN ('c', 'b two')") == ["b two", "c"]
    assert search("tags.team = 'x' AND name != 'c'") == ["b two"]
    assert search("tag.`team` = 'y'") == ["a one"]
    assert search("tags.`mlflow.prompt.is_prompt` != 'true'") == ["a one", "b two", "c"]
    assert search("tags.`mlflow.prompt.is_prompt` = 'true'") == []
    assert search(order_by=["name DESC"]) == ["c", "b two", "a one"]
    assert search(order_by=["timestamp DESC", "name DESC"])[0] == "c"
    for wrong in ("run_id = 'x'", "name > 'a'", "name = 5", "name = 'a' OR name = 'b'", "metrics.a > 1"):
        assert mlflow.refused("registered-models/search", method="get", filter=wrong)[:2] == (
            400,
            "INVALID_PARAMETER_VALUE",
        )


def test_pages_of_models_follow_each_other(mlflow):
    for name in "abcde":
        made(mlflow, name)
    seen, token = [], ""
    while True:
        page = mlflow.get("registered-models/search", max_results=2, page_token=token)
        seen += names(page)
        token = page.get("next_page_token", "")
        if not token:
            break
    assert seen == list("abcde")
    assert mlflow.refused("registered-models/search", method="get", max_results=1001)[0] == 400
    assert mlflow.refused("registered-models/search", method="get", page_token="x")[0] == 400


def test_a_search_reads_a_page_in_as_many_statements_as_one_row(mlflow):
    made(mlflow, "first")
    mlflow.get("registered-models/search")
    counts = []
    for rows in (1, 4):
        with CaptureQueriesContext(connection) as queries:
            assert len(names(mlflow.get("registered-models/search"))) == rows
        counts.append(len(queries))
        for name in "abc" if rows == 1 else ():
            made(mlflow, name)
            mlflow.post("model-versions/create", name=name, source=f"runs:/{mlflow.run()}/model")
    assert counts[0] == counts[1]


def test_a_reading_token_changes_nothing(mlflow, ci, dev):
    made(mlflow)
    _, secret = accounts.issue_token(ci.user, name="r", scopes=[Scope.READ], by=dev)
    reader = bearer(secret)
    assert got(reader)["name"] == "Churn"
    for address, method, more in CALLS:
        if method != "get" and "latest" not in address:
            assert reader.refused(address, method=method, name="Churn", **more)[:2] == (
                403,
                "PERMISSION_DENIED",
            )


def test_what_the_portal_made_is_a_registered_model_too(mlflow, version):
    found = mlflow.get("model-versions/get", name="Approval", version="1")["model_version"]
    assert found["source"] == f"mlflow-artifacts:/versions/{version.pk.hex}/artifacts"
    assert found["run_id"] == version.run_id.hex
    assert listed(mlflow, f"versions/{version.pk.hex}/artifacts")[0]["path"] == "model"
    model = Model.objects.get()
    again = registry.create_model(model.project, slug="approval-2", name="Approval", by=model.created_by)
    assert mlflow.get("registered-models/get", name="Approval")["registered_model"]["latest_versions"]
    assert again.versions.count() == 0


def test_a_model_is_made_in_one_statement_with_its_event_and_a_short_name_that_is_taken_is_numbered(
    mlflow, project, ci
):
    mlflow.post("registered-models/create", name="Warm")
    with CaptureQueriesContext(connection) as queries:
        mlflow.post("registered-models/create", name="Churn x", tags=[{"key": "a", "value": "1"}])
    # Who calls, and the model with its event.
    assert len(queries) == 2
    mlflow.post("registered-models/create", name="Churn-X")
    assert "RESOURCE_ALREADY_EXISTS" in mlflow.refused("registered-models/create", name="Churn x")
    rows = Model.objects.filter(project=project).exclude(name="Warm").order_by("id")
    assert [(one.name, one.slug, one.tags, one.created_by) for one in rows] == [
        ("Churn x", "churn-x", {"a": "1"}, ci.user),
        ("Churn-X", "churn-x-2", {}, ci.user),
    ]
    events = Event.objects.filter(kind="registry.model_created", object_id__in=[one.pk for one in rows])
    assert [
        (one.object_label, one.data, one.lock_version, one.project_id) for one in events.order_by("sequence")
    ] == [(one.name, {"slug": one.slug}, 1, project.pk) for one in rows]


def test_names_of_one_short_name_are_made_at_once(project, ci, monkeypatch):
    first = registry.create_named(project, name="A b", by=ci.user, tags={})
    seen, look = [], naming._slugs

    def late(*given):
        seen.append(look(*given))
        # Whoever looked first did not see what the other one was about to commit.
        return set() if len(seen) == 1 else seen[-1]

    monkeypatch.setattr(naming, "_slugs", late)
    second = registry.create_named(project, name="a-b", by=ci.user, tags={})
    assert (first.slug, second.slug, len(seen)) == ("a-b", "a-b-2", 2)


def test_a_short_name_that_somebody_took_meanwhile_is_told(project, ci):
    registry.create_model(project, slug="churn", name="Churn", by=ci.user)
    with pytest.raises(SlugTaken, match="has a model churn already"), transaction.atomic():
        add_model(project, slug="churn", name="Other", by=ci.user, description="", tags={})
    assert Model.objects.count() == Event.objects.filter(kind="registry.model_created").count() == 1


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_of_many_who_take_a_name_at_once_one_gets_it(project, ci):
    for round_ in range(10):
        name = f"Model {round_}"
        renamed = registry.create_model(project, slug=f"other-{round_}", name="Other", by=ci.user)
        create = partial(registry.create_named, project, name=name, by=ci.user, tags={})
        found = at_once(*[create] * 3, partial(registry.rename_model, renamed, name=name, by=ci.user))
        assert refusals(found) == ["name_taken"] * 3
        assert Model.objects.filter(project=project, name=name).count() == 1


def test_a_tag_is_set_in_one_statement_and_its_event_says_the_same(mlflow, project):
    made(mlflow)
    mlflow.post("registered-models/set-tag", name="Churn", key="a", value="1")
    with CaptureQueriesContext(connection) as queries:
        mlflow.post("registered-models/set-tag", name="Churn", key="b", value="2")
    # Who calls, and the change with its event.
    assert len(queries) == 2
    row = Model.objects.get(project=project)
    registry.tag_model(row, name="c", value="3", by=row.created_by)
    row.refresh_from_db()
    assert (row.tags, row.lock_version) == ({"a": "1", "b": "2", "c": "3"}, 4)
    events = Event.objects.filter(object_id=row.pk, kind="registry.model_changed").order_by("sequence")
    assert [(one.lock_version, one.data["fields"]) for one in events] == [
        (2, "the tag a"),
        (3, "the tag b"),
        (4, "the tag c"),
    ]
    said = "object_type object_label project_id actor_kind actor_id actor_label person_id database_user"
    assert len({tuple(getattr(one, name) for name in said.split()) for one in events}) == 1


def test_a_tag_that_is_there_already_changes_nothing(mlflow, project):
    made(mlflow, tags=[{"key": "a", "value": "1"}])
    mlflow.post("registered-models/set-tag", name="Churn", key="a", value="1")
    assert Model.objects.get(project=project).lock_version == 1
    assert mlflow.refused("registered-models/set-tag", name="None", key="a", value="1")[:2] == ABSENT


@pytest.mark.parametrize(
    ("call", "asked"),
    [
        ("registered-models/get", {}),
        ("registered-models/alias", {"alias": "champion"}),
        ("model-versions/get", {"version": "1"}),
    ],
)
def test_a_model_and_its_versions_are_read_in_one_statement(mlflow, version, call, asked):
    model = version.model
    registry.set_alias(version, alias="champion", by=model.created_by)
    mlflow.get(call, name=model.name, **asked)
    with CaptureQueriesContext(connection) as queries:
        mlflow.get(call, name=model.name, **asked)
    assert len(queries) == 2
