"""An evaluation in parts whose workers share nothing but the database and a bucket."""

import pytest

from apps.evaluations import services as evaluations
from apps.evaluations.models import Evaluation
from apps.jobs import running
from tests.evaluations.test_partitions import close
from tests.faults.test_workers import children_of, wait_for
from tests.s3 import KEYS

pytestmark = [pytest.mark.broker, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def test_four_parts_on_two_workers_over_s3(bucket, start_worker, parted, dev):
    kept = parted(20_000)
    single = evaluations.request_evaluation(kept, by=dev)
    running.run(single.job_id, worker="alone")
    single.refresh_from_db()
    before = set(bucket.keys())
    place = KEYS | {"MLGOV_STORAGE_URL": bucket.url, "AWS_ENDPOINT_URL_S3": bucket.address}
    for _ in range(2):
        start_worker("pgmq://", MLGOV_PART_ROWS="5000", **place)
    evaluation = evaluations.request_evaluation(kept, by=dev)
    wait_for(lambda: Evaluation.objects.filter(pk=evaluation.pk, state="complete").exists(), seconds=90)
    evaluation.refresh_from_db()
    assert [child.state for child in children_of(evaluation)] == ["succeeded"] * 4
    assert evaluation.report["parts"] == 4
    for name in ("confusion", "thresholds", "slices", "fairness", "worst"):
        close(single.report[name], evaluation.report[name], where=name)
    sums = {child.result["sums"] for child in children_of(evaluation)}
    assert {key.rpartition("/")[2] for key in set(bucket.keys()) - before} == sums
    assert len(sums) == 4
