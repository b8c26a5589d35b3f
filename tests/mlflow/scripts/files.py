"""What a script keeps of files; it writes as JSON to the file it is told what it reads back. Runs with MLflow's own client."""

import json
import sys
import tempfile
from pathlib import Path

import mlflow

client = mlflow.MlflowClient()
with tempfile.TemporaryDirectory() as name, mlflow.start_run() as run:
    folder = Path(name)
    (folder / "report").mkdir()
    (folder / "report" / "a b.txt").write_text("first")
    (folder / "report" / "empty").touch()
    (folder / "large.bin").write_bytes(bytes(range(256)) * 12_000)
    mlflow.log_artifact(str(folder / "large.bin"))
    mlflow.log_artifacts(str(folder / "report"), artifact_path="report")
    mlflow.log_dict({"threshold": 0.5}, "config/threshold.json")
    mlflow.log_dict({"threshold": 0.6}, "config/threshold.json")
    mlflow.log_text("words", "words.txt")
    root = run.info.run_id
    listed = {
        one.path: (one.is_dir, one.file_size)
        for path in (None, "report", "config", "words.txt")
        for one in client.list_artifacts(root, path)
    }
    back = Path(mlflow.artifacts.download_artifacts(run_id=root, dst_path=str(folder / "back")))
    dotted = Path(
        mlflow.artifacts.download_artifacts(run_id=root, artifact_path=".", dst_path=str(folder / "dotted"))
    )
    same = all(
        (one / "large.bin").read_bytes() == (folder / "large.bin").read_bytes() for one in (back, dotted)
    )
    files, again = (
        sorted(str(one.relative_to(top)) for one in top.rglob("*") if one.is_file()) for top in (back, dotted)
    )
    same = same and files == again
    read = mlflow.artifacts.load_dict(f"{run.info.artifact_uri}/config/threshold.json")
    repository = mlflow.artifacts.get_artifact_repository(run.info.artifact_uri)
    repository.delete_artifacts("report")
    left = [one.path for one in client.list_artifacts(root)]
Path(sys.argv[1]).write_text(
    json.dumps(
        {
            "listed": listed,
            "same": same,
            "files": files,
            "read": read,
            "left": left,
            "uri": run.info.artifact_uri,
        },
    )
)
