from django.db import migrations

from apps.audit.sql import demands_event
from apps.core.sql import steps


class Migration(migrations.Migration):
    dependencies = [("modelcards", "0001_initial"), ("audit", "0002_guards")]
    operations = [
        steps("modelcards_card"),
        demands_event("modelcards_card", "modelcards.card"),
    ]
