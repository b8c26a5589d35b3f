"""What a script of scikit-learn logs, registers and loads back; it writes as JSON to the file it is told what it read.

Runs with either of MLflow's own clients.
"""

import json
import sys
import warnings
from pathlib import Path

import mlflow
import mlflow.sklearn
import sklearn.metrics
from mlflow import MlflowClient
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

warnings.simplefilter("ignore")
NAME = "Leaves by flavour"
THREE = int(mlflow.__version__.split(".")[0]) >= 3
client = MlflowClient()
rows, labels = make_classification(n_samples=80, n_features=4, random_state=1)
mlflow.set_experiment("By flavour")


def pinned():
    """Log a model by hand, as the line of the client asks for it, and register it in the same call."""
    name = {"name": "trees"} if THREE else {"artifact_path": "trees"}
    return mlflow.sklearn.log_model(
        fitted,
        **name,
        signature=mlflow.models.infer_signature(rows, labels),
        registered_model_name=NAME,
        pip_requirements=["scikit-learn"],
    )


# Each model that autologging keeps is loaded in a process of its own to see what it needs: one is enough here.
mlflow.sklearn.autolog(max_tuning_runs=2, log_models=False)
with mlflow.start_run(run_name="search") as run:
    search = GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0, 10.0]}, cv=2).fit(rows, labels)
    root = run.info.run_id
tuned = client.get_run(root)
children = client.search_runs([run.info.experiment_id], f"tags.mlflow.parentRunId = '{root}'")

mlflow.sklearn.autolog()
fitted = LogisticRegression(C=0.5).fit(rows, labels)
alone = mlflow.last_active_run()
guesses = fitted.predict(rows)
score = sklearn.metrics.accuracy_score(labels, guesses)
late = client.get_run(alone.info.run_id).data.metrics
by_autolog = mlflow.register_model(f"runs:/{alone.info.run_id}/model", NAME)
mlflow.sklearn.autolog(disable=True)

with mlflow.start_run(run_name="by hand") as run:
    logged = pinned()
    by_hand = run.info.run_id
    if THREE:
        mlflow.log_metric("held_out", score, step=7, model_id=logged.model_id)
        mlflow.log_metrics(
            {"loss": 0.25}, model_id=logged.model_id, dataset=mlflow.data.from_numpy(rows, name="held out")
        )
(made,) = client.search_model_versions(f"run_id = '{by_hand}'")
client.set_registered_model_alias(NAME, "best", made.version)
client.set_model_version_tag(NAME, made.version, "checked", "yes")
addresses = [
    f"runs:/{by_hand}/trees",
    f"models:/{NAME}/{made.version}",
    f"models:/{NAME}@best",
    logged.model_uri,
]
wanted = fitted.predict(rows).tolist()
same = [
    [
        one.predict(rows).tolist() == wanted
        for one in (mlflow.sklearn.load_model(uri), mlflow.pyfunc.load_model(uri))
    ]
    for uri in addresses
]
shown = sorted(
    [one.key, one.value, one.step, one.run_id == by_hand, one.dataset_name]
    for one in (client.get_logged_model(logged.model_id).metrics if THREE else ())
)
best_measured = [
    one.model_id == logged.model_id
    for one in (
        client.search_logged_models(
            [run.info.experiment_id],
            filter_string="metrics.loss < 0.5",
            datasets=[{"dataset_name": "held out"}],
            order_by=[{"field_name": "metrics.held_out", "ascending": False}],
        )
        if THREE
        else ()
    )
]
told = {
    "runs": [root, alone.info.run_id, by_hand],
    "children": [
        [one.info.status, one.data.params["C"], "mean_test_score" in one.data.metrics] for one in children
    ],
    "best": tuned.data.params["best_C"] == str(search.best_params_["C"]),
    "files": sorted(one.path for one in client.list_artifacts(root)),
    "params": alone.data.params == {name: str(value) for name, value in fitted.get_params().items()},
    "tags": [alone.data.tags[name] for name in ("estimator_name", "mlflow.autologging")],
    "scores": [alone.data.metrics["training_accuracy_score"] == score, late["accuracy_score_rows"] == score],
    "measured": shown,
    "searched": best_measured,
    "inputs": [len(one.tags) for one in alone.inputs.dataset_inputs],
    "versions": [str(by_autolog.version), str(made.version)],
    "same": same,
    "signature": mlflow.models.get_model_info(addresses[1]).signature is not None,
}
Path(sys.argv[1]).write_text(json.dumps(told))
