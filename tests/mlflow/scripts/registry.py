"""What a script registers and reads back; it writes as JSON to the file it is told. Runs with either of MLflow's own clients."""

import json
import sys
import tempfile
import warnings
from pathlib import Path

import mlflow
from mlflow.exceptions import MlflowException

warnings.simplefilter("ignore")
NAME = "Churn by client"
client = mlflow.MlflowClient()


def refused(call, *given, **more):
    """Return what the client says when a call is refused."""
    try:
        call(*given, **more)
    except MlflowException as error:
        return str(error)
    return ""


def files_below(folder):
    return sorted(str(one.relative_to(folder)) for one in Path(folder).rglob("*") if one.is_file())


with tempfile.TemporaryDirectory() as name, mlflow.start_run() as run:
    folder = Path(name)
    mlflow.log_text("flavors: {}\n", "model/MLmodel")
    mlflow.log_text("weights", "model/data/weights.txt")
    root = run.info.run_id
    first = mlflow.register_model(f"runs:/{root}/model", NAME, tags={"by": "fluent"})
    second = client.create_model_version(
        NAME, f"runs:/{root}/model", root, tags={"by": "client"}, description="The second."
    )
    client.update_registered_model(NAME, "Who leaves.")
    client.update_model_version(NAME, second.version, "Better.")
    client.set_registered_model_tag(NAME, "team", "a")
    client.set_registered_model_tag(NAME, "gone", "a")
    client.delete_registered_model_tag(NAME, "gone")
    client.set_model_version_tag(NAME, second.version, "gone", "a")
    client.delete_model_version_tag(NAME, second.version, "gone")
    client.set_registered_model_alias(NAME, "best", second.version)
    client.set_registered_model_alias(NAME, "next", second.version)
    client.delete_registered_model_alias(NAME, "next")
    by_alias = client.get_model_version_by_alias(NAME, "best")
    model = client.get_registered_model(NAME)
    downloads = {}
    for place, uri in enumerate((f"models:/{NAME}/1", f"models:/{NAME}@best", f"models:/{NAME}/latest")):
        back = mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=str(folder / str(place)))
        downloads[uri] = files_below(back)
    copied = client.copy_model_version(f"models:/{NAME}/1", "Copy")
    stage = refused(client.transition_model_version_stage, NAME, first.version, "Production")
    alias = refused(client.set_registered_model_alias, NAME, "production", first.version)
    elsewhere = refused(client.create_model_version, NAME, "s3://bucket/model", root)
    taken = refused(client.create_registered_model, NAME)
    missing = refused(client.get_model_version, NAME, "7")
    judged = refused(client.delete_model_version, NAME, first.version)
    found = client.search_model_versions(f"name = '{NAME}'")
    models = client.search_registered_models(filter_string="tags.team = 'a'")
    latest = client.get_latest_versions(NAME, stages=["None"])
    client.delete_model_version(NAME, second.version)
    left = client.search_model_versions(f"run_id = '{root}'", order_by=["name ASC"])
    client.rename_registered_model("Copy", "Copied")
    renamed = client.get_registered_model("Copied")
    client.delete_registered_model("Copied")
    gone = refused(client.get_registered_model, "Copied")
Path(sys.argv[1]).write_text(
    json.dumps(
        {
            "versions": [str(first.version), str(second.version)],
            "status": first.status,
            "run": [first.run_id, root],
            "by_alias": [str(by_alias.version), by_alias.description, by_alias.tags],
            "model": [model.description, model.tags, {key: str(one) for key, one in model.aliases.items()}],
            "downloads": list(downloads.values()),
            "copied": [copied.name, str(copied.version)],
            "stage": stage,
            "alias": alias,
            "elsewhere": elsewhere,
            "taken": taken,
            "missing": missing,
            "judged": judged,
            "found": [str(one.version) for one in found],
            "models": [one.name for one in models],
            "latest": [str(one.version) for one in latest],
            "left": [[one.name, str(one.version), one.current_stage] for one in left],
            "renamed": renamed.name,
            "gone": gone,
        }
    )
)
