from django.db import migrations

from apps.core.sql import append_only


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0001_initial"), ("core", "0001_initial")]
    operations = [append_only("monitoring_productionmetrics")]
