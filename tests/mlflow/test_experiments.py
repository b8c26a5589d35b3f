"""Calls about experiments."""

import pytest

from apps.audit.models import Event
from apps.experiments import services
from apps.experiments.models import Experiment
from apps.registry import services as registry


def ids(found):
    return [one["experiment_id"] for one in found["experiments"]]


def names(found):
    return [one["name"] for one in found["experiments"]]


def test_an_experiment_is_made_and_found(mlflow, project):
    made = mlflow.post("experiments/create", name=" trees ", tags=[{"key": "team", "value": "a"}])
    row = Experiment.objects.get(project=project)
    assert made == {"experiment_id": str(row.number)}
    assert (row.name, row.key[:4], row.tags) == ("trees", "EXP-", {"team": "a"})
    found = mlflow.get("experiments/get", **made)["experiment"]
    assert found == mlflow.get("experiments/get-by-name", experiment_name="trees")["experiment"]
    assert found["artifact_location"] == f"mlflow-artifacts:/{row.number}"
    assert found["lifecycle_stage"] == "active"
    assert found["tags"] == [{"key": "team", "value": "a"}]
    assert found["creation_time"] <= found["last_update_time"]
    assert Event.objects.filter(kind="experiments.experiment_created", object_id=row.pk).count() == 1


def test_the_default_experiment_is_made_on_first_use(mlflow, project):
    for found in (
        mlflow.get("experiments/get", experiment_id="0"),
        mlflow.get("experiments/get-by-name", experiment_name="Default"),
    ):
        assert found["experiment"]["experiment_id"] == "0"
    assert not Experiment.objects.filter(project=project).exists()
    assert mlflow.refused("experiments/create", name="Default")[1] == "RESOURCE_ALREADY_EXISTS"
    first, second = mlflow.run(), mlflow.run(experiment_id="")
    row = Experiment.objects.get(project=project)
    assert row.is_default
    assert row.runs.count() == 2
    for one in (first, second):
        assert mlflow.get("runs/get", run_id=one)["run"]["info"]["experiment_id"] == "0"
    assert ids(mlflow.post("experiments/search", max_results=10)) == ["0"]
    assert mlflow.get("experiments/get", experiment_id=str(row.number))["experiment"]["experiment_id"] == "0"


def test_a_name_is_taken_also_by_a_deleted_one(mlflow):
    made = mlflow.post("experiments/create", name="trees")
    assert mlflow.refused("experiments/create", name="trees")[:2] == (400, "RESOURCE_ALREADY_EXISTS")
    mlflow.post("experiments/delete", **made)
    assert mlflow.refused("experiments/create", name="trees")[1] == "RESOURCE_ALREADY_EXISTS"
    assert (
        mlflow.get("experiments/get-by-name", experiment_name="trees")["experiment"]["lifecycle_stage"]
        == "deleted"
    )


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "Missing value for required parameter 'name'"),
        ({"name": "  "}, "Missing value for required parameter 'name'"),
        ({"name": 123}, "Invalid value 123 for parameter 'name' supplied"),
        ({"name": "x" * 501}, "exceeds the maximum length"),
        ({"name": "x", "artifact_location": "s3://elsewhere"}, "mlgov keeps the files itself"),
        ({"name": "x", "tags": "5"}, "for parameter 'tags' supplied"),
        ({"name": "x", "tags": [{"key": "a", "value": "v" * 20_001}]}, "exceeds the maximum length"),
    ],
)
def test_a_wrong_experiment_is_refused(mlflow, body, words):
    status, code, message = mlflow.refused("experiments/create", **body)
    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    assert words in message


def test_what_is_not_there(mlflow):
    for query in ({"experiment_id": "999999"}, {"experiment_id": "x"}, {"experiment_id": "9" * 40}):
        assert mlflow.refused("experiments/get", method="get", **query)[:2] == (
            404,
            "RESOURCE_DOES_NOT_EXIST",
        )
    status, code, message = mlflow.refused("experiments/get-by-name", method="get", experiment_name="x")
    assert (status, code, message) == (
        404,
        "RESOURCE_DOES_NOT_EXIST",
        "Could not find experiment with name 'x'",
    )


def test_an_experiment_is_renamed(mlflow):
    made = mlflow.post("experiments/create", name="trees")
    mlflow.post("experiments/create", name="taken")
    assert mlflow.refused("experiments/update", **made, new_name="taken")[1] == "RESOURCE_ALREADY_EXISTS"
    assert mlflow.refused("experiments/update", **made, new_name="Default")[1] == "RESOURCE_ALREADY_EXISTS"
    mlflow.post("experiments/update", **made, new_name="forests")
    assert mlflow.get("experiments/get", **made)["experiment"]["name"] == "forests"


def test_a_tag_of_an_experiment_comes_and_goes(mlflow):
    made = mlflow.post("experiments/create", name="trees")
    mlflow.post("experiments/set-experiment-tag", **made, key="a", value="1")
    mlflow.post("experiments/set-experiment-tag", **made, key="a", value="two\nlines")
    mlflow.post("experiments/set-experiment-tag", **made, key="empty", value="")
    tags = mlflow.get("experiments/get", **made)["experiment"]["tags"]
    assert {one["key"]: one["value"] for one in tags} == {"a": "two\nlines", "empty": ""}
    mlflow.post("experiments/delete-experiment-tag", **made, key="a")
    assert mlflow.refused("experiments/delete-experiment-tag", **made, key="a")[:2] == (
        404,
        "RESOURCE_DOES_NOT_EXIST",
    )
    assert Event.objects.filter(kind="experiments.experiment_changed").count() == 4


