from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="SpentBudget",
            fields=[
                ("key", models.CharField(max_length=150, primary_key=True, serialize=False)),
                ("since", models.DateTimeField(db_index=True)),
                ("used", models.PositiveIntegerField()),
            ],
        ),
        migrations.RunSQL(
            """
            ALTER TABLE core_spentbudget SET UNLOGGED;
            DO $$ BEGIN
                IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'mlgov_worker') THEN
                    REVOKE ALL ON core_spentbudget FROM mlgov_worker;
                END IF;
            END $$;
            """,
            migrations.RunSQL.noop,
        ),
    ]
