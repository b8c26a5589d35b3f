"""The trail proves itself: same transaction, no change, no gap, and an event for every change of a governed row."""

import hashlib

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from apps.audit import services as audit
from apps.audit.models import Event
from apps.audit.queries import events_of_project
from apps.projects import services as projects
from apps.projects.models import Project
from apps.registry.models import Model, Version


@pytest.mark.promise("12")
def test_an_act_that_fails_leaves_no_event(project, ada):
    before = Event.objects.count()
    with transaction.atomic():
        projects.change_project(project, by=ada, name="Other")
        transaction.set_rollback(True)
    assert Event.objects.count() == before
    assert Project.objects.get(pk=project.pk).name == "Mortgages"


@pytest.mark.promise("10")
@pytest.mark.parametrize(
    "sql", ["UPDATE audit_event SET kind = 'x'", "DELETE FROM audit_event", "TRUNCATE audit_event"]
)
def test_not_even_the_owner_changes_an_event(project, sql):
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)


@pytest.mark.promise("10", "15")
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit_event SET kind = 'x'",
        "DELETE FROM audit_event",
        "TRUNCATE audit_event",
        "DELETE FROM gates_approval",
        "UPDATE evidence_snapshot SET digest = ''",
        "DROP TABLE audit_event",
        "ALTER TABLE audit_event DISABLE TRIGGER ALL",
    ],
)
def test_the_application_s_role_may_not_even_try(as_app, sql):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_app.execute(sql)


@pytest.mark.promise("11")
def test_a_change_without_its_event_cannot_be_committed(version):
    with pytest.raises(IntegrityError) as caught, transaction.atomic(), connection.cursor() as cursor:  # noqa: PT012
        Version.objects.filter(pk=version.pk).update(
            description="quietly", lock_version=version.lock_version + 1
        )
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert "has no audit event" in str(caught.value)


@pytest.mark.promise("11")
def test_events_of_an_object_count_without_gaps_and_carry_the_hash_of_their_leaf(project, ada):
    projects.change_project(project, by=ada, name="Other")
    events = Event.objects.filter(object_id=project.pk).order_by("sequence")
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT audit_leaf(e), leaf_hash FROM audit_event e WHERE object_id = %s", [project.pk]
        )
        for leaf, leaf_hash in cursor.fetchall():
            assert leaf_hash == hashlib.sha256(b"\x00" + leaf.encode()).hexdigest()


def test_every_event_is_presented_as_a_sentence(ready, project):
    from apps.audit.events import present

    kinds = set()
    for event in events_of_project(project.pk):
        sentence = present(event.kind, event.data, label=event.object_label)
        assert sentence
        assert "{" not in sentence
        kinds.add(event.kind)
    assert len(kinds) > 15


def test_several_events_of_one_act_are_written_at_once_and_in_their_order(
    version, ben, django_assert_num_queries
):
    before = Event.objects.filter(object_id=version.pk).count()
    contents = [{"path": name, "digest": "d", "size_bytes": 1} for name in "cab"]
    with django_assert_num_queries(1):
        audit.record_each(
            "registry.artifact_pinned", version, contents, by=ben, project_id=version.model.project_id
        )
    events = Event.objects.filter(object_id=version.pk).order_by("sequence")[before:]
    assert [one.data["path"] for one in events] == ["c", "a", "b"]
    assert [one.sequence for one in events] == list(range(before + 1, before + 4))
    assert len({one.leaf_hash for one in events}) == 3
    with django_assert_num_queries(0):
        audit.record_each("registry.artifact_pinned", version, [], by=ben)


def test_a_row_and_its_event_are_one_statement(project, ben, django_assert_num_queries):
    model = Model(project=project, slug="m", name="M", created_by=ben)
    with django_assert_num_queries(1):
        made = audit.insert_recorded(model, "registry.model_created", by=ben, project_id=project.pk, slug="m")
    event = Event.objects.get(object_id=made.pk)
    assert (event.kind, event.lock_version, event.object_label) == ("registry.model_created", 1, "M")
    assert (event.person_id, event.data) == (ben.pk, {"slug": "m"})
    assert made.created_at is not None
