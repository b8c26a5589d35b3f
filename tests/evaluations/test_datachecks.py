"""Profiles, leakage and skew on small tables where every answer is known."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from apps.evaluations.engine.datachecks.leakage import leakage
from apps.evaluations.engine.datachecks.profile import profile
from apps.evaluations.engine.datachecks.skew import skew
from apps.evaluations.engine.table import TableInvalid
from tests.evaluations import golden


@pytest.fixture
def write(tmp_path):
    def to(name: str, **columns):
        path = tmp_path / name
        pq.write_table(pa.table(columns), path)
        return path

    return to


def split(write, **changes):
    rng = np.random.default_rng(1)
    train = {
        "id": np.arange(400),
        "t": np.arange(400),
        "y": rng.integers(0, 2, 400),
        "x": rng.normal(size=400),
    }
    test = {
        "id": np.arange(400, 500),
        "t": np.arange(400, 500),
        "y": rng.integers(0, 2, 100),
        "x": rng.normal(size=100),
    }
    for name, values in changes.items():
        side, column = name.split("_")
        (train if side == "train" else test)[column] = values
    return write("train.parquet", **train), write("test.parquet", **test)


def test_a_clean_split_passes(write):
    train, test = split(write)
    found = leakage(train, test, label="y", key="id", time="t")
    assert found["passes"]
    assert found["shared_keys"]["test_rows"] == 0
    assert found["repeated_rows"]["test_rows"] == 0
    assert found["times"]["test_rows_before_train_ends"] == 0
    assert {row["feature"] for row in found["telling_features"]["features"]} == {"x"}


def test_shared_entities_are_found_with_examples(write):
    train, test = split(write, test_id=np.arange(390, 490))
    found = leakage(train, test, key="id")["shared_keys"]
    assert not found["passes"]
    assert found["test_rows"] == 10
    assert len(found["examples"]) == 5


def test_repeated_rows_are_found_whatever_their_key(write):
    rng = np.random.default_rng(1)
    y, x = rng.integers(0, 2, 400), rng.normal(size=400)
    train, test = split(
        write,
        train_y=y,
        train_x=x,
        train_t=np.zeros(400),
        test_t=np.zeros(100),
        test_y=y[:100],
        test_x=x[:100],
    )
    found = leakage(train, test, key="id")
    assert found["repeated_rows"]["test_rows"] == 100
    assert not found["passes"]


def test_times_that_overlap_are_found(write):
    train, test = split(write, test_t=np.arange(380, 480))
    found = leakage(train, test, time="t")["times"]
    assert found["test_rows_before_train_ends"] == 20
    assert not found["passes"]


def test_a_feature_that_holds_the_answer_is_suspected(write):
    rng = np.random.default_rng(2)
    y = rng.integers(0, 2, 400)
    train, test = split(write, train_y=y, train_x=y + rng.normal(size=400) * 0.01)
    found = leakage(train, test, label="y", key="id", time="t")["telling_features"]
    assert not found["passes"]
    assert found["features"][0]["feature"] == "x"
    assert found["features"][0]["measure"] == "AUC"
    assert found["features"][0]["strength"] > 0.99


def test_a_category_that_holds_the_answer_is_suspected(write):
    y = np.random.default_rng(3).integers(0, 3, 400)
    train, test = split(
        write,
        train_y=np.array(["a", "b", "c"])[y],
        train_x=np.array(["u", "v", "w"])[y],
        test_x=["u"] * 100,
        test_y=["a"] * 100,
    )
    found = leakage(train, test, label="y", key="id", time="t")["telling_features"]
    assert found["features"][0]["suspected"]


def test_a_missing_key_column_is_named(write):
    train, test = split(write)
    with pytest.raises(TableInvalid, match="There is no column “customer” for the key"):
        leakage(train, test, key="customer")


def test_the_same_features_online_pass(write):
    columns = {"id": ["a", "b", "c"], "x": [1.0, None, 3.0], "k": ["u", "v", None]}
    found = skew(write("offline.parquet", **columns), write("online.parquet", **columns), key="id")
    assert found["passes"]
    assert [row["mismatches"] for row in found["features"]] == [0, 0]


def test_features_that_differ_online_are_named_with_their_keys(write):
    offline = write(
        "offline.parquet", id=["a", "b", "c", "d"], x=[1.0, 2.0, 3.0, 4.0], k=["u", "v", "w", "z"]
    )
    online = write("online.parquet", id=["d", "c", "b", "e"], x=[4.0, 3.5, None, 9.0], k=["z", "w", "v", "q"])
    found = skew(offline, online, key="id")
    assert not found["passes"]
    assert found["rows"] == 3
    assert (found["only_offline"], found["only_online"]) == (1, 1)
    worst = found["features"][0]
    assert worst["feature"] == "x"
    assert worst["mismatches"] == 2
    assert worst["missing_on_one_side"] == 1
    assert set(worst["examples"]) == {"b", "c"}


def test_keys_that_repeat_are_refused(write):
    path = write("a.parquet", id=["a", "a"], x=[1.0, 2.0])
    with pytest.raises(TableInvalid, match="repeat"):
        skew(path, path, key="id")


def test_a_profile_says_what_a_source_is_worth(write):
    rng = np.random.default_rng(4)
    path = write(
        "source.parquet",
        age=[None if i % 10 == 0 else float(i % 70) for i in range(2000)],
        income=rng.lognormal(10, 1, 2000),
        when=["2026-01-01" if i % 2 else "17.3.2026" for i in range(2000)],
        amount=["12" if i % 3 else "n.n." for i in range(2000)],
        y=[int(i % 20 == 0) for i in range(2000)],
    )
    found = profile(path, label="y")
    columns = {column["name"]: column for column in found["columns"]}
    assert columns["age"]["missing_share"] == 0.1
    assert columns["income"]["skewness"] > 2
    assert found["mixed_formats"] == ["amount"]
    assert found["rarest_class"] == 100
    assert {name: one["score"] for name, one in found["proposals"].items()} == {
        "completeness": 4,
        "consistency": 3,
        "volume": 1,
    }


def test_duplicates_are_counted(write):
    path = write("twice.parquet", a=[1.0, 2.0, 1.0, None, None], b=["x", "y", "x", None, None])
    assert profile(path)["duplicate_rows"] == 2


def test_the_profile_of_a_published_table():
    """UCI Adult: 48,842 rows, of which 52 repeat another (Becker and Kohavi 1996); here the split is a column too."""
    golden.demand()
    found = profile(golden.path("adult"), label="income")
    assert found["rows"] == 48_842
    assert {column["name"]: column["distinct"] for column in found["columns"]}["education"] == 16
