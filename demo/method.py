"""The rest of the method: rules or machine learning, the risk tier, the platform, profiles, leakage, the verdict.

Tables go through the REST API as a pipeline sends them; what only people do goes through the services.
"""

import io

import pandas as pd

from apps.accounts.models import User
from apps.checklists import services as checklists
from apps.experiments import services as experiments
from apps.experiments.models import Experiment
from apps.projects import services as projects
from apps.projects.models import Project
from apps.projects.queries import approaches_of, tier_of
from apps.registry.models import Version
from demo import texts
from demo.client import Api
from demo.train import FEATURES, Data


def frame(project_id: str, users: dict[str, User]) -> None:
    """Answer the six questions, rate the risk, and write down the platform."""
    project = Project.objects.get(pk=project_id)
    if not approaches_of(project).exists():
        projects.answer_approach(project, **texts.APPROACH, by=users["dana"])
    if tier_of(project) is None:
        projects.set_tier(project, **texts.TIER, by=users["olivia"])
    known = {one.component for one in project.platform_entries.all()}
    for component, about in texts.PLATFORM.items():
        if component not in known:
            owner = users["dana"] if "tool" in about else None
            projects.note_component(project, component=component, owner=owner, **about, by=users["dana"])


def look_at_data(api: Api, project: str, data: Data) -> None:
    """Let a worker profile the training table, and compare it with the holdout."""
    source = next(one for one in api.get(f"/projects/{project}/data-sources")["results"])
    path = f"/data-sources/{source['id']}/profiles"
    if not api.get(path)["results"]:
        api.post(path, {"target": "approve"}, file=("train.parquet", _parquet(data.train)))
    path = f"/projects/{project}/leakage"
    if not api.get(path)["results"]:
        columns = [*FEATURES, "approve"]
        tables = {"train": data.train[columns], "test": data.holdout[columns]}
        sent = {name: (f"{name}.parquet", _parquet(table)) for name, table in tables.items()}
        api.post(path, {"target": "approve"}, **sent)


def _parquet(table: pd.DataFrame) -> bytes:
    kept = io.BytesIO()
    table.to_parquet(kept, index=False)
    return kept.getvalue()


def judge(experiment: str, careful: str, users: dict[str, User]) -> None:
    """Answer what the evaluation cannot say of its own rigor, and give the experiment its verdict."""
    version = Version.objects.get(pk=careful)
    sheet = checklists.open_checklist(version, key="rigor", by=users["dana"])
    if not sheet.answers.exists():
        for item, (value, reason) in texts.RIGOR.items():
            checklists.answer(sheet, item=item, value=value, reason=reason, by=users["dana"])
    tried = Experiment.objects.get(pk=experiment)
    if not tried.verdicts.exists():
        experiments.give_verdict(tried, **texts.VERDICT, by=users["olivia"])
