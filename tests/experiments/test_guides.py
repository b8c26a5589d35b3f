"""Hints on hyperparameters and guides in context (M2.2, M3.2, M3.3, M4.1, M6.2)."""

from dataclasses import dataclass

import pytest
from django.urls import reverse

from apps.experiments import services
from apps.policies.loading import standard_text, vocabulary
from apps.policies.method.guides import catalogue_guide, found_in
from apps.policies.pack import PackInvalid, parse_pack
from apps.projects import services as projects


@pytest.fixture(scope="module")
def method():
    return parse_pack(standard_text(), vocabulary()).method


@pytest.mark.method("M3.3")
@pytest.mark.parametrize(
    ("model_type", "params", "hinted"),
    [
        ("XGBClassifier", {"learning_rate": 0.01, "max_depth": 10, "n_estimators": 1000}, []),
        (
            "XGBClassifier",
            {"eta": 0.009, "max_depth": 11, "n_estimators": 99, "min_child_weight": 0},
            ["eta"],
        ),
        ("xgboost.train", {"booster__max-depth": "12"}, ["booster__max-depth"]),
        (
            "LGBMRegressor",
            {"num_leaves": 256, "colsample_bytree": 0.4, "min_child_samples": 4},
            ["num_leaves"],
        ),
        ("LightGBM", {"learning_rate": 0.3, "feature_fraction": 1.0, "min_data_in_leaf": 100}, []),
        ("MLP", {"lr": 0.1, "batch_size": 16, "dropout": 0.6}, ["lr", "batch_size", "dropout"]),
        ("ResNet50", {"learning_rate": 1e-5, "batch_size": 512, "dropout": 0.1}, []),
        (
            "RandomForestClassifier",
            {"n_estimators": 50, "max_depth": 31, "min_samples_leaf": 21},
            ["n_estimators"],
        ),
        ("KNeighborsClassifier", {"learning_rate": 7}, []),
        ("", {"learning_rate": 7}, []),
        (
            "XGBClassifier",
            {"max_depth": None, "eta": "auto", "n_estimators": True, "min_child_weight": [1]},
            [],
        ),
    ],
)
def test_a_number_outside_the_usual_range_of_its_family_gets_a_hint(method, model_type, params, hinted):
    found = method.experiments.hints(model_type, params)
    assert {hint.param for hint in found} >= set(hinted)
    assert bool(found) == bool(hinted)
    assert all(hint.sentence.endswith(".") and hint.method == "M3.3" for hint in found)


@pytest.mark.method("M3.3")
def test_the_ranges_are_those_of_the_method(method):
    ranges = {
        family.key: {one.param: (one.low, one.high) for one in family.ranges}
        for family in method.experiments.families
    }
    assert ranges == {
        "xgboost": {
            "learning_rate": (0.01, 0.3),
            "max_depth": (3, 10),
            "n_estimators": (100, 1000),
            "min_child_weight": (1, 10),
        },
        "lightgbm": {
            "learning_rate": (0.01, 0.3),
            "num_leaves": (15, 255),
            "feature_fraction": (0.5, 1.0),
            "min_data_in_leaf": (5, 100),
        },
        "neural_net": {"learning_rate": (1e-5, 1e-2), "batch_size": (32, 512), "dropout": (0.1, 0.5)},
        "random_forest": {"n_estimators": (100, 1000), "max_depth": (5, 30), "min_samples_leaf": (1, 20)},
    }


@pytest.mark.parametrize(
    ("key", "entries"),
    [
        pytest.param("model_selection", 10, marks=pytest.mark.method("M3.2")),
        pytest.param("metric_choice", 7, marks=pytest.mark.method("M4.1")),
        pytest.param("tuning", 4, marks=pytest.mark.method("M3.3")),
        pytest.param("llm_choice", 6, marks=pytest.mark.method("M6.2")),
    ],
)
def test_each_guide_has_its_entries_and_every_cell(method, key, entries):
    guide = next(one for one in method.guides.guides if one.key == key)
    assert len(guide.entries) == entries
    assert all(
        len(one.cells) == len(guide.columns) and all(cell.text for cell in one.cells) for one in guide.entries
    )


def situation(task, kind="tabular", rows=None, **more):
    return {"brief": {"task": task}, "experiment": {"data_kind": kind, "rows": rows, "runs": 1}, **more}


@pytest.mark.method("M3.2")
@pytest.mark.method("M4.1")
@pytest.mark.parametrize(
    ("facts", "entries"),
    [
        (situation("classification", rows=500), ["tabular_small", "balanced"]),
        (situation("regression", rows=200_000), ["tabular_large", "regression"]),
        (situation("classification"), ["tabular", "balanced"]),
        (situation("classification", "image", 9), ["image_classification", "balanced"]),
        (situation("ranking"), ["ranking", "ranking"]),
        (
            situation("classification", evaluation={"positives": 3.0, "n": 100.0, "task": "binary"}),
            ["tabular", "imbalanced"],
        ),
        (situation("clustering"), []),
        (situation("generation"), ["text_generation", "generation"]),
        (situation(None), []),
    ],
)
def test_only_what_fits_task_and_data_size_is_shown(method, facts, entries):
    assert [one.entry.key for one in method.guides.fitting("experiment", facts)] == entries


