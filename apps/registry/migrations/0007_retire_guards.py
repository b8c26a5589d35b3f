from django.db import migrations

from apps.registry import sql


class Migration(migrations.Migration):
    dependencies = [("registry", "0006_retire"), ("experiments", "0001_initial")]
    operations = [
        migrations.RunSQL(sql.RETIRED, sql.RETIRED_BACK),
        migrations.RunSQL(sql.ARTIFACTS, sql.ARTIFACTS_BACK),
    ]
