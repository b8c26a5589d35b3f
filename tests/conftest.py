"""What all tests share: a database that can be emptied though its tables refuse it, and files in a folder of their own."""

import hypothesis
import psycopg
import pytest
from django.db import connection
from django.test import TransactionTestCase
from whitenoise.middleware import WhiteNoiseMiddleware

from apps.core import budgets
from tests import template
from tests.plugin import CLUSTER

#: A loaded machine is slow and no test's fault; what is tested is the outcome.
hypothesis.settings.register_profile(
    "mlgov", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("mlgov")
pytest_plugins = ["tests.cast", "tests.s3"]
KEPT_TABLES = {"django_migrations", "django_content_type", "auth_permission"}


def superuser() -> psycopg.Connection:
    """Connect to the test database as who may switch triggers off."""
    name = connection.settings_dict["NAME"]
    return psycopg.connect(**CLUSTER.parameters("postgres", name), autocommit=True)


def empty_database() -> None:
    """Delete every row; append-only tables refuse that, but not while triggers are switched off.

    TRUNCATE would make the files of a hundred tables and their indexes anew, which takes most of a second; the tables
    hold a few rows. Its lock is taken nevertheless: what somebody else still writes comes before, or not at all.
    """
    with superuser() as admin, admin.transaction():
        admin.execute("SET LOCAL session_replication_role = replica")
        rows = admin.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        names = ["pgmq.q_jobs", *(f'public."{name}"' for (name,) in rows if name not in KEPT_TABLES)]
        admin.execute(f"LOCK TABLE {', '.join(names)} IN ACCESS EXCLUSIVE MODE")
        admin.execute(";".join(f"DELETE FROM {name}" for name in names))
        admin.execute(
            "SELECT setval(format('%I.%I', schemaname, sequencename), start_value, false) FROM pg_sequences "
            "WHERE schemaname = 'public' AND last_value IS NOT NULL"
        )


def _teardown(self: TransactionTestCase) -> None:
    connection.close()
    empty_database()


TransactionTestCase._fixture_teardown = _teardown  # type: ignore[method-assign]
_look_for_static_files = WhiteNoiseMiddleware.add_files_from_finders
_static_files: dict[str, object] = {}


def _add_static_files(self: WhiteNoiseMiddleware) -> None:
    """A server looks for its static files once; each of the tests' browsers is a server of its own to Django."""
    if not _static_files:
        _look_for_static_files(self)
        _static_files.update(self.files)
    self.files.update(_static_files)


WhiteNoiseMiddleware.add_files_from_finders = _add_static_files


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings):
    connection.settings_dict["TEST"]["TEMPLATE"] = template.ready()


@pytest.fixture(autouse=True)
def _passwords_hashed_fast(settings):
    """Argon2 takes a tenth of a second a person, and a test has six of them."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _files_of_their_own(settings, tmp_path):
    storages = {**settings.STORAGES}
    storages["default"] = {**storages["default"], "OPTIONS": {"location": str(tmp_path / "blobs")}}
    settings.STORAGES = storages


@pytest.fixture(autouse=True)
def _budgets_are_whole():
    """What a process holds of a budget outlives the row in the database that a test has undone."""
    budgets.forget()


@pytest.fixture
def as_app(db):
    """A connection in the role that web processes have, to prove what it may not do. Sees committed rows alone."""
    name = connection.settings_dict["NAME"]
    with psycopg.connect(**CLUSTER.parameters("mlgov_app", name)) as app:
        yield app


@pytest.fixture(scope="session", autouse=True)
def _no_session_outlives_the_tests(django_db_setup):
    """A thread of the live server may keep a connection; the database could not be dropped."""
    yield
    name = connection.settings_dict["NAME"]
    with superuser() as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
            [name],
        )
