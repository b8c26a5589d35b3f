"""Sources are scored by people, with what a profile of a sample proposes; train and test tables are compared."""

import io
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from apps.audit.models import Event
from apps.core.errors import Invalid
from apps.data import evidence, queries, scoring, services
from apps.data.models import Assessment
from apps.policies.judge import State, judge
from apps.policies.loading import standard_text
from apps.policies.pack import parse_pack
from apps.policies.queries import pack_of
from tests.data.conftest import SAMPLE, rows_of, run, scores


@pytest.mark.method("M2.1")
def test_a_source_is_scored_and_its_history_is_kept(project, source, dev):
    services.assess(project, name="applications", scores=scores(accuracy=1), note="Errors came up.", by=dev)
    assert [one.score for one in queries.assessments_of(source)] == [21, 24]
    source.refresh_from_db()
    assert source.score == 21
    assert Event.objects.filter(kind="data.source_scored").count() == 2
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        connection.cursor().execute("UPDATE data_assessment SET volume = 5")


@pytest.mark.method("M2.1")
def test_six_of_five_is_refused_by_the_name_of_the_dimension(project, dev):
    with pytest.raises(Invalid, match="timeliness is scored 6"):
        services.assess(project, name="late", scores=scores(timeliness=6), by=dev)
    assert not Assessment.objects.exists()


@pytest.mark.method("M2.1")
def test_under_the_minimum_it_says_since_when_and_what_to_mend_first(project, version, source, dev):
    assert evidence.facts(version, {})["data"]["under_minimum_since"] is None
    for level in (2, 1, 4, 2, 1):
        services.assess(project, name="applications", scores=scores(level, relevance=0), by=dev)
    first_low = queries.assessments_of(source)[1]
    long_ago = timezone.now() - timedelta(days=40)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE data_assessment DISABLE TRIGGER USER")
        cursor.execute("UPDATE data_assessment SET created_at = %s WHERE id = %s", [long_ago, first_low.pk])
        cursor.execute("ALTER TABLE data_assessment ENABLE TRIGGER USER")
    found = evidence.facts(version, {})["data"]["under_minimum_since"]
    assert found == long_ago.date().isoformat()
    part = queries.method_of(project).sources
    source.refresh_from_db()
    mend = scoring.to_mend(part, {key: getattr(source, key) for key in scores()})
    assert mend[0].dimension.key == "relevance"


@pytest.mark.method("M2.1", "M2.2")
def test_a_profile_proposes_scores_and_features_with_its_figures(project, source, dev):
    job = services.request_profile(source, stream=io.BytesIO(SAMPLE), name="s.csv", target="bought", by=dev)
    assert run(job).state == "succeeded", job.error
    profile = source.profiles.get()
    columns = {one["name"]: one for one in profile.report["columns"]}
    assert columns["income"]["missing"] == 20
    assert columns["branch"]["variants"] == 1
    assert columns["opened"]["time"] == ["2026-01-01", "2026-01-28"]
    assert {one["value"]: one["n"] for one in profile.report["classes"]} == {"n": 160, "y": 40}
    proposals = profile.report["proposals"]
    assert proposals["completeness"]["score"] == 4
    assert "2.00%" in proposals["completeness"]["because"]
    assert proposals["volume"]["score"] == 0
    part = queries.method_of(project)
    keys = {
        name: {pattern.key for pattern, _ in scoring.suggestions(part, one, 200)}
        for name, one in columns.items()
    }
    assert keys["income"] == {"log", "standardise", "bin", "missing_flag"}
    assert keys["branch"] == {"one_hot"}
    assert keys["opened"] == {"lags", "rolling", "time_since", "cyclical"}
    with pytest.raises(Invalid, match="proposes another score for volume"):
        services.assess(project, name=source.name, scores=scores(consistency=5), profile=profile, by=dev)
    services.assess(
        project, name=source.name, scores=scores(), profile=profile, note="It grows daily.", by=dev
    )
    assert queries.assessments_of(source)[0].proposed["volume"] == 0


def test_a_table_that_cannot_be_read_fails_with_its_sentence(source, dev):
    job = run(services.request_profile(source, stream=io.BytesIO(b"PK\x03\x04zip"), name="a.csv", by=dev))
    assert job.state == "failed"
    assert "ZIP archive" in job.error
    job = run(services.request_profile(source, stream=io.BytesIO(SAMPLE), target="nope", by=dev))
    assert "There is no column “nope”" in job.error
    assert not source.profiles.exists()


@pytest.mark.method("M2.4")
def test_what_leaks_between_train_and_test_becomes_facts_and_answers(project, version, dev):
    assert evidence.facts(version, {})["data"]["leakage"]["shared_keys"] is None
    tables = {
        "train": io.BytesIO(rows_of(0, 300, leaky=True)),
        "test": io.BytesIO(rows_of(290, 400, leaky=True)),
    }
    job = run(services.request_leakage(project, **tables, key="id", time="at", target="y", by=dev))
    assert job.state == "succeeded", job.error
    facts = evidence.facts(version, {})
    leakage = facts["data"]["leakage"]
    assert (leakage["shared_keys"], leakage["duplicates"], leakage["time_overlap"]) == (10, 10, 10)
    assert leakage["single_feature"] == "told"
    assert leakage["single_feature_strength"] == 1.0
    form = pack_of(project.policy_revision).checklist("leakage")
    assert len(form.items) == 8
    answers = {one.key: str(judge(one, facts).state) for one in form.items if one.expression}
    assert answers == dict.fromkeys(("no_target_features", "time_ordered", "no_shared_entities"), "fail")


@pytest.mark.method("M2.4")
def test_a_clean_split_passes_every_check(project, version, dev):
    tables = {"train": io.BytesIO(rows_of(0, 300)), "test": io.BytesIO(rows_of(300, 400))}
    assert run(
        services.request_leakage(project, **tables, key="id", time="at", target="y", by=dev)
    ).result == {"passes": True}
    facts = evidence.facts(version, {})
    form = pack_of(project.policy_revision).checklist("leakage")
    assert {str(judge(one, facts).state) for one in form.items if one.expression} == {"pass"}


@pytest.mark.method("M1.2")
def test_days_under_the_minimum_run_from_the_first_poor_assessment(project, dev):
    criterion = next(
        one
        for one in parse_pack(standard_text()).method.framing.kill_criteria
        if one.key == "data_stays_poor"
    )
    now = timezone.now()
    assert judge(criterion, queries.clock_facts(project, now)).state == State.MISSING
    services.assess(project, name="good", scores=scores(4), by=dev)
    assert queries.clock_facts(project, now) == {"clock": {"days_data_under_minimum": 0.0}}
    services.assess(project, name="poor", scores=scores(2), by=dev)
    services.assess(project, name="poor", scores=scores(1), by=dev)
    assert judge(criterion, queries.clock_facts(project, now + timedelta(days=13))).state == State.FAIL
    assert judge(criterion, queries.clock_facts(project, now + timedelta(days=15))).state == State.PASS
    services.assess(project, name="poor", scores=scores(3), by=dev)
    assert queries.clock_facts(project, now + timedelta(days=15))["clock"]["days_data_under_minimum"] == 0.0
