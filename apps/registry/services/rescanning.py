"""What an earlier scanner read is read again after an upgrade, although nobody asks for it."""

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, UUIDField, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from apps.jobs.enums import FINISHED, JobState
from apps.jobs.models import Job
from apps.registry.enums import ARTIFACT_SCAN, PRODUCTION, SCANNER, CheckSource
from apps.registry.models import Check, Version
from apps.registry.services.contents import SCAN, scan

#: So many scans that nobody asked for wait or run at once: those that people wait for stand behind no more than these.
AT_ONCE = 20


def scan_again() -> int:
    """Enqueue scans of versions whose check is of another scanner; returns how many.

    What is in production comes first, then the newest. A scan that failed stays where whoever may can start it again.
    Belongs into the transaction that ends a job, as all that a job writes.
    """
    unasked = Job.objects.filter(kind=SCAN, started_by__isnull=True)
    room = AT_ONCE - unasked.exclude(state__in=FINISHED).count()
    found = list(_read_by_another()[: max(room, 0)])
    for version in found:
        scan(version, by=None)
    return len(found)


def _read_by_another() -> QuerySet[Version]:
    """Return the versions that were checked, and that no job of this scanner read or failed to read.

    Which contents it has seen does not say so: versions share them, and each has a check of its own. Of a job that is done
    its result says who read: while an upgrade goes on, a worker of before it takes jobs as well.
    """
    checked = Check.objects.filter(version=OuterRef("pk"), name=ARTIFACT_SCAN, source=CheckSource.MLGOV)
    done = Q(state=JobState.SUCCEEDED)
    tried = ~Q(state__in=FINISHED) | (done & Q(result__scanner=SCANNER)) | (~done & Q(args__scanner=SCANNER))
    subject = Cast(KeyTextTransform("version", "args"), UUIDField())
    jobs = Job.objects.annotate(subject=subject).filter(tried, kind=SCAN, subject=OuterRef("pk"))
    return (
        Version.objects.live()
        .filter(Exists(checked), ~Exists(jobs))
        .select_related("model")
        .order_by(Case(When(stage=PRODUCTION, then=0), default=1), "-id")
    )
