"""What a pipeline does at /api/v1: bench/load.py lets several of them live."""

import hashlib
import json
import time
from random import Random
from typing import Any

import httpx

from bench.load_clients import WAITS, Client, Followed, Place, Wrong
from bench.load_training import some
from bench.rest_load import PATIENCE, REST, Refused

POINTS, PARAMS, TAGS = 50, 6, 3
ROWS, RESAMPLES = 1000, 200
COLUMNS = {"label": "y", "score": "score", "row_id": "id", "protected": ["group"]}
MODEL_BYTES = 30_000
#: Seconds that a pipeline waits for its evaluation.
EVALUATION_SECONDS = 300
JUNIT = "application/junit+xml"


class Web(Client):
    """A client of addresses outside of MLflow's."""

    def __init__(self, place: Place, number: int, stop: Any) -> None:
        super().__init__(place, number, stop)
        self._base = f"http://{place.target.host}:{place.target.port}"
        self.http = self.connect()

    def connect(self) -> httpx.Client:
        """Return connections without cookies."""
        limits = httpx.Limits(keepalive_expiry=REST)
        return httpx.Client(base_url=self._base, timeout=PATIENCE, trust_env=False, limits=limits)

    def close(self) -> None:
        self.http.close()

    def send(
        self, call: str, method: str, address: str, expected: tuple[int, ...] = (200,), **more: Any
    ) -> httpx.Response:
        """Return an answer of one of the expected statuses; raises Refused for another."""
        with self.timed(call):
            answer = self.http.request(method, address, **more)
            if answer.status_code not in expected:
                raise Refused(answer.status_code, f"{method} {address}: {answer.text[:500]}")
        return answer


def predictions_of(serial: int) -> bytes:
    """Return a table of predictions that no other is like, as CSV."""
    random = Random(serial)
    lines = ["id,y,score,group"]
    for row in range(ROWS):
        score = random.betavariate(0.6, 0.5)
        lines.append(f"{serial}-{row},{int(random.random() < score)},{score:.6f},{'ABC'[row % 3]}")
    return "\n".join(lines).encode()


