"""The page of a job: its buttons are there for those who may press them."""

import pytest
from django.db.models.functions import Now
from django.urls import reverse

from apps.jobs.models import Job
from apps.jobs.services import enqueue


@pytest.fixture
def job(project, dev):
    return enqueue("notifications.send_digests", {}, by=dev, project_id=project.pk)


def buttons(client, person, job):
    client.force_login(person)
    page = client.get(reverse("jobs:job", args=[job.pk])).content.decode()
    part = client.get(reverse("jobs:job", args=[job.pk]), headers={"HX-Request": "true"}).content.decode()
    found = {word for word in ("Stop</button>", "Try again</button>") if word in page}
    assert found == {word for word in ("Stop</button>", "Try again</button>") if word in part}
    return found


def test_stop_is_shown_to_the_starter_and_to_who_writes_there(client, job, ada, dev, ben, vera, cleo):
    assert buttons(client, dev, job) == buttons(client, ada, job) == {"Stop</button>"}
    assert buttons(client, vera, job) == set()
    assert client.post(reverse("jobs:cancel", args=[job.pk])).status_code == 403
    client.force_login(cleo)
    assert client.get(reverse("jobs:job", args=[job.pk])).status_code == 404


def test_try_again_is_shown_to_them_alone_and_others_read_why_not(client, job, dev, vera):
    Job.objects.filter(pk=job.pk).update(state="failed", error="It broke.", finished_at=Now())
    assert buttons(client, dev, job) == {"Try again</button>"}
    assert buttons(client, vera, job) == set()
    page = client.get(reverse("jobs:job", args=[job.pk])).content.decode()
    assert "You are viewer here" in page
    assert client.post(reverse("jobs:retry", args=[job.pk])).status_code == 403
