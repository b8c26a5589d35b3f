"""Rows that statements written out by hand make are those that query sets make."""

from apps.accounts.models import User
from apps.core import statements
from apps.core.statements import Columns
from apps.registry import services as registry
from apps.registry.models import Model


def _read(columns, table, row):
    text = f"SELECT {columns.of('one')} FROM {table} one WHERE one.id = %s"
    return columns.made(statements.rows(text, [row.pk])[0])


def test_an_instance_is_the_one_that_a_query_set_makes(model, dev, ben, django_assert_num_queries):
    registry.tag_model(model, name="a", value="1", by=dev)
    expected = Model.objects.get(pk=model.pk)
    made = _read(Columns(Model), "registry_model", model)
    assert made == expected
    assert vars(made) | {"_state": None} == vars(expected) | {"_state": None}
    assert (made._state.adding, made._state.db) == (expected._state.adding, expected._state.db)
    with django_assert_num_queries(1):
        assert made.created_by == dev
    made.created_by_id = ben.pk
    assert made.created_by == ben


def test_a_column_that_was_left_out_is_read_when_asked_for(dev, django_assert_num_queries):
    made = _read(Columns(User, without=["created_at"]), "accounts_user", dev)
    assert made.get_deferred_fields() == {"created_at"}
    with django_assert_num_queries(1):
        assert made.created_at
    assert made.created_at == User.objects.get(pk=dev.pk).created_at
