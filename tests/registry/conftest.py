"""The client of a pipeline, as the tests of the interface have it."""

from tests.api.conftest import pipeline

__all__ = ["pipeline"]