def test_deleting_hides_and_restoring_shows(mlflow, project, dev):
    made = mlflow.post("experiments/create", name="trees")
    run = mlflow.run(**made)
    mlflow.post("experiments/delete", **made)
    assert mlflow.get("experiments/get", **made)["experiment"]["lifecycle_stage"] == "deleted"
    assert mlflow.get("runs/get", run_id=run)["run"]["info"]["lifecycle_stage"] == "deleted"
    assert mlflow.refused("runs/create", **made)[:2] == (400, "INVALID_STATE")
    assert mlflow.refused("runs/log-metric", run_id=run, key="a", value=1, timestamp=1)[0] == 400
    assert mlflow.refused("experiments/delete", **made)[0] == 400
    assert mlflow.refused("experiments/update", **made, new_name="x")[0] == 400
    assert mlflow.refused("experiments/set-experiment-tag", **made, key="a", value="b")[0] == 400
    from apps.experiments.queries import experiments_for, runs_for

    assert not experiments_for(dev).exists()
    assert not runs_for(dev).exists()
    mlflow.post("experiments/restore", **made)
    assert mlflow.refused("experiments/restore", **made)[0] == 400
    assert mlflow.get("runs/get", run_id=run)["run"]["info"]["lifecycle_stage"] == "active"
    assert runs_for(dev).count() == 1
    kinds = Event.objects.filter(object_type="experiments.experiment").values_list("kind", flat=True)
    assert {"experiments.experiment_deleted", "experiments.experiment_restored"} <= set(kinds)


def test_an_experiment_that_a_version_came_from_stays(mlflow, version):
    number = str(version.run.experiment.number)
    status, code, message = mlflow.refused("experiments/delete", experiment_id=number)
    assert (status, code) == (400, "INVALID_STATE")
    assert str(version) in message
    assert registry.delete_run  # the run's own refusal is in test_runs


class TestSearch:
    @pytest.fixture(autouse=True)
    def _some(self, mlflow, project, dev):
        self.number = {}
        for name, team in (("apple", "a"), ("Apricot", "b"), ("beech", None)):
            tags = [{"key": "team", "value": team}] if team else []
            self.number[name] = mlflow.post("experiments/create", name=name, tags=tags)["experiment_id"]
        gone = mlflow.post("experiments/create", name="gone")
        mlflow.post("experiments/delete", **gone)

    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ({}, ["beech", "Apricot", "apple", "Default"]),
            ({"view_type": "DELETED_ONLY"}, ["gone"]),
            ({"view_type": 3}, ["gone", "beech", "Apricot", "apple", "Default"]),
            ({"filter": "name = 'apple'"}, ["apple"]),
            ({"filter": "attribute.name LIKE 'ap%'"}, ["apple"]),
            ({"filter": "name ILIKE 'ap%'"}, ["Apricot", "apple"]),
            ({"filter": "name != 'apple'"}, ["beech", "Apricot", "Default"]),
            ({"filter": "tags.team = 'a'"}, ["apple"]),
            ({"filter": "tags.team IS NULL"}, ["beech", "Default"]),
            ({"filter": "tags.team != 'a'"}, ["Apricot"]),
            ({"filter": "creation_time > 0 AND name LIKE '%e%'"}, ["beech", "apple", "Default"]),
            ({"order_by": ["name"]}, None),
            ({"order_by": ["creation_time ASC"]}, ["Default", "apple", "Apricot", "beech"]),
            ({"order_by": ["tags.team DESC"]}, ["Apricot", "apple", "Default", "beech"]),
        ],
    )
    def test_is_filtered_and_sorted(self, mlflow, asked, found):
        answer = names(mlflow.post("experiments/search", **asked))
        if found is None:
            assert sorted(answer) == ["Apricot", "Default", "apple", "beech"]
        else:
            assert answer == found
        if isinstance(asked.get("filter"), str):
            assert names(mlflow.get("experiments/search", **asked)) == answer

    def test_comes_in_pages(self, mlflow):
        first = mlflow.post("experiments/search", max_results=2)
        second = mlflow.post("experiments/search", max_results=2, page_token=first["next_page_token"])
        assert names(first) + names(second) == ["beech", "Apricot", "apple", "Default"]
        assert "next_page_token" not in second

    @pytest.mark.parametrize(
        "asked",
        [
            {"filter": "colour = 'x'"},
            {"filter": "metrics.a > 1"},
            {"order_by": ["colour"]},
            {"max_results": 0},
            {"max_results": 50_001},
            {"max_results": "many"},
            {"page_token": "nonsense"},
            {"page_token": "bm9uc2Vuc2U="},
            {"view_type": "SOME"},
        ],
    )
    def test_refuses_what_it_cannot_read(self, mlflow, asked):
        assert mlflow.refused("experiments/search", **asked)[:2] == (400, "INVALID_PARAMETER_VALUE")


def test_two_of_one_name_from_the_portal_are_found_by_the_older(mlflow, project, dev):
    older = services.create_experiment(project, name="twice", by=dev)
    services.create_experiment(project, name="twice", by=dev)
    found = mlflow.get("experiments/get-by-name", experiment_name="twice")["experiment"]
    assert found["experiment_id"] == str(older.number)
