"""What a training script does that logs to MLflow: bench/load.py lets several of them live."""

import hashlib
import time
from random import Random
from typing import Any
from urllib.parse import quote

import msgspec

from bench.load_clients import Client, Place, Wrong
from bench.rest_calls import BATCH, BEGINNING
from bench.rest_load import Client as Connection
from bench.rest_load import Request

EPOCHS = 10
#: What an epoch computes, in seconds.
EPOCH_SECONDS = 0.1
PARAMS, TAGS = 12, 5
#: Bytes of a file; every so manieth run keeps a large one.
SMALL, LARGE, LARGE_EVERY = 20_000, 3_000_000, 20
#: Every so manieth run becomes a version; each client has a model of its own.
REGISTER_EVERY = 5
ALIAS = "candidate"


def some(total: int, serial: int) -> list[dict[str, str]]:
    """Return parameters or tags whose names say their values, so that each is known where it is found."""
    return [{"key": f"load.{serial}.{n}", "value": f"{serial}.{n}"} for n in range(total)]


class Trainer(Client):
    """Trains, logs, keeps the model, reads it all back, and now and then registers it."""

    kind = "training"

    def __init__(self, place: Place, number: int, stop: Any) -> None:
        super().__init__(place, number, stop)
        self._http = Connection(place.target, number)
        self._experiment = ""
        self._model = ""

    def close(self) -> None:
        self._http.close()

    def _send(self, call: str, request: Request) -> bytes:
        with self.timed(call):
            return self._http.send(request)

    def _ask(self, call: str, method: str, address: str, body: dict[str, Any] | None = None) -> Any:
        return msgspec.json.decode(self._send(call, Request(method, f"mlflow/{address}", body)))

    def live(self) -> None:
        """One training."""
        serial = self.serial()
        if not self._experiment:
            name = {"name": f"training of client {self.number}"}
            self._experiment = self._ask("create experiment", "POST", "experiments/create", name)[
                "experiment_id"
            ]
            self.done["experiments"] += 1
        run = self._begin(serial)
        for epoch in range(EPOCHS):
            self.pause(EPOCH_SECONDS)
            self._log(run, epoch)
        self._describe(run, serial)
        self._keep(run, serial)
        self._look(run)
        ended = {"run_id": run, "status": "FINISHED", "end_time": int(1000 * time.time())}
        self._ask("finish run", "POST", "runs/update", ended)
        self.done["runs that ended"] += 1
        if serial % REGISTER_EVERY == 0:
            self._register(run)

    def _begin(self, serial: int) -> str:
        body = {
            "experiment_id": self._experiment,
            "user_id": "eve",
            "run_name": f"run {serial}",
            "start_time": int(1000 * time.time()),
            "tags": [{"key": "mlflow.source.name", "value": "train.py"}],
        }
        run = str(self._ask("create run", "POST", "runs/create", body)["run"]["info"]["run_id"])
        self.done["runs"] += 1
        first = {"run_id": run, "params": some(PARAMS, serial), "tags": some(TAGS, serial)}
        self._ask("log-batch of parameters and tags", "POST", "runs/log-batch", first)
        self.done["parameters"] += PARAMS
        self.done["tags"] += TAGS
        return run

    def _log(self, run: str, epoch: int) -> None:
        moment = BEGINNING + epoch
        points = [
            {"key": f"metric_{n}", "value": n / (1 + epoch), "timestamp": moment, "step": epoch}
            for n in range(BATCH)
        ]
        self._ask("log-batch of 100 metrics", "POST", "runs/log-batch", {"run_id": run, "metrics": points})
        self.done["points"] += BATCH
        loss = {"key": "loss", "value": 1 / (1 + epoch), "timestamp": moment, "step": epoch}
        self._ask("log-metric", "POST", "runs/log-metric", {"run_id": run, **loss})
        self.done["points"] += 1

    def _describe(self, run: str, serial: int) -> None:
        one = {"run_id": run, "key": f"load.{serial}.last", "value": f"{serial}.last"}
        self._ask("set-tag", "POST", "runs/set-tag", one)
        self.done["tags"] += 1
        self._ask("log-parameter", "POST", "runs/log-parameter", one)
        self.done["parameters"] += 1

    def _keep(self, run: str, serial: int) -> None:
        """Keep a file that no other is like, and get it back."""
        large = serial % LARGE_EVERY == 0
        content = Random(serial).randbytes(LARGE if large else SMALL)
        address = f"mlflow-artifacts/artifacts/{self._experiment}/{run}/artifacts/model/weights.bin"
        size = "3 MB" if large else "20 kB"
        self._send(f"PUT of {size}", Request("PUT", address, content))
        self.diary.files["files of runs"][hashlib.sha256(content).hexdigest()] += 1
        back = self._send(f"GET of {size}", Request("GET", address))
        self.demand(back == content, f"the file of the run {run} came back with other bytes")
        found = self._ask("list artifacts", "GET", f"artifacts/list?run_id={run}&path=model")["files"]
        paths = [(one["path"], int(one["file_size"])) for one in found]
        self.demand(paths == [("model/weights.bin", len(content))], f"the run {run} lists {paths}")

    def _look(self, run: str) -> None:
        data = self._ask("get run", "GET", f"runs/get?run_id={run}")["run"]["data"]
        counts = len(data["metrics"]), len(data["params"])
        wanted = BATCH + 1, PARAMS + 1
        self.demand(counts == wanted, f"the run {run} has {counts} metrics and parameters, not {wanted}")
        last = next(one["value"] for one in data["metrics"] if one["key"] == "loss")
        self.demand(last == 1 / EPOCHS, f"the last loss of the run {run} is {last}, not {1 / EPOCHS}")
        address = f"metrics/get-history?run_id={run}&metric_key=loss"
        points = self._ask("metric history", "GET", address)["metrics"]
        self.demand(
            len(points) == EPOCHS, f"the run {run} has {len(points)} points of its loss, not {EPOCHS}"
        )
        search = {
            "experiment_ids": [self._experiment],
            "filter": "metrics.loss < 0.5",
            "order_by": ["metrics.loss ASC", "attributes.start_time DESC"],
            "max_results": 100,
        }
        runs = self._ask("search of runs", "POST", "runs/search", search)["runs"]
        if not any(one["info"]["run_id"] == run for one in runs):
            raise Wrong(f"the search of runs does not find the run {run}, which is the newest")

    def _register(self, run: str) -> None:
        """Make the run's model a version, name it, and find it again."""
        if not self._model:
            name = f"model of client {self.number}"
            self._ask("create registered model", "POST", "registered-models/create", {"name": name})
            self._model = name
            self.done["models"] += 1
        name, asked = self._model, quote(self._model)
        source = f"runs:/{run}/model"
        made = self._ask(
            "create version",
            "POST",
            "model-versions/create",
            {"name": name, "source": source, "run_id": run},
        )["model_version"]
        self.done["versions"] += 1
        number = made["version"]
        alias = {"name": name, "alias": ALIAS, "version": number}
        self._ask("set alias", "POST", "registered-models/alias", alias)
        found = self._ask("version by alias", "GET", f"registered-models/alias?name={asked}&alias={ALIAS}")
        self.demand(
            found["model_version"]["version"] == number, f"{ALIAS} of {name} is not v{number}: {found}"
        )
        tag = {"name": name, "version": number, "key": f"load.{run}", "value": run}
        self._ask("set-tag of a version", "POST", "model-versions/set-tag", tag)
        self.done["tags of versions"] += 1
        query = quote(f"name='{name}'")
        versions = self._ask("search of versions", "GET", f"model-versions/search?filter={query}")
        newest = max(int(one["version"]) for one in versions["model_versions"])
        self.demand(newest == int(number), f"the newest version of {name} is {newest}, not {number}")
