"""Tell the demonstration's story: what a pipeline does goes through the REST API, what people do through the services.

``python -m demo.load --address http://127.0.0.1:8000``. Every step looks for what an earlier start left, so that a
second start is quick and an interrupted one goes on.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlgov.settings")
django.setup()

from apps.accounts.models import User  # noqa: E402 - Django must be set up first
from apps.accounts.proofs import Proof  # noqa: E402
from apps.core.errors import MlgovError  # noqa: E402
from apps.gates import services as gates  # noqa: E402
from apps.gates.models import Promotion  # noqa: E402
from apps.policies.queries import pack_of  # noqa: E402
from apps.projects.models import Project  # noqa: E402
from apps.registry.models import Version  # noqa: E402
from apps.rubrics import services as rubrics  # noqa: E402
from apps.rubrics.models import Score  # noqa: E402
from demo import people, texts  # noqa: E402
from demo.client import Api  # noqa: E402
from mlgov import environment  # noqa: E402

SLUG = "mortgage-approval"
COLUMNS = {
    "label": "approve",
    "score": "score",
    "row_id": "application_id",
    "protected": ["race", "sex"],
    "slices": ["loan_to_value", "credit_history"],
    "threshold": 0.5,
}
#: US dollars of 2026: what the two trainings, the evaluation and a month of tracking cost.
COSTS = (
    ("training", "4.20", "two cores for the search of parameters"),
    ("evaluation", "0.35", "bootstrap of the holdout"),
    ("tracking", "12.00", "this portal, a share of its host"),
)


def say(text: str) -> None:
    """Print a step at once."""
    print(f"  {text}", flush=True)


class Story:
    """The demonstration with what it knows: the file, the people, and the ways in."""

    def __init__(self, address: str, file: Path) -> None:
        self.address = address
        self.file = file
        self.known: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
        passwords = {one["email"].partition("@")[0]: one["password"] for one in self.known.get("people", [])}
        self.users, self.passwords = people.gather(passwords)
        self.pipeline = people.pipeline_of(self.users["dana"])
        tokens = self.known.get("tokens", {})
        dana, olivia = self.users["dana"], self.users["olivia"]
        self.tokens = {
            "ci": people.token_of(self.pipeline, name="CI", by=dana, known=tokens.get("ci")),
            "owner": people.token_of(olivia, name="set-up", by=olivia, known=tokens.get("owner")),
        }
        self.ci = Api(address, self.tokens["ci"])
        self.owner = Api(address, self.tokens["owner"])
        self.write(complete=bool(self.known.get("complete")))

    def write(self, *, complete: bool, **more: str) -> None:
        """Keep what scripts and the next start need, for this user's eyes alone."""
        content = self.known | more
        content |= {"address": self.address, "complete": complete, "people": people.described(self.passwords)}
        content |= {"tokens": self.tokens, "ci_token": self.tokens["ci"]}
        descriptor = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(content, file, indent=2)
        self.known = content

    def tell(self) -> None:
        """Do every step that is not done."""
        if self.known.get("complete"):
            say("The demonstration is loaded already.")
            return
        from demo import method, sequel, train  # noqa: PLC0415 - a second start should not pay for scikit-learn

        say("Training two models on 1,989 mortgage applications ...")
        data = train.load()
        project = self.frame()
        method.frame(project, self.users)
        method.look_at_data(self.ci, project, data)
        self.account_for(project)
        datasets = [
            self.dataset(project, "train", data.train),
            self.dataset(project, "holdout", data.holdout),
        ]
        experiment = _ensure(self.ci, f"/projects/{project}/experiments", "name", texts.EXPERIMENT)
        model = _ensure(self.ci, f"/projects/{project}/models", "slug", texts.MODEL)
        models = (train.logistic_regression(data), train.gradient_boosting(data))
        versions = [self.version(model["id"], experiment["id"], one, datasets) for one in models]
        for version in versions:
            self.evidence(version)
        for version in versions:
            self.to_staging(version)
        careful, strong = versions
        method.judge(experiment["id"], careful, self.users)
        refused = self.ask(strong, "production")
        waiting = self.ask(careful, "production")
        if waiting["state"] == "open" and not waiting["approvals"]:
            self.sign(waiting["id"], "rita", meaning=1)
        say(f"Version 2 asked for production: {refused['state']}. Version 1: {waiting['state']}.")
        sequel.canary(self.ci, careful, models[0], data)
        sequel.converse(waiting["id"], self.users)
        sequel.ask_waiver(self.ci, strong)
        sequel.publish_card(careful, self.users, rita=Proof(password=self.passwords["rita"]))
        sequel.doubt_card(strong, self.users)
        for version in versions:
            self.ci.wait_for(f"/jobs/{self.ci.post(f'/versions/{version}/card/pdf')['id']}")
        sequel.verify(self.users["olga"])
        say("The sealed audit log verifies.")
        self.write(
            complete=True,
            project=f"{self.address}/projects/{SLUG}/",
            **{"waiting_promotion": waiting["id"], "refused_promotion": refused["id"]},
            **{"careful_version": careful, "strong_version": strong},
        )

    def frame(self) -> str:
        """Begin the project: brief (with the fairness threshold, before any training), data source, members."""
        say("Framing the problem ...")
        project = _ensure(
            self.owner,
            "/projects",
            "slug",
            {
                "slug": SLUG,
                "name": "Mortgage approval",
                "purpose": "Decide routine home loans on the day they arrive.",
            },
        )
        path = f"/projects/{project['id']}"
        people.join(Project.objects.get(pk=project["id"]), self.users, self.pipeline)
        if not self.owner.get(f"{path}/brief")["business_objective"]:
            self.owner.patch(f"{path}/brief", texts.BRIEF)
        _ensure(self.owner, f"{path}/data-sources", "name", texts.DATA_SOURCE)
        return str(project["id"])

    def account_for(self, project: str) -> None:
        """Set the budget and enter what was spent."""
        self.owner.put(f"/projects/{project}/budget", {"monthly_amount": "150.00", "currency": "USD"})
        if not self.ci.get(f"/projects/{project}/costs")["results"]:
            for kind, amount, description in COSTS:
                self.ci.post(
                    f"/projects/{project}/costs",
                    {
                        "kind": kind,
                        "amount": amount,
                        "currency": "USD",
                        "spent_on": today(),
                        "description": description,
                    },
                )

    def dataset(self, project: str, role: str, table: Any) -> str:
        """Record one part of the data by the digest of its content."""
        from demo import train  # noqa: PLC0415

        body = {"name": "loanapp 1990", "role": role}
        body |= {"content_digest": train.digest_of(table), "row_count": len(table)}
        return str(_ensure(self.ci, f"/projects/{project}/datasets", "content_digest", body)["id"])

    def version(self, model: str, experiment: str, trained: Any, datasets: list[str]) -> str:
        """Log the training as a run and register its model."""
        runs = self.ci.get(f"/experiments/{experiment}/runs")["results"]
        run = next((one for one in runs if one["name"] == trained.name and one["state"] == "finished"), None)
        if run is None:
            say(f"Logging the run “{trained.name}” ...")
            run = self.run(experiment, trained, datasets)
        versions = self.ci.get(f"/models/{model}/versions")["results"]
        found = next((one for one in versions if one["run"] == run["id"]), None)
        if found is None:
            about = {
                "run": run["id"],
                "change": "major",
                "description": f"{trained.name.capitalize()}, first attempt.",
            }
            about["path"] = "model.npz"
            found = self.ci.post(f"/models/{model}/versions", about, file=("model.npz", trained.artifact))
        path = f"/versions/{found['id']}"
        if not self.ci.get(f"{path}/predictions")["results"]:
            columns = {"columns": json.dumps(COLUMNS), "dataset": "loanapp 1990 holdout", "split": "holdout"}
            self.ci.post(f"{path}/predictions", columns, file=("holdout.parquet", trained.predictions))
        return str(found["id"])

    def run(self, experiment: str, trained: Any, datasets: list[str]) -> dict[str, Any]:
        """Log parameters, metrics, the learning curve and the artifact of a training."""
        from demo import train  # noqa: PLC0415

        about = {"name": trained.name, "model_type": trained.model_type, "params": trained.params}
        about |= {"seed": train.SEED, "features": list(train.FEATURES), "datasets": datasets}
        run = self.ci.post(f"/experiments/{experiment}/runs", about)
        points = [{"name": name, "value": value} for name, value in trained.metrics.items()]
        points += [{"name": "train_loss", "value": loss, "step": step} for step, loss in trained.steps]
        self.ci.post(f"/runs/{run['id']}/metrics", {"metrics": points})
        self.ci.post(
            f"/runs/{run['id']}/artifacts", {"path": "model.npz"}, file=("model.npz", trained.artifact)
        )
        return self.ci.post(f"/runs/{run['id']}/end", {"state": "finished"})

    def evidence(self, version: str) -> None:
        """Evaluate, report checks, answer the checklist, score the rubric, write the card."""
        path = f"/versions/{version}"
        if not self.ci.get(f"{path}/evaluations")["results"]:
            say("Evaluating (a worker computes intervals, calibration, slices and fairness) ...")
            predictions = self.ci.get(f"{path}/predictions")["results"][0]
            started = self.ci.post(
                f"/predictions/{predictions['id']}/evaluations", {"config": {"seed": 2026}}
            )
            self.ci.wait_for(f"/evaluations/{started['id']}")
        self.ci.wait_until(f"{path}/checks", lambda one: one["name"] == "artifact_scan")
        reported = {one["name"] for one in self.ci.get(f"{path}/checks")["results"]}
        for name, summary in texts.CHECKS.items():
            if name not in reported:
                body = {"name": name, "status": "passed", "summary": summary}
                self.ci.post(f"{path}/checks", body)
        answered = {one["key"] for one in self.ci.get(f"{path}/checklists/bias")["items"] if one["value"]}
        for item, (value, reason) in texts.ANSWERS.items():
            if item not in answered:
                self.ci.post(f"{path}/checklists/bias", {"item": item, "value": value, "reason": reason})
        if self.ci.get(f"{path}/card")["missing"]:
            self.ci.patch(f"{path}/card", {"fields": texts.CARD})
        self.score(version)

    def score(self, version: str) -> None:
        """Let a worker suggest the rubric's levels; Rita takes them over, one with a reason of her own."""
        if Score.objects.filter(scorecard__version_id=version).exists():
            return
        job = self.ci.post(f"/versions/{version}/rubric/suggestion")
        self.ci.wait_for(f"/jobs/{job['id']}")
        row = Version.objects.select_related("model__project__policy_revision").get(pk=version)
        rubric = pack_of(row.model.project.policy_revision).rubric
        assert rubric is not None
        board = self.ci.get(f"/versions/{version}/rubric")
        suggested = {one["key"]: one["suggested"] for one in board["dimensions"]}
        for dimension in rubric.dimensions:
            level = suggested[dimension.key]
            comment = texts.SCORE_COMMENT
            if dimension.key == "monitoring":
                level, comment = (
                    2,
                    "A dashboard is there, but nobody is alerted when approvals by group drift.",
                )
            rubrics.score(
                row,
                dimension=dimension.key,
                level=level,
                suggested=suggested[dimension.key],
                comment=comment,
                by=self.users["rita"],
            )

    def ask(self, version: str, stage: str) -> dict[str, Any]:
        """Ask for a promotion, as the pipeline does; what was asked before is returned."""
        asked = self.ci.get(f"/versions/{version}/promotions")["results"]
        found = next((one for one in asked if one["to_stage"] == stage), None)
        return found or self.ci.post(
            f"/versions/{version}/promotions", {"to": stage, "note": "Asked by the pipeline."}
        )

    def to_staging(self, version: str) -> None:
        """Ask for staging and let Ben sign."""
        promotion = self.ask(version, "staging")
        if promotion["state"] == "refused":
            failing = [one for one in promotion["verdict"]["criteria"] if one["state"] != "pass"]
            raise SystemExit(f"The gate of staging refused what the demonstration expects to pass: {failing}")
        if promotion["state"] == "open":
            self.sign(promotion["id"], "ben", meaning=0)

    def sign(self, promotion: str, name: str, *, meaning: int) -> None:
        """Sign in a person's name, with their password, as the page does."""
        row = Promotion.objects.select_related("version__model__project__policy_revision").get(pk=promotion)
        pack = pack_of(row.policy_revision)
        rule = pack.transition(row.from_stage, row.to_stage)
        gate = pack.gate(rule.gate) if rule else None
        assert gate is not None
        person: User = self.users[name]
        gates.approve(
            row,
            by=person,
            proof=Proof(password=self.passwords[name]),
            digest=row.evidence_digest,
            meaning=gate.meanings[meaning],
            comment="Read the report, the card and the checklist.",
        )

    def introduce(self) -> None:
        """Print the address and who can sign in."""
        print(f"\n  mlgov is at {self.address}   (Ctrl-C stops it)\n")
        for one in people.described(self.passwords):
            print(f"  {one['email']:<20} {one['password']:<18} {one['does']}")
        print(
            f"\n  Sign in as {people.CAST[0].email}: version 1 goes to production with one more signature, his."
        )
        print(f"  The same in {self.file} for scripts, with the pipeline's token.", flush=True)


def today() -> str:
    """Return the date in UTC, as the ledger wants it."""
    from django.utils import timezone  # noqa: PLC0415

    return timezone.now().date().isoformat()


def _ensure(api: Api, path: str, by: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return the row whose field ``by`` is as in ``body``; make it when there is none."""
    rows: list[dict[str, Any]] = api.get(path)["results"]
    return next((row for row in rows if row[by] == body[by]), None) or api.post(path, body)


def main() -> int:
    """Load what is not loaded, then introduce the people."""
    parser = argparse.ArgumentParser(prog="demo.load", description=__doc__)
    parser.add_argument("--address", required=True)
    options = parser.parse_args()
    try:
        story = Story(options.address, environment.var_dir() / "demo.json")
        story.tell()
    except MlgovError as error:
        sys.stderr.write(f"{error.sentence}\n")
        return 1
    story.introduce()
    return 0


if __name__ == "__main__":
    sys.exit(main())