@pytest.mark.method("M6.2")
@pytest.mark.parametrize(
    ("facts", "entries"),
    [
        (situation("generation"), ["by_hand", "general_reasoning"]),
        (situation("classification", "text"), ["by_hand", "classification"]),
        (situation("regression"), ["by_hand"]),
    ],
)
def test_a_run_shows_how_to_tune_and_which_language_model(method, facts, entries):
    assert [one.entry.key for one in method.guides.fitting("run", facts)] == entries


def test_a_search_finds_entries_by_all_their_words(method):
    found = found_in(method.guides.guides, "isolation forest")
    assert [(guide.key, [one.key for one in guide.entries]) for guide in found] == [
        ("model_selection", ["anomaly_detection"])
    ]
    assert len(found_in(method.guides.guides, "m4.1")[0].entries) == 7
    assert found_in(method.guides.guides, "") == method.guides.guides
    assert found_in(method.guides.guides, "quantum") == ()


@dataclass(frozen=True)
class Pattern:
    key: str
    title: str
    kind: str
    advice: str
    method: str = "M2.2"


@pytest.mark.method("M2.2")
def test_the_feature_catalogue_is_a_guide_where_the_policy_has_one():
    guide = catalogue_guide([Pattern("log", "Logarithm", "numerical", "For right-skewed numbers.")])
    assert (guide.method, guide.columns) == ("M2.2", ("Kind of column", "When to use it"))
    assert found_in([guide], "right-skewed")[0].entries == guide.entries
    assert catalogue_guide(()) is None


def family(ranges):
    return f"experiments: {{model_families: [{{key: a, title: A, model_types: [x1], ranges: [{ranges}]}}]}}"


def guide(entry):
    return f"guides: [{{key: a, title: A, entries: [{{key: b, title: B, {entry}}}]}}]"


@pytest.mark.parametrize(
    ("part", "sentence"),
    [
        (family("{param: p, low: 2, high: 1}"), "is empty"),
        (family("{param: p, low: 1, high: 2, aliases: [P]}"), "already"),
        (guide("cells: {no: x}"), "no column 'no'"),
        (guide("when: brief.tusk == 'x'"), "Did you mean brief.task"),
    ],
)
def test_a_part_that_makes_no_sense_is_refused_with_its_line(part, sentence):
    cut = standard_text().split("\nexperiments:\n")[0]
    with pytest.raises(PackInvalid) as refused:
        parse_pack(f"{cut}\n{part}\n", vocabulary())
    assert sentence in str(refused.value)
    assert refused.value.problems[0].line > 100


@pytest.mark.method("M3.2")
@pytest.mark.method("M3.3")
def test_pages_and_interface_show_the_entry_and_the_hint_in_place(client, project, dev, ada, cleo):
    projects.change_brief(project, by=ada, task="classification")
    experiment = services.create_experiment(project, name="e", by=dev)
    run = services.start_run(experiment, name="r", by=dev, model_type="XGBClassifier", params={"eta": 0.9})
    client.force_login(dev)
    page = client.get(reverse("experiments:experiment", args=[experiment.pk]))
    assert [one.entry.key for one in page.context["advice"]] == ["tabular", "balanced"]
    assert "isolation forest" not in page.content.decode().lower()
    page = client.get(reverse("experiments:run", args=[run.pk]))
    assert "eta is 0.9; 0.01 to 0.3 is usual for XGBoost" in page.content.decode()
    assert [one.entry.key for one in page.context["advice"]] == ["by_hand"]
    told = client.get(f"/api/v1/runs/{run.pk}").json()
    assert [(hint["param"], hint["high"]) for hint in told["hints"]] == [("eta", 0.3)]
    assert told["delta"] is None
    client.force_login(cleo)
    assert client.get(reverse("experiments:run", args=[run.pk])).status_code == 404


@pytest.mark.method("M6.2")
@pytest.mark.method("M4.1")
def test_the_guides_page_searches_with_and_without_scripts(client, project, dev):
    client.force_login(dev)
    address = reverse("policies:guides")
    whole = client.get(address).content.decode()
    for anchor in ("model_selection", "metric_choice", "tuning", "llm_choice"):
        assert f'id="{anchor}"' in whole
    few = client.get(address, {"q": "Summarisation"}).content.decode()
    assert ("llm_choice-summarisation" in few, "llm_choice-code" in few) == (True, False)
    part = client.get(address, {"q": "quantum"}, headers={"HX-Request": "true"}).content.decode()
    assert ("No guide has the words" in part, "<html" in part) == (True, False)
    assert client.get(address, {"policy": "standard", "revision": "1"}).status_code == 200
    assert client.get(address, {"policy": "nowhere"}).status_code == 422
    answer = client.get("/api/v1/guides", {"q": "PR-AUC"}).json()
    assert [guide["key"] for guide in answer["guides"]] == ["metric_choice"]
    assert client.get("/api/v1/guides", {"policy": "nowhere"}).status_code == 422
