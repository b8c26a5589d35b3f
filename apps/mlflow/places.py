"""Where the files are that the proxy speaks of: below a run or a logged model, or pinned to a version."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from apps.accounts.models import User
from apps.core import blobs
from apps.core.errors import Refused
from apps.core.models import Blob
from apps.experiments import files
from apps.experiments.logged import put_model_file, store_model_file
from apps.experiments.models import LoggedModel, Run
from apps.mlflow import logged, queries, registered
from apps.mlflow.answers import Kept, experiment_id
from apps.mlflow.callers import Caller
from apps.mlflow.errors import NotThere
from apps.registry import services as registry
from apps.registry.models import Version
from apps.registry.queries import artifacts_of

_HOLDS, VERSIONS, MODELS = "artifacts", "versions", "models"
#: So many parts of an address stand above the path of a file.
_ABOVE = 3


class Place(Protocol):
    """A path below what keeps files; "" for all of them."""

    @property
    def path(self) -> str: ...
    @property
    def name(self) -> str:
        """What keeps the files, for a sentence."""
        ...

    def within(self) -> Iterable[Kept]:
        """Return the files below the path."""
        ...

    def blob(self) -> Blob | None:
        """Return the content of the file at the path."""
        ...

    def put(self, stream: blobs.Readable, *, by: User) -> None:
        """Keep a content as the file at the path; raises Refused where nothing may come."""
        ...

    def remove(self, *, by: User) -> None:
        """Remove the file at the path, or those below it; raises Refused where nothing may go."""
        ...


@dataclass(frozen=True)
class OfRun:
    """A path below a run."""

    run: Run
    path: str

    @property
    def name(self) -> str:
        return f"The run {self.run.pk.hex}"

    def within(self) -> Iterable[Kept]:
        return files.within(self.run, self.path)

    def blob(self) -> Blob | None:
        there = files.standing(self.run, self.path)
        return None if there is None else there.blob

    def put(self, stream: blobs.Readable, *, by: User) -> None:
        blob = files.store(self.run, path=self.path, stream=stream, by=by)
        registry.put_file(self.run, path=self.path, blob=blob, by=by)

    def remove(self, *, by: User) -> None:
        registry.remove_files(self.run, path=self.path, by=by)


@dataclass(frozen=True)
class OfVersion:
    """A path among the files that are pinned to a version; they are read and nothing else."""

    version: Version
    path: str

    @property
    def name(self) -> str:
        return str(self.version)

    def within(self) -> Iterable[Kept]:
        return artifacts_of(self.version)

    def blob(self) -> Blob | None:
        return next((one.blob for one in artifacts_of(self.version) if one.path == self.path), None)

    def put(self, stream: blobs.Readable, *, by: User) -> None:
        raise self._fixed()

    def remove(self, *, by: User) -> None:
        raise self._fixed()

    def _fixed(self) -> Refused:
        return Refused(
            f"The files of {self.version} were pinned when it was registered. Log the model again and register it as "
            "a new version.",
            code="contents_fixed",
        )


@dataclass(frozen=True)
class OfLogged:
    """A path below a logged model; files come, and none is replaced or removed."""

    model: LoggedModel
    path: str

    @property
    def name(self) -> str:
        return f"The logged model {self.model.key}"

    def within(self) -> Iterable[Kept]:
        return self.model.files.select_related("blob").order_by("path")

    def blob(self) -> Blob | None:
        there = self.model.files.filter(path=self.path).select_related("blob").first()
        return None if there is None else there.blob

    def put(self, stream: blobs.Readable, *, by: User) -> None:
        blob = store_model_file(self.model, path=self.path, stream=stream, by=by)
        put_model_file(self.model, path=self.path, blob=blob, by=by)

    def remove(self, *, by: User) -> None:
        raise Refused(
            f"The files of the logged model {self.model.name} stay with it. Delete the model, or log another.",
            code="contents_fixed",
        )


def located(caller: Caller, address: str) -> Place:
    """Return the place of an address; raises NotThere, or Invalid for a path that leads elsewhere."""
    parts = address.removesuffix("/").split("/")
    above = _ABOVE + (parts[1:2] == [MODELS])
    if len(parts) < above or parts[above - 1] != _HOLDS:
        raise NotThere(f"There are no files at {address[:100]}: a run's are at <experiment>/<run>/{_HOLDS}.")
    path = "/".join(parts[above:])
    if path:
        files.demand_path(path)
    if parts[0] == VERSIONS:
        return OfVersion(registered.version_with_id(caller, parts[1]), path)
    if parts[1] == MODELS:
        model = logged.logged_model_of(caller, parts[2])
        if parts[0] != experiment_id(model.experiment):
            raise NotThere(f"The model {parts[2][:100]} is not of the experiment {parts[0][:100]}.")
        return OfLogged(model, path)
    found = queries.run_of(caller, parts[1])
    if parts[0] != experiment_id(found.experiment):
        raise NotThere(f"The run {parts[1][:100]} is not of the experiment {parts[0][:100]}.")
    return OfRun(found, path)
