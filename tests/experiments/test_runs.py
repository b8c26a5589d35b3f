"""Tables of runs, and runs beside each other (M3.1)."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.experiments import comparing, queries, services
from apps.experiments.columns import Column, Condition, Wanted
from apps.experiments.tables import Among, sorted_runs
from apps.projects.enums import Role
from tests.gates.light import tiny_project

pytestmark = pytest.mark.method("M3.1")


@pytest.fixture
def small(ada, dev):
    return tiny_project(owner=ada, members=[(dev, Role.CONTRIBUTOR)])


@pytest.fixture
def tried(small, dev):
    return services.create_experiment(
        small, name="trees", by=dev, primary_metric="auc", baseline=0.7, baseline_source="the rule"
    )


def logged(experiment, dev, name, *, params=None, steps=1, **metrics):
    run = services.start_run(experiment, name=name, by=dev, model_type="XGBClassifier", params=params or {})
    points = [
        services.MetricPoint(key, value * (n + 1) / steps, n)
        for key, value in metrics.items()
        for n in range(steps)
    ]
    services.log_metrics(run, metrics=points, by=dev)
    return run


@pytest.fixture
def runs(tried, dev):
    """Four runs: b is best, c logged no metric, d logs its parameter as text."""
    return {
        "a": logged(tried, dev, "a", params={"depth": 9}, auc=0.7, loss=0.4),
        "b": logged(tried, dev, "b", params={"depth": 10, "bag": True}, auc=0.9),
        "c": services.start_run(tried, name="c", by=dev),
        "d": logged(tried, dev, "d", params={"depth": "2e0"}, auc=0.8),
    }


def names(among, **wanted):
    return "".join(run.name for run in sorted_runs(among, Wanted(**wanted))[0:25])


@pytest.mark.parametrize(
    ("key", "descending", "order"),
    [
        (Column("metric", "auc"), True, "bdac"),
        (Column("metric", "auc"), False, "adbc"),
        (Column("metric", "loss"), True, "adcb"),
        (Column("param", "depth"), True, "badc"),
        (Column("param", "depth"), False, "dabc"),
        (Column("started"), True, "dcba"),
        (Column("name"), False, "abcd"),
        (Column("duration"), True, "dcba"),
    ],
)
def test_runs_sort_in_the_database_with_the_missing_last(tried, runs, key, descending, order):
    for among in (Among(tried.project), Among(tried.project, tried)):
        found = names(among, sort=key, descending=descending)
        assert found[:1] + "".join(sorted(found[1:])) == order[:1] + "".join(sorted(order[1:]))
        if key.name != "loss":
            assert found == order


def test_pages_in_the_order_of_a_metric_join_without_gap_or_double(tried, runs):
    found = sorted_runs(Among(tried.project), Wanted(sort=Column("metric", "auc")))
    assert [run.name for start in range(0, 4) for run in found[start : start + 1]] == list("bdac")
    assert len(found) == 4


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"conditions": (Condition("auc", "gt", 0.75),)}, "bd"),
        ({"conditions": (Condition("auc", "gte", 0.8), Condition("auc", "lt", 0.9))}, "d"),
        ({"conditions": (Condition("auc", "lte", 0.7),), "sort": Column("metric", "auc")}, "a"),
        ({"words": "B"}, "b"),
        ({"model": "xgb", "state": "running"}, "abd"),
    ],
)
def test_runs_are_filtered_in_the_database(tried, runs, wanted, found):
    assert sorted(names(Among(tried.project, tried), **wanted)) == list(found)


@pytest.fixture
def page(client, dev):
    client.force_login(dev)

    def get(name, *args, **query):
        return client.get(reverse(f"experiments:{name}", args=args), query)

    return get


def test_the_page_sorts_filters_and_picks_columns_by_its_address(page, tried, runs):
    asked = {"sort": "-metric.auc", "columns": ["param.depth", "metric.loss"]}
    asked |= {"where1-metric": "auc", "where1-relation": "gt", "where1-number": "0.75"}
    for answer in (page("experiment", tried.pk, **asked), page("runs", tried.project.slug, **asked)):
        assert answer.status_code == 200
        assert [row.run.name for row in answer.context["rows"]] == ["b", "d"]
        assert [row.cells for row in answer.context["rows"]] == [(10, None), ("2e0", None)]
        assert answer.context["rows"][0].delta.gain == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"columns": "metric.nope"}, "No run has a column “metric.nope”"),
        ({"columns": "secret"}, "No run has a column “secret”"),
        ({"sort": "-metric.nope"}, "cannot be sorted by “metric.nope”"),
        ({"sort": "password"}, "cannot be sorted by “password”"),
        ({"where1-metric": "auc", "where1-number": "much"}, "Enter a number."),
        ({"where1-metric": "auc"}, "Say a number"),
        ({"where1-number": "1"}, "Say which metric"),
        ({"state": "asleep"}, "Select a valid choice"),
    ],
)
def test_an_address_that_cannot_be_read_says_why_and_shows_the_runs(page, tried, runs, query, sentence):
    answer = page("experiment", tried.pk, **query)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert len(answer.context["rows"]) == 4


def test_lists_cost_the_same_with_more_rows(client, page, tried, runs, dev):
    addresses = [
        (reverse("experiments:runs", args=[tried.project.slug]), {"sort": "metric.auc"}),
        (reverse("experiments:of_project", args=[tried.project.slug]), {}),
        (reverse("experiments:compare", args=[tried.project.slug]), {"run": [runs["a"].pk, runs["b"].pk]}),
    ]
    before = []
    for address, query in addresses:
        client.get(address, query)  # The frame counts what waits once.
        with CaptureQueriesContext(connection) as taken:
            client.get(address, query)
        before.append(len(taken))
    for number in range(2):
        logged(services.create_experiment(tried.project, name="more", by=dev), dev, "m", auc=0.1)
        logged(tried, dev, f"n{number}", auc=0.5, steps=2)
    addresses[2][1]["run"] += [runs["c"].pk, runs["d"].pk]
    for (address, query), known in zip(addresses, before, strict=True):
        client.get(address, query)  # The frame counts what waits once.
        with CaptureQueriesContext(connection) as taken:
            assert client.get(address, query).status_code == 200
        assert len(taken) == known, address


def test_a_long_curve_is_drawn_from_few_points_with_both_ends(tried, dev):
    run = services.start_run(tried, name="long", by=dev)
    points = [services.MetricPoint("loss", 1 / (n + 1), n) for n in range(1000)]
    services.log_metrics(run, metrics=points, by=dev)
    drawn = queries.metric_curves([run.pk], ["loss"], most=50)["loss"][run.pk]
    assert 40 <= len(drawn) <= 51
    assert (drawn[0], drawn[-1]) == ((0, 1.0), (999, 1 / 1000))
    assert drawn == sorted(drawn)
    assert queries.metric_names([run.pk]) == ["loss"]


def test_a_comparison_shows_what_differs_lines_and_curves(page, tried, dev):
    first = logged(tried, dev, "first", params={"eta": 0.9, "depth": 6, "same": 1}, steps=3, auc=0.8)
    second = logged(tried, dev, "second", params={"eta": 0.1, "depth": 8, "same": 1}, steps=3, auc=0.9)
    answer = page("compare", tried.project.slug, run=[first.pk, second.pk])
    text = answer.content.decode()
    assert [row.name for row in answer.context["rows"]] == ["depth", "eta", "auc"]
    assert "2 second has the best auc" in answer.context["parallel"].reading
    assert answer.context["parallel"].columns == ("Run", "depth", "eta", "auc")
    assert [chart.title for chart in answer.context["curves"]] == ["auc"]
    assert text.count('role="img"') == 2
    whole = page("compare", tried.project.slug, run=[first.pk, second.pk], rows="all")
    assert "same" in [row.name for row in whole.context["rows"]]


def test_more_than_twenty_and_runs_from_elsewhere_are_not_compared(page, tried, runs, dev, ada, client, ci):
    slug = tried.project.slug
    many = [logged(tried, dev, f"r{n}").pk for n in range(21)]
    refused = page("compare", slug, run=many)
    assert (refused.status_code, "choose 20 at the most" in refused.content.decode()) == (422, True)
    assert page("compare", slug, run=many[:20]).status_code == 200
    assert page("compare", slug, run=["nonsense"]).status_code == 422
    assert page("compare", slug).status_code == 200
    other = tiny_project(owner=ada, members=[(dev, Role.CONTRIBUTOR)], slug="other", reviewers=2)
    foreign = logged(services.create_experiment(other, name="x", by=dev), dev, "y")
    assert page("compare", slug, run=[many[0], foreign.pk]).status_code == 404
    api = f"/api/v1/projects/{tried.project_id}/runs/compare"
    answer = client.get(api, {"run": [runs["a"].pk, runs["b"].pk]})
    rows = {row["name"]: row for row in answer.json()["rows"]}
    assert (rows["depth"]["values"], rows["depth"]["differs"]) == ([9, 10], True)
    assert answer.json()["runs"][1]["delta"]["gain"] == pytest.approx(0.2)
    problem = client.get(api, {"run": many})
    assert (problem.status_code, problem.json()["code"]) == (422, "too_many_runs")
    assert client.get(api, {"run": [foreign.pk]}).status_code == 404


def test_the_best_run_is_named_within_one_experiment_only(tried, runs, dev):
    assert comparing.compare(tried.project, [runs["a"].pk, runs["b"].pk]).best.run == runs["b"]
    elsewhere = logged(services.create_experiment(tried.project, name="x", by=dev), dev, "y", auc=1.0)
    assert comparing.compare(tried.project, [runs["a"].pk, elsewhere.pk]).best is None


def test_a_number_that_no_double_holds_breaks_no_table(client, runs, tried, small, dev):
    huge = logged(tried, dev, "huge", params={"depth": 10**400}, auc=1e308)
    services.change_experiment(tried, by=dev, baseline=-1e308, baseline_source="the rule")
    client.force_login(dev)
    page = reverse("experiments:experiment", args=[tried.pk])
    beside = reverse("experiments:compare", args=[small.slug])
    assert client.get(page, {"sort": "param.depth"}).status_code == 200
    assert client.get(beside, {"run": [str(huge.pk), str(runs["a"].pk)]}).status_code == 200
    assert client.get(f"/api/v1/runs/{huge.pk}").status_code == 200


@pytest.mark.parametrize(
    "about",
    [
        {"params": {"a": ["\x00"]}},
        {"params": {"a\x00": 1}},
        {"tags": {"\x00": "x"}},
        {"params": {"a": "\ud800"}},
    ],
)
def test_a_text_that_cannot_be_kept_is_refused(client, tried, dev, about):
    client.force_login(dev)
    body = json.dumps({"name": "r", **about})
    answer = client.post(f"/api/v1/experiments/{tried.pk}/runs", body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_text")
