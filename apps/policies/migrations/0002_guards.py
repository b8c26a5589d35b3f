from django.db import migrations

from apps.core.sql import append_only


class Migration(migrations.Migration):
    dependencies = [("policies", "0001_initial"), ("core", "0001_initial")]
    operations = [append_only("policies_revision"), append_only("policies_allowedtransition")]
