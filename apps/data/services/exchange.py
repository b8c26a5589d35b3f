"""Take over features from a file: all of them, or none."""

from typing import Any

from django.db import transaction

from apps.accounts.models import User, by_email
from apps.core import blobs
from apps.core.db import service
from apps.core.errors import Invalid, MlgovError
from apps.data import exchange
from apps.data.models import Feature
from apps.data.queries import features_of
from apps.data.services.features import change_feature, register_feature
from apps.projects.models import Project
from apps.projects.permissions import Right, can


@service
def import_features(project: Project, *, stream: blobs.Readable, name: str, by: User) -> tuple[int, int]:
    """Register and change the features of a CSV or YAML file; return how many of each.

    Raises Invalid with the fault of each row, and then nothing was written.
    """
    can(by, Right.CONTRIBUTE, project).enforce()
    form = "yaml" if name.lower().endswith((".yaml", ".yml")) else "csv"
    read = exchange.parse(stream.read(exchange.MOST_BYTES + 1), form=form)
    faults, counts = list(read.faults), [0, 0]
    known = {one.name: one for one in features_of(project, show="all")}
    if not faults:
        with transaction.atomic():
            for number, row in enumerate(read.rows, start=1):
                try:
                    counts[_take(project, row, known, by=by)] += 1
                except MlgovError as error:
                    faults.append((number, error.sentence))
            if faults:
                transaction.set_rollback(True)
    if faults:
        _refuse(faults)
    return counts[0], counts[1]


def _refuse(faults: list[tuple[int, str]]) -> None:
    told = " ".join(f"Row {number}: {sentence}" for number, sentence in faults[:5])
    more = f" And {len(faults) - 5} more rows." if len(faults) > 5 else ""
    raise Invalid(
        f"Nothing was taken over. {told}{more}",
        code="bad_rows",
        field="file",
        problems=[{"row": number, "sentence": sentence} for number, sentence in faults],
    )


def _take(project: Project, row: dict[str, Any], known: dict[str, Feature], *, by: User) -> int:
    """Register (0) or change (1) one feature."""
    fields = dict(row)
    name = fields.pop("name")
    if "source" in fields:
        fields["source"] = _source(project, fields["source"])
    if "owner" in fields:
        fields["owner"] = _owner(project, fields["owner"])
    if name in known:
        change_feature(known[name], by=by, **fields)
        return 1
    known[name] = register_feature(project, name=name, by=by, **fields)
    return 0


def _source(project: Project, name: str) -> Any:
    if not name:
        return None
    found = project.data_sources.filter(name=name).first()
    if found is None:
        raise Invalid(f"The project has no data source “{name[:80]}”.", code="unknown_source")
    return found


def _owner(project: Project, email: str) -> User:
    found = User.objects.filter(by_email(email), memberships__project=project).first()
    if found is None:
        raise Invalid(f"No member of the project has the address “{email[:80]}”.", code="unknown_owner")
    return found
