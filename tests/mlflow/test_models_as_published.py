"""What MLflow's published tests ask of the registry and of logged models beyond what the recorded scripts do."""

import json
from itertools import count

import pytest

from apps.audit.models import Event

INVALID = (400, "INVALID_PARAMETER_VALUE")
_NAMES = (f"model{place}" for place in count(1))


@pytest.fixture
def run(mlflow):
    return mlflow.run()


def logged(mlflow, **more):
    return mlflow.post("logged-models", experiment_id="0", name=next(_NAMES), **more)["model"]["info"]


def named(answer):
    return [one["info"]["name"] for one in answer["models"]]


def searched(mlflow, **asked):
    return mlflow.post("logged-models/search", experiment_ids=["0"], **asked)


class TestTheTimeOfAModelsLastChange:
    @pytest.fixture
    def changed(self, mlflow):
        """Return the model's time by reading it and by finding it."""
        mlflow.post("registered-models/create", name="Churn")

        def read():
            got = mlflow.get("registered-models/get", name="Churn")["registered_model"]
            at = got["last_updated_timestamp"]
            found = mlflow.get("registered-models/search", filter=f"last_updated_timestamp = {at}")
            assert found["registered_models"] == [got]
            return at

        return read

    def test_is_that_of_a_version_that_comes(self, mlflow, run, changed):
        before = changed()
        version = mlflow.post("model-versions/create", name="Churn", source=f"runs:/{run}/model")
        assert before < changed() == version["model_version"]["creation_timestamp"]
        mlflow.patch("model-versions/update", name="Churn", version="1", description="Better.")
        assert changed() == version["model_version"]["creation_timestamp"]

    def test_is_that_of_a_version_that_goes(self, mlflow, run, changed):
        for _ in range(2):
            mlflow.post("model-versions/create", name="Churn", source=f"runs:/{run}/model")
        before = changed()
        mlflow.delete("model-versions/delete", name="Churn", version="1")
        between = changed()
        assert before < between
        mlflow.delete("model-versions/delete", name="Churn", version="2")
        assert between < changed()
        fields = Event.objects.filter(kind="registry.model_changed").values_list("data__fields", flat=True)
        assert list(fields) == ["the versions"] * 2


def versions_of(mlflow, model_id):
    """Return what a client reads of the versions of a logged model, by its id and in a search."""
    info = mlflow.get(f"logged-models/{model_id}")["model"]["info"]
    (found,) = searched(mlflow, filter=f"model_id = '{model_id}'")["models"]
    assert found["info"] == info
    told = {one["key"]: one["value"] for one in info["tags"]}.get("mlflow.modelVersions")
    return None if told is None else json.loads(told)


def test_a_logged_model_says_which_versions_came_from_it(mlflow):
    model = logged(mlflow, tags=[{"key": "team", "value": "a"}])["model_id"]
    mlflow.post("registered-models/create", name="Churn")
    assert versions_of(mlflow, model) is None
    for number in (1, 2):
        mlflow.post("model-versions/create", name="Churn", source=f"models:/{model}", model_id=model)
        assert versions_of(mlflow, model)[-1] == {"name": "Churn", "version": number}
    mlflow.delete("model-versions/delete", name="Churn", version="1")
    assert versions_of(mlflow, model) == [{"name": "Churn", "version": 2}]
    mlflow.patch(f"logged-models/{model}/tags", tags=[{"key": "team", "value": "b"}])
    assert versions_of(mlflow, model) == [{"name": "Churn", "version": 2}]


def test_no_model_is_logged_in_a_deleted_experiment(mlflow):
    made = mlflow.post("experiments/create", name="x")
    mlflow.post("experiments/delete", **made)
    assert "must be in the 'active' state" in mlflow.refused("logged-models", **made)[2]


