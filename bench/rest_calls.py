"""What bench/rest.py sends: the calls, how much faster than MLflow's server each must be, and the rows that they find."""

from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import quote

from bench.rest_load import Client, Load, Make, Request
from bench.rest_servers import Server

#: Milliseconds since 1970 of the first point; each later one is a millisecond later.
BEGINNING = 1_700_000_000_000
MODEL, ALIAS, VERSIONS = "searched", "champion", 50
#: Runs into which clients log, one for each.
MOST_CLIENTS = 32
BATCH, HISTORY = 100, 1000


@dataclass(frozen=True)
class World:
    """What a server has before it is measured, by its own ids: experiments, then runs."""

    work: str
    searched: str
    read: str
    history: str
    runs: tuple[str, ...]


@dataclass(frozen=True)
class Call:
    """A call: how many times the requests a second of MLflow's server are wanted at 8 clients, and what one request adds."""

    name: str
    wanted: int
    make: Make
    adds: dict[str, int] = field(default_factory=dict)


def _points(total: int, serial: int) -> list[dict[str, object]]:
    moment = BEGINNING + serial
    return [
        {"key": f"metric_{n}", "value": n / (1 + serial % 7), "timestamp": moment, "step": serial}
        for n in range(total)
    ]


def get_run(has: World, number: int, serial: int) -> Request:
    """A run with 100 metrics, 20 parameters and 20 tags."""
    return Request("GET", f"mlflow/runs/get?run_id={has.read}")


def search_runs(has: World, number: int, serial: int) -> Request:
    """The best hundred of the runs whose metric is over one half."""
    return Request(
        "POST",
        "mlflow/runs/search",
        {
            "experiment_ids": [has.searched],
            "filter": "metrics.auc > 0.5",
            "order_by": ["metrics.auc DESC"],
            "max_results": 100,
        },
    )


def history(has: World, number: int, serial: int) -> Request:
    """A metric with 1,000 points."""
    return Request("GET", f"mlflow/metrics/get-history?run_id={has.history}&metric_key=loss")


def create_run(has: World, number: int, serial: int) -> Request:
    """A run as the client begins it."""
    tags = {
        "mlflow.user": "eve",
        "mlflow.source.name": "train.py",
        "mlflow.source.type": "LOCAL",
        "mlflow.runName": f"run-{serial}",
    }
    return Request(
        "POST",
        "mlflow/runs/create",
        {
            "experiment_id": has.work,
            "user_id": "eve",
            "run_name": f"run-{serial}",
            "start_time": BEGINNING + serial,
            "tags": [{"key": key, "value": value} for key, value in tags.items()],
        },
    )


def log_metric(has: World, number: int, serial: int) -> Request:
    """One point, into the client's own run."""
    point = {"key": "loss", "value": 1 / (1 + serial), "timestamp": BEGINNING + serial, "step": serial}
    return Request("POST", "mlflow/runs/log-metric", {"run_id": has.runs[number], **point})


def set_tag(has: World, number: int, serial: int) -> Request:
    """One of ten tags of the client's own run."""
    return Request(
        "POST",
        "mlflow/runs/set-tag",
        {"run_id": has.runs[number], "key": f"note_{serial % 10}", "value": f"seen {serial}"},
    )


def log_batch(has: World, number: int, serial: int) -> Request:
    """The next point of each of 100 metrics, into the client's own run."""
    return Request(
        "POST", "mlflow/runs/log-batch", {"run_id": has.runs[number], "metrics": _points(BATCH, serial)}
    )


def create_model(has: World, number: int, serial: int) -> Request:
    """A registered model of a new name."""
    return Request("POST", "mlflow/registered-models/create", {"name": f"model-{serial}"})


def get_model(has: World, number: int, serial: int) -> Request:
    """A registered model."""
    return Request("GET", f"mlflow/registered-models/get?name={MODEL}")


def tag_model(has: World, number: int, serial: int) -> Request:
    """One of ten tags of a registered model."""
    tag = {"key": f"note_{serial % 10}", "value": f"seen {serial}"}
    return Request("POST", "mlflow/registered-models/set-tag", {"name": MODEL, **tag})


def create_version(has: World, number: int, serial: int) -> Request:
    """A version of the registered model, from the files of the run that is read."""
    source = f"mlflow-artifacts:/{has.work}/{has.read}/artifacts/model"
    return Request(
        "POST", "mlflow/model-versions/create", {"name": MODEL, "source": source, "run_id": has.read}
    )


