"""What an earlier scanner read is read again after an upgrade, although nobody asks for it."""

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, UUIDField, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from apps.jobs.enums import FINISHED
from apps.jobs.models import Job
from apps.registry.enums import ARTIFACT_SCAN, PRODUCTION, SCANNER, CheckSource
from apps.registry.models import Artifact, Check, Scan, Version
from apps.registry.services.contents import SCAN, scan

#: So many scans that nobody asked for wait or run at once: those that people wait for stand behind no more than these.
AT_ONCE = 20


def scan_again() -> int:
    """Enqueue scans of versions whose files this scanner has not read; returns how many.

    Once for each version and scanner, what is in production first, then the newest. A scan that fails stays where whoever
    may can start it again. Belongs into the transaction that ends a job, as all that a job writes.
    """
    unasked = Job.objects.filter(kind=SCAN, started_by__isnull=True)
    room = AT_ONCE - unasked.exclude(state__in=FINISHED).count()
    found = list(_unread()[: max(room, 0)])
    for version in found:
        scan(version, by=None, scanner=SCANNER)
    return len(found)


def _unread() -> QuerySet[Version]:
    read = Scan.objects.filter(blob=OuterRef("blob"), scanner=SCANNER)
    unread = Artifact.objects.pinned().filter(~Exists(read), version=OuterRef("pk")).order_by()
    checked = Check.objects.filter(version=OuterRef("pk"), name=ARTIFACT_SCAN, source=CheckSource.MLGOV)
    going_on = ~Q(state__in=FINISHED) | Q(args__scanner=SCANNER)
    subject = Cast(KeyTextTransform("version", "args"), UUIDField())
    tried = Job.objects.annotate(subject=subject).filter(going_on, kind=SCAN, subject=OuterRef("pk"))
    return (
        Version.objects.live()
        .filter(Exists(unread), Exists(checked), ~Exists(tried))
        .select_related("model")
        .order_by(Case(When(stage=PRODUCTION, then=0), default=1), "-id")
    )
