"""What a training script logs; it writes as JSON to the file it is told what it reads back. Runs with MLflow's own client."""

import json
import math
import sys
from pathlib import Path

import mlflow
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag
from mlflow.exceptions import MlflowException

client = mlflow.MlflowClient()
mlflow.set_experiment("Churn by client")
with mlflow.start_run(run_name="parent", tags={"team": "a"}) as parent:
    mlflow.log_param("depth", 3)
    mlflow.log_params({"rate": 0.1, "kind": "tree"})
    for step in range(5):
        mlflow.log_metric("auc", 0.5 + step / 10, step=step)
    mlflow.log_metrics({"loss": 0.25, "odd": math.nan, "endless": math.inf})
    mlflow.set_tag("note", "größer")
    mlflow.set_tags({"gone": "1", "kept": "2"})
    mlflow.delete_tag("gone")
    points = [Metric("batch", float(at), 1_700_000_000_000 + at, at) for at in range(300)]
    client.log_batch(parent.info.run_id, points, [Param("batch", "yes")], [RunTag("batch", "yes")])
    described = Dataset("customers", "abc123", "http", '{"url": "https://example.org/c.csv"}', schema="{}")
    tagged = [InputTag("mlflow.data.context", "training")]
    client.log_inputs(parent.info.run_id, [DatasetInput(described, tagged)])
    with mlflow.start_run(run_name="child", nested=True) as child:
        mlflow.log_metric("auc", 0.95)
try:
    client.log_param(parent.info.run_id, "depth", 4)
    refused = ""
except MlflowException as error:
    refused = str(error)

experiment = mlflow.get_experiment_by_name("Churn by client")
read = client.get_run(parent.info.run_id)
found = client.search_runs(
    [experiment.experiment_id],
    "metrics.auc > 0.8 AND tags.`mlflow.runName` LIKE '%'",
    order_by=["metrics.auc DESC"],
)
children = client.search_runs([experiment.experiment_id], f"tags.mlflow.parentRunId = '{parent.info.run_id}'")
paged = client.search_runs([experiment.experiment_id], max_results=1)
client.delete_run(child.info.run_id)
left = client.search_runs([experiment.experiment_id])
client.restore_run(child.info.run_id)
mlflow.set_experiment_tag("owner", "team-a")
Path(sys.argv[1]).write_text(
    json.dumps(
        {
            "parent": parent.info.run_id,
            "status": read.info.status,
            "params": read.data.params,
            "tags": {name: value for name, value in read.data.tags.items() if not name.startswith("mlflow.")},
            "metrics": {name: str(value) for name, value in read.data.metrics.items()},
            "history": [
                (one.step, one.value) for one in client.get_metric_history(parent.info.run_id, "auc")
            ],
            "batch": len(client.get_metric_history(parent.info.run_id, "batch")),
            "inputs": [
                (one.dataset.name, one.dataset.digest, {tag.key: tag.value for tag in one.tags})
                for one in read.inputs.dataset_inputs
            ],
            "found": [one.info.run_name for one in found],
            "children": [one.info.run_id == child.info.run_id for one in children],
            "paged": [len(paged), bool(paged.token)],
            "left": [one.info.run_name for one in left],
            "refused": refused,
            "experiments": sorted(one.name for one in client.search_experiments()),
            "owner": client.get_experiment(experiment.experiment_id).tags["owner"],
        },
    )
)