def get_version(has: World, number: int, serial: int) -> Request:
    """A version by its number."""
    return Request("GET", f"mlflow/model-versions/get?name={MODEL}&version=1")


def by_alias(has: World, number: int, serial: int) -> Request:
    """A version by its alias."""
    return Request("GET", f"mlflow/registered-models/alias?name={MODEL}&alias={ALIAS}")


def search_versions(has: World, number: int, serial: int) -> Request:
    """The versions of a model."""
    asked = quote(f"name='{MODEL}'")
    return Request("GET", f"mlflow/model-versions/search?filter={asked}&max_results=100")


#: What fills tables comes last, so that it slows nothing else down.
CALLS = (
    Call("get registered model", 4, get_model),
    Call("get version", 4, get_version),
    Call("get version by alias", 4, by_alias),
    Call("search of versions", 8, search_versions),
    Call("set-tag of a registered model", 4, tag_model),
    Call("create registered model", 4, create_model, {"models": 1}),
    Call("create version", 4, create_version, {"versions": 1}),
    Call("get run", 8, get_run),
    Call("search of runs by metric", 8, search_runs),
    Call("metric history", 8, history),
    Call("create run", 4, create_run, {"runs": 1}),
    Call("log-metric", 4, log_metric, {"points": 1}),
    Call("set-tag", 4, set_tag),
    Call("log-batch of 100 metrics", 8, log_batch, {"points": BATCH}),
)


def _new_run(experiment: str, number: int, serial: int) -> Request:
    return Request(
        "POST",
        "mlflow/runs/create",
        {
            "experiment_id": experiment,
            "user_id": "eve",
            "run_name": f"seed-{serial}",
            "start_time": BEGINNING + serial,
        },
    )


def _first_run(client: Client, experiment: str) -> str:
    """Log the run of which the others that are searched are copies; return its id."""
    run = client.ask(_new_run(experiment, 0, 0))["run"]["info"]["run_id"]
    points = {"auc": 0.0, "loss": 1.0}
    body = {
        "run_id": run,
        "metrics": [
            {"key": key, "value": value, "timestamp": BEGINNING, "step": 0} for key, value in points.items()
        ],
        "params": [{"key": "depth", "value": "6"}, {"key": "rate", "value": "0.1"}],
    }
    client.ask(Request("POST", "mlflow/runs/log-batch", body))
    return str(run)


def prepare(load: Load, server: Server, runs: int) -> tuple[World, Counter[str]]:
    """Fill a server by its own calls, the many runs by copying one; return what there is, and the number of rows by kind."""
    target = server.target
    client = Client(target, 0)
    work, searched = (
        client.ask(Request("POST", "mlflow/experiments/create", {"name": name}))["experiment_id"]
        for name in ("work", "searched")
    )
    server.copy_run(_first_run(client, searched), runs - 1)
    made = load.send(target, _new_run, work, MOST_CLIENTS + 2)
    own, read, long = (
        [one["run"]["info"]["run_id"] for one in made[part]]
        for part in (slice(MOST_CLIENTS), slice(-2, -1), slice(-1, None))
    )
    has = World(work, searched, read[0], long[0], tuple(own))
    twenty = [{"key": f"name_{n}", "value": f"value {n}"} for n in range(20)]
    client.ask(
        Request(
            "POST",
            "mlflow/runs/log-batch",
            {"run_id": has.read, "metrics": _points(BATCH, 0), "params": twenty, "tags": twenty},
        )
    )
    steps = [
        {"key": "loss", "value": 1 / (1 + n), "timestamp": BEGINNING + n, "step": n} for n in range(HISTORY)
    ]
    client.ask(Request("POST", "mlflow/runs/log-batch", {"run_id": has.history, "metrics": steps}))
    rows = Counter({"runs": runs + MOST_CLIENTS + 2, "points": 2 * runs + BATCH + HISTORY})
    rows += _prepare_registry(client, has)
    client.close()
    return has, rows


def _prepare_registry(client: Client, has: World) -> Counter[str]:
    """Register a model with its versions; return the number of rows by kind."""
    place = f"mlflow-artifacts/artifacts/{has.work}/{has.read}/artifacts/model/MLmodel"
    client.send(Request("PUT", place, b"artifact_path: model\n"))
    alias = {"name": MODEL, "alias": ALIAS, "version": "1"}
    client.send(Request("POST", "mlflow/registered-models/create", {"name": MODEL}))
    for n in range(VERSIONS):
        client.send(create_version(has, 0, n))
    client.send(Request("POST", "mlflow/registered-models/alias", alias))
    return Counter({"models": 1, "versions": VERSIONS})