class TestSearchingLoggedModels:
    @pytest.mark.parametrize("listed", ["('{0}')", "('{0}',)", "('{0}', 'foo')", "('{0}', 'foo', )"])
    def test_a_list_may_end_in_a_comma(self, mlflow, listed):
        first, second = (logged(mlflow)["name"] for _ in range(2))
        assert named(searched(mlflow, filter=f"name IN {listed.format(first)}")) == [first]
        assert named(searched(mlflow, filter=f"name NOT IN {listed.format(first)}")) == [second]

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("Foo", "Invalid filter string"),
            ("name = 'foo' OR name = 'bar'", "Invalid filter string"),
            ("name = 'foo' ?", "Invalid filter string"),
            ("name IN (,)", "Invalid filter string"),
            ("foo.bar = 'a'", "Invalid entity type"),
            ("name > 'foo'", "Invalid comparison operator"),
            ("metrics.foo LIKE 0", "Invalid comparison operator"),
            ("artifact_location = 'abc'", "Invalid attribute key 'artifact_location'"),
        ],
    )
    def test_a_filter_is_refused_in_the_words_of_the_protocol(self, mlflow, text, words):
        status, code, message = mlflow.refused("logged-models/search", experiment_ids=["0"], filter=text)
        assert (status, code) == INVALID
        assert words in message

    @pytest.mark.parametrize("name", ["artifact_location", "params.x", "tags.x", "foo.bar"])
    def test_an_order_is_refused_in_the_words_of_the_protocol(self, mlflow, name):
        asked = {"experiment_ids": ["0"], "order_by": [{"field_name": name}]}
        status, code, message = mlflow.refused("logged-models/search", **asked)
        assert (status, code) == INVALID
        assert f"Invalid order by field name: {name}." in message

    def test_a_page_goes_on_only_with_its_own_search(self, mlflow):
        first, second = (logged(mlflow)["name"] for _ in range(2))
        page = searched(mlflow, max_results=1)
        assert named(page) == [second]
        token = page["next_page_token"]
        for most in (1, 100):
            following = searched(mlflow, max_results=most, page_token=token)
            assert (named(following), "next_page_token" in following) == ([first], False)
        other = mlflow.post("experiments/create", name="other")["experiment_id"]
        asked = {"experiment_ids": ["0"], "page_token": token}
        for changed, words in (
            ({"experiment_ids": [other]}, "Experiment IDs in the page token do not match"),
            ({"order_by": [{"field_name": "creation_time"}]}, "Order by in the page token does not match"),
            ({"filter": f"name = '{first}'"}, "Filter string in the page token does not match"),
            ({"page_token": "blah"}, "Invalid page token"),
        ):
            status, code, message = mlflow.refused("logged-models/search", **(asked | changed))
            assert (status, code) == INVALID
            assert words in message

    @pytest.mark.parametrize(
        ("order", "expected"),
        [
            ([("accuracy", "one", "1", True)], "ba"),
            ([("accuracy", "one", "1", False)], "ab"),
            ([("accuracy", "two", "2", True)], "ab"),
            ([("accuracy", "one", None, True)], "ba"),
            ([("accuracy", None, "1", True)], "ba"),
            ([("accuracy", "", "", True)], "ab"),
            ([("accuracy", "one", "2", True)], "ba"),
            ([("loss", "one", "1", True)], "ab"),
            ([("loss", "one", "1", False)], "ab"),
            ([("nothing", None, None, True), ("accuracy", "two", "2", False)], "ba"),
            ([("accuracy", "one", "2", True), ("accuracy", "one", "1", False)], "ab"),
        ],
    )
    def test_a_metric_is_sorted_by_as_it_was_measured_on_a_dataset(self, mlflow, run, order, expected):
        made = {name: logged(mlflow)["model_id"] for name in "ab"}
        for name, key, value, at, dataset, digest in (
            ("a", "accuracy", 0.9, 1, "one", "1"),
            ("a", "accuracy", 0.8, 2, "two", "2"),
            ("a", "loss", 0.1, 1, "one", "1"),
            ("b", "accuracy", 0.1, 1, "one", "1"),
            ("b", "accuracy", 0.8, 3, "one", "1"),
            ("b", "accuracy", 0.9, 4, "two", "2"),
        ):
            point = {"key": key, "value": value, "timestamp": at, "model_id": made[name]}
            mlflow.post("runs/log-metric", run_id=run, dataset_name=dataset, dataset_digest=digest, **point)
        clauses = [
            {"field_name": f"metrics.{key}", "dataset_name": name, "dataset_digest": digest, "ascending": up}
            for key, name, digest, up in order
        ]
        found = searched(mlflow, order_by=clauses)["models"]
        assert [one["info"]["model_id"] for one in found] == [made[name] for name in expected]
