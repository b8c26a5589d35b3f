"""What follows once the gate was asked: a conversation, a canary, a waiver asked for, a published card, a log that verifies."""

import io
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from apps.accounts.models import User
from apps.accounts.proofs import Proof
from apps.assurance import services as assurance
from apps.evaluations.engine.statistics.drift import stability_index
from apps.evidence.services import collect
from apps.gates import services as gates
from apps.gates.models import Promotion
from apps.jobs.models import Job
from apps.modelcards import commenting, life
from apps.modelcards.enums import CardState
from apps.modelcards.queries import card_of, comments_of, standing_publication
from apps.registry.models import Version
from demo import texts
from demo.client import Api
from demo.train import FEATURES, Data, Trained

WINDOWS = 4
WINDOW = timedelta(hours=1)
WAIVED_FOR = timedelta(days=30)
VERIFY_SECONDS = 60


def converse(promotion: str, users: dict[str, User]) -> None:
    """Let Rita ask and Dana answer beneath a request."""
    row = Promotion.objects.get(pk=promotion)
    last = None
    for place, (name, text) in enumerate(texts.CONVERSATION):
        said = row.comments.order_by("id")
        known = said[place] if said.count() > place else None
        last = known or gates.comment(row, text=text, by=users[name], answers=last)


def canary(api: Api, version: str, trained: Trained, data: Data) -> None:
    """Report the holdout, replayed in parts, as the windows of a canary: every figure is computed here."""
    path = f"/versions/{version}/production-metrics"
    if api.get(path)["results"]:
        return
    scored = pd.read_parquet(io.BytesIO(trained.predictions))
    starts = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - WINDOWS * WINDOW
    for number, rows in enumerate(np.array_split(np.arange(len(scored)), WINDOWS)):
        part, features = scored.iloc[rows], data.holdout.iloc[rows]
        started = starts + number * WINDOW
        body = {"channel": "canary", "requests": len(part), "errors": 0}
        body |= {"started_at": started.isoformat(), "ended_at": (started + WINDOW).isoformat()}
        body |= {"metric_name": "roc_auc", "metric_n": len(part), "metric_higher_is_better": True}
        body |= {"metric_value": float(roc_auc_score(part.approve, part.score))}
        body |= {"drift": max(_stability(data.train[name], features[name]) for name in FEATURES)}
        api.post(path, body)


def _stability(expected: "pd.Series[Any]", seen: "pd.Series[Any]") -> float:
    """Return the population stability index over the fifths of ``expected``; half a row is added to each bin."""
    edges = np.unique(np.nanquantile(expected, [0.2, 0.4, 0.6, 0.8]))
    counts = [
        np.bincount(np.searchsorted(edges, values), minlength=len(edges) + 1) + 0.5
        for values in (expected.dropna(), seen.dropna())
    ]
    return float(stability_index(*counts))


def ask_waiver(api: Api, version: str) -> None:
    """Ask, as the pipeline, that the criterion which refused the strong model need not hold for a month."""
    path = f"/versions/{version}/waivers"
    if not api.get(path)["results"]:
        until = (datetime.now(UTC) + WAIVED_FOR).isoformat()
        api.post(path, {"to": "production", "until": until, **texts.WAIVER})


def publish_card(version: str, users: dict[str, User], *, rita: Proof) -> None:
    """Let Dana send the card for review, and Rita publish it."""
    row = Version.objects.select_related("model__project__policy_revision").get(pk=version)
    if standing_publication(card_of(row)) is not None:
        return
    card = card_of(row)
    if card is not None and card.state == CardState.DRAFT:
        life.submit(row, by=users["dana"])
    life.publish(
        row, meaning=texts.CARD_MEANING, evidence_digest=collect(row).digest, by=users["rita"], proof=rita
    )


def doubt_card(version: str, users: dict[str, User]) -> None:
    """Let Ben ask beside the limitations of the other card, which stays a draft."""
    row = Version.objects.select_related("model__project__policy_revision").get(pk=version)
    if not comments_of(row).exists():
        commenting.comment(row, field="limitations", text=texts.CARD_COMMENT, by=users["ben"])


def verify(auditor: User) -> None:
    """Let a worker verify the whole sealed log, as the auditor's button does; anything but "it holds" ends here.

    On a busy machine the sealer may be some seconds behind, which a verification reports: it is asked again.
    """
    ends = time.monotonic() + VERIFY_SECONDS
    job = assurance.request_verification(by=auditor)
    while time.monotonic() < ends:
        job = Job.objects.get(pk=job.pk)
        if job.state == "succeeded" and job.result == {"ok": True}:
            return
        if job.state == "succeeded":
            time.sleep(2)
            job = assurance.request_verification(by=auditor)
        elif job.finished_at:
            break
        time.sleep(0.3)
    raise SystemExit(
        f"The log was not verified within {VERIFY_SECONDS} seconds: {job.state}, {job.result}. {job.error}"
    )
