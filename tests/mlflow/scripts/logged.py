"""What a script logs of models as MLflow 3 does in `log_model`, call by call: the small client has no flavors.

It writes as JSON to the file it is told what it reads back.
"""

import json
import sys
import tempfile
from pathlib import Path

import mlflow
from mlflow.entities import LoggedModelOutput

client = mlflow.MlflowClient()
with tempfile.TemporaryDirectory() as name, mlflow.start_run() as run:
    folder = Path(name)
    (folder / "model" / "data").mkdir(parents=True)
    (folder / "model" / "MLmodel").write_text("flavors: {}\n")
    (folder / "model" / "data" / "weights.txt").write_text("weights")
    root, experiment = run.info.run_id, run.info.experiment_id
    made = client.create_logged_model(
        experiment,
        name="trees",
        source_run_id=root,
        tags={"team": "a", "gone": "1"},
        params={f"p{place}": "1" for place in range(150)},
        model_type="custom",
    )
    client.log_outputs(root, [LoggedModelOutput(made.model_id, step=2)])
    client.log_model_artifacts(made.model_id, str(folder / "model"))
    ready = client.finalize_logged_model(made.model_id, "READY")
    client.delete_logged_model_tag(made.model_id, "gone")
    client.set_logged_model_tags(made.model_id, {"kept": "2"})
    listed = sorted(one.path for one in client.list_logged_model_artifacts(made.model_id))
    registered = mlflow.register_model(f"models:/{made.model_id}", "Trees")
    by_run = mlflow.register_model(f"runs:/{root}/trees", "Trees")
    read = client.get_logged_model(made.model_id)
    found = client.search_logged_models([experiment], filter_string="name = 'trees' AND status = 'READY'")
    outputs = client.get_run(root).outputs.model_outputs
    downloads = []
    for place, uri in enumerate((made.model_uri, "models:/Trees/1", f"runs:/{root}/trees")):
        back = mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=str(folder / str(place)))
        downloads.append(sorted(str(one.relative_to(back)) for one in Path(back).rglob("*") if one.is_file()))
Path(sys.argv[1]).write_text(
    json.dumps(
        {
            "id": made.model_id,
            "run": root,
            "status": ready.status.value,
            "params": len(read.params),
            "tags": {name: value for name, value in read.tags.items() if not name.startswith("mlflow.")},
            "registered": [str(registered.version), registered.source, registered.run_id],
            "by_run": [str(by_run.version), by_run.source],
            "found": [one.model_id for one in found],
            "outputs": [[one.model_id, one.step] for one in outputs],
            "listed": listed,
            "downloads": downloads,
        }
    )
)