class Pipeline(Web):
    """Logs a run, registers a version, has it evaluated, asks the gate, and keeps in step with the records."""

    kind = "pipelines"

    def __init__(self, place: Place, number: int, stop: Any) -> None:
        super().__init__(place, number, stop)
        tokens = place.target.tokens
        self.http.headers["Authorization"] = f"Bearer {tokens[number % len(tokens)]}"
        self._experiment = self._model = self._cursor = ""
        self._seen: set[int] = set()
        self._first = -1

    def _get(self, call: str, address: str, **more: Any) -> Any:
        return self.send(call, "GET", f"/api/v1{address}", **more).json()

    def _post(self, call: str, address: str, body: Any, *, once: bool = True, **more: Any) -> Any:
        headers = more.pop("headers", {}) | (
            {"Idempotency-Key": f"{self.number}-{self.serial()}"} if once else {}
        )
        sent = {"data": body, **more} if "files" in more else {"json": body, **more}
        return self.send(call, "POST", f"/api/v1{address}", (200, 201, 202), headers=headers, **sent).json()

    def live(self) -> None:
        """One pipeline, from the training to the gate."""
        if not self._model:
            self._prepare()
        serial = self.serial()
        run = self._train(serial)
        version = self._register(run, serial)
        self._evaluate(version, serial)
        self._gate(version)
        self._follow()

    def _prepare(self) -> None:
        project = f"/projects/{self.place.project}"
        page = self._get(
            "events after end", "/events", params={"after": "end", "project": self.place.project}
        )
        self._cursor, self._first = page["cursor"], _position(page["cursor"])
        if not self._experiment:
            about = {
                "name": f"pipeline {self.number}",
                "primary_metric": "auc",
                "hypothesis": "It holds under load.",
            }
            self._experiment = self._post("create experiment", f"{project}/experiments", about)["id"]
            self.done["experiments"] += 1
        model = {"slug": f"pipeline-{self.number}", "name": f"Pipeline {self.number}"}
        self._model = self._post("create model", f"{project}/models", model)["id"]
        self.done["models"] += 1

    def _train(self, serial: int) -> str:
        about = {
            "name": f"nightly {serial}",
            "params": {one["key"]: one["value"] for one in some(PARAMS, serial)},
            "tags": {one["key"]: one["value"] for one in some(TAGS, serial)},
            "seed": serial,
        }
        run = self._post("create run", f"/experiments/{self._experiment}/runs", about)["id"]
        self.done["runs"] += 1
        self.done["parameters"] += PARAMS
        self.done["tags"] += TAGS
        points = [{"name": "auc", "value": 1 - 1 / (2 + step), "step": step} for step in range(POINTS)]
        added = self._post("log points", f"/runs/{run}/metrics", {"metrics": points})["added"]
        self.done["points"] += added
        self.demand(added == POINTS, f"{added} points were added, not {POINTS}")
        content = Random(serial).randbytes(MODEL_BYTES)
        self._file("files of runs", f"/runs/{run}/artifacts", content, {"path": "log.bin"})
        self._post("end run", f"/runs/{run}/end", {})
        self.done["runs that ended"] += 1
        shown = self._get("read run", f"/runs/{run}")
        self.demand(shown["metrics"] == {"auc": points[-1]["value"]}, f"the run shows {shown['metrics']}")
        self._get("list runs", f"/experiments/{self._experiment}/runs")
        return str(run)

    def _file(self, what: str, address: str, content: bytes, about: dict[str, Any]) -> Any:
        """Send a file with its digest, which the answer must have."""
        digest = hashlib.sha256(content).hexdigest()
        body = about | {"sha256": digest}
        made = self._post(f"send {what}", address, body, files={"file": ("file.bin", content)})
        self.diary.files[what][digest] += 1
        return made

    def _register(self, run: str, serial: int) -> str:
        content = Random(-serial).randbytes(MODEL_BYTES)
        about = {"run": run, "path": "model.bin"}
        made = self._file("files of versions", f"/models/{self._model}/versions", content, about)
        self.done["versions"] += 1
        check = {"name": "load_test", "status": "passed", "summary": "It held."}
        self._post("report check", f"/versions/{made['id']}/checks", check)
        self.done["checks"] += 1
        return str(made["id"])

    def _evaluate(self, version: str, serial: int) -> None:
        table = predictions_of(serial)
        about = {"columns": json.dumps(COLUMNS), "dataset": "holdout", "split": "holdout"}
        digest = hashlib.sha256(table).hexdigest()
        made = self._post(
            "send predictions",
            f"/versions/{version}/predictions",
            about | {"sha256": digest},
            files={"file": ("holdout.csv", table)},
        )
        self.diary.files["predictions"][made["digest"]] += 1
        self.demand(made["row_count"] == ROWS, f"{made['row_count']} rows were taken, not {ROWS}")
        started = self._post(
            f"evaluate {WAITS}",
            f"/predictions/{made['id']}/evaluations",
            {"config": {"seed": 2026, "resamples": RESAMPLES}},
            once=False,
            headers={"Prefer": "wait=20"},
        )
        self.done["evaluations"] += 1
        self._wait(started)

    def _wait(self, started: dict[str, Any]) -> None:
        """Ask until the evaluation is complete; where no seat is free to wait in, ask later, as the answer says."""
        found, ends = started, time.monotonic() + EVALUATION_SECONDS
        while found["state"] not in {"complete", "failed"}:
            self.demand(
                time.monotonic() < ends, f"the evaluation {found['id']} took over {EVALUATION_SECONDS} s"
            )
            answer = self.send(
                f"read evaluation {WAITS}",
                "GET",
                f"/api/v1/evaluations/{started['id']}",
                (200, 503),
                headers={"Prefer": "wait=20"},
            )
            body = answer.json()
            if answer.status_code == 200:
                found = body
            elif body["code"] == "too_many_waiting":
                self.pause(float(answer.headers["Retry-After"]))
            else:
                raise Refused(503, answer.text[:500])
        if found["state"] == "failed":
            raise Wrong(f"the evaluation {found['id']} failed: {found['error']}")

    def _gate(self, version: str) -> None:
        address = f"/api/v1/versions/{version}/gate"
        verdict = self.send("gate, JSON", "GET", address, params={"to": "staging"})
        said = verdict.headers["Mlgov-Gate"]
        self.demand(verdict.json()["state"] == said, f"the gate says {verdict.json()['state']} and {said}")
        report = self.send("gate, JUnit", "GET", address, params={"to": "staging"}, headers={"Accept": JUNIT})
        self.demand("<testcase" in report.text, "the gate's JUnit has no test case")

    def _follow(self) -> None:
        """Read what came since the last time; each record comes once."""
        more = True
        while more:
            asked = {"after": self._cursor, "project": self.place.project, "page_size": "200"}
            page = self._get("events after a cursor", "/events", params=asked)
            ids = {one["id"] for one in page["results"]}
            twice = self._seen & ids
            self.demand(len(ids) == len(page["results"]) and not twice, f"records came twice: {twice}")
            self._seen |= ids
            self._cursor, more = page["cursor"], bool(page["next"])

    def close(self) -> None:
        super().close()
        if self._model:
            self.diary.followed.append(Followed(self._first, _position(self._cursor), len(self._seen)))


def _position(cursor: str) -> int:
    """Return the place in the sealed log that a cursor names; it is for the database alone to know, and for this benchmark."""
    return int(cursor.partition(".")[0]) if cursor else -1
