"""What the client of MLflow 2 notes of a model at its run; it writes as JSON to the file it is told what it reads back."""

import json
import sys
from pathlib import Path

import mlflow
from mlflow.models import Model

client = mlflow.MlflowClient()
with mlflow.start_run() as run:
    for path in ("model", "other"):
        described = Model(artifact_path=path, run_id=run.info.run_id)
        described.add_flavor("custom", version="1")
        client._record_logged_model(run.info.run_id, described)
history = json.loads(client.get_run(run.info.run_id).data.tags["mlflow.log-model.history"])
Path(sys.argv[1]).write_text(json.dumps([[one["artifact_path"], one["run_id"]] for one in history]))
