"""Features have names of one form, go out as CSV and YAML and come back, all or none."""

import io

import pytest

from apps.core.errors import Conflict, Forbidden, Invalid
from apps.data import exchange, queries, services
from apps.data.views.features import exported
from apps.experiments import services as experiments
from apps.experiments.usage import feature_use

NAME = "user_purchase_count_30d_sum"


@pytest.fixture
def feature(project, dev):
    return services.register_feature(project, name=NAME, data_type="integer", description="Bought.", by=dev)


@pytest.mark.method("M2.3")
@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("purchases", "has 1 of the 4 parts"),
        ("User_purchase_count_30d_sum", "The entity “User”"),
        ("user_Purchase_30d_sum", "The feature “Purchase”"),
        ("user_purchase_count_thirty_sum", "The window “thirty”"),
        ("user_purchase_count_30d_total", "The aggregation “total”"),
    ],
)
def test_a_name_of_another_form_is_refused_by_the_part_that_is_wrong(project, dev, name, wrong):
    with pytest.raises(Invalid) as refused:
        services.register_feature(project, name=name, data_type="integer", by=dev)
    assert wrong in refused.value.sentence
    assert NAME in refused.value.sentence


@pytest.mark.method("M2.3")
def test_a_feature_is_changed_by_one_at_a_time_and_warns_of_a_slow_store(project, feature, dev, vera, cleo):
    changed = services.change_feature(
        feature, online_latency_ms=25.0, online_storage="redis", expect=1, by=dev
    )
    assert "over 10 ms" in services.features.latency_warning(changed)
    with pytest.raises(Conflict):
        services.change_feature(changed, description="x", expect=1, by=dev)
    with pytest.raises(Forbidden):
        services.change_feature(changed, description="x", by=vera)
    with pytest.raises(Invalid, match="no member"):
        services.change_feature(changed, owner=cleo, by=dev)
    with pytest.raises(Invalid, match="no data type"):
        services.change_feature(changed, data_type="blob", by=dev)


@pytest.mark.method("M2.3")
@pytest.mark.parametrize("form", ["csv", "yaml"])
def test_what_goes_out_comes_back_the_same(project, feature, dev, form):
    services.change_feature(
        feature,
        description="=cmd()",
        known_issues="Late, at times.",
        online_latency_ms=5.0,
        retired=True,
        by=dev,
    )
    before = [exported(one) for one in queries.features_of(project, show="all")]
    text = exchange.csv_text(before) if form == "csv" else exchange.yaml_text(before)
    assert services.import_features(project, stream=io.BytesIO(text.encode()), name=f"f.{form}", by=dev) == (
        0,
        1,
    )
    feature.refresh_from_db()
    assert exported(feature) == before[0]


@pytest.mark.method("M2.3")
def test_a_file_with_one_bad_row_changes_nothing_and_names_the_row(project, dev):
    good, bad = "user_visit_count_7d_sum,integer", "visits,integer"
    text = f"name,data_type\n{good}\n{bad}\n".encode()
    with pytest.raises(Invalid, match="Row 2: “visits” has 1 of the 4 parts") as refused:
        services.import_features(project, stream=io.BytesIO(text), name="f.csv", by=dev)
    assert [one["row"] for one in refused.value.problems] == [2]
    assert not queries.features_of(project, show="all").exists()


@pytest.mark.parametrize(
    ("content", "name", "wrong"),
    [
        (b"\xff\xfe", "f.csv", "not UTF-8"),
        (b"features: !!python/object/apply:os.system [ls]", "f.yaml", "not YAML"),
        (b"a: &a [x]\nfeatures: [*a, *a]", "f.yaml", "aliases"),
        (b"features: 3", "f.yaml", "holds a list"),
        (b"features: [{name: a, color: red}]", "f.yaml", "has no color"),
        (b"name,retired\na,maybe", "f.csv", "retired is yes or no"),
        (b"x" * 1_000_001, "f.csv", "over 1,000,000 bytes"),
        (b"name,data_type\n", "f.csv", "no features"),
        (b"name,data_type,data_type\na,b,c", "f.csv", "names twice “data_type”"),
        (b"name;data_type\nuser_a_1d_sum;float\nuser_a_1d_sum;float", "f.csv", "stands in row 1 too"),
        (b"name,data_type\na", "f.csv", "it has 1 cells, and the header has 2"),
        (b"features: [{name: 0x" + b"f" * 5000 + b"}]", "f.yaml", "no text of at most 120"),
        (b'features: [{name: "\\ud800"}]', "f.yaml", "no text of at most 120|not YAML"),
        (b"features: [{name: a, online_latency_ms: .inf}]", "f.yaml", "online_latency_ms is a number"),
    ],
)
def test_a_file_that_is_none_is_refused_with_a_sentence(project, dev, content, name, wrong):
    with pytest.raises(Invalid, match=wrong):
        services.import_features(project, stream=io.BytesIO(content), name=name, by=dev)


@pytest.mark.method("M2.3")
def test_an_empty_cell_empties_the_field_and_keeps_the_owner(project, feature, dev):
    services.change_feature(feature, description="Visits.", by=dev)
    text = f"name,description,owner\n{feature.name},,\n".encode()
    services.import_features(project, stream=io.BytesIO(text), name="f.csv", by=dev)
    before = feature.owner
    feature.refresh_from_db()
    assert (feature.description, feature.owner) == ("", before)


@pytest.mark.method("M2.3")
def test_duplicates_and_what_no_run_uses_are_found(project, experiment, feature, dev):
    for name in ("user_count_purchase_30d_sum", "user_visit_count_7d_sum"):
        services.register_feature(project, name=name, data_type="integer", description="Visits.", by=dev)
    found = dict(queries.duplicates_of(project))
    assert found["the same parts in the name"] == ["user_count_purchase_30d_sum", NAME]
    assert len(found["the same source table and description"]) == 2
    experiments.start_run(experiment, name="r", features=[NAME, "mystery"], by=dev)
    use = feature_use(project)
    assert [(one.name, count) for one, count in use.used] == [(NAME, 1)]
    assert len(use.unused) == 2
    assert use.unregistered == [("mystery", 1)]
