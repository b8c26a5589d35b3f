"""The world is built once a module; each case is undone by a savepoint."""

import pytest
from django.db import transaction
from django.test import override_settings

from tests.authorisation.world import build


@pytest.fixture(scope="module")
def blobs(tmp_path_factory):
    """The files of the whole module, which outlive one case."""
    return tmp_path_factory.mktemp("world") / "blobs"


@pytest.fixture(autouse=True)
def _files_of_their_own(settings, blobs):
    """Instead of a folder for each test: the world's files must be there in every case."""
    settings.STORAGES = _stored_in(settings.STORAGES, blobs)


def _stored_in(storages, folder):
    return {**storages, "default": {**storages["default"], "OPTIONS": {"location": str(folder)}}}


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, blobs):
    """Build the world in a transaction that is rolled back after the module."""
    from django.conf import settings

    hashers = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with (
        django_db_blocker.unblock(),
        override_settings(PASSWORD_HASHERS=hashers, STORAGES=_stored_in(settings.STORAGES, blobs)),
        _undone(),
    ):
        yield build()


class _undone:
    """A block whose changes are taken back, and in which a service may open a transaction of its own."""

    def __enter__(self):
        self.atomic = transaction.atomic()
        self.atomic._from_testcase = True
        self.atomic.__enter__()
        return self

    def __exit__(self, *error):
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)


@pytest.fixture
def db(world):
    """Instead of a transaction for each test, that of the world: each request is undone by itself."""


@pytest.fixture
def undone():
    """Return what takes back the changes of one request."""
    return _undone
