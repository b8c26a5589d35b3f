"""Revisions, steps, publications and comments only grow; a card and a link change by steps, with an event, and as allowed."""

from django.db import migrations

from apps.audit.sql import demands_event
from apps.core.sql import append_only, revoke, steps
from apps.modelcards import sql

GOVERNED = ("carddefaults", "publiclink")
GROWING = ("cardrevision", "cardstep", "publication", "withdrawal", "comment", "commentresolution")


class Migration(migrations.Migration):
    dependencies = [
        ("modelcards", "0003_life"),
        ("audit", "0002_guards"),
        ("core", "0001_initial"),
        ("registry", "0001_initial"),
        ("accounts", "0001_initial"),
        ("projects", "0001_initial"),
    ]
    operations = [
        *(
            operation
            for name in GOVERNED
            for operation in (
                steps(f"modelcards_{name}"),
                demands_event(f"modelcards_{name}", f"modelcards.{name}"),
                revoke(f"modelcards_{name}", "DELETE, TRUNCATE"),
            )
        ),
        *(
            operation
            for name in GROWING
            for operation in (
                append_only(f"modelcards_{name}"),
                revoke(f"modelcards_{name}", "UPDATE, DELETE, TRUNCATE"),
            )
        ),
        revoke("modelcards_card", "DELETE, TRUNCATE"),
        migrations.RunSQL(sql.CARD, sql.CARD_BACK),
        migrations.RunSQL(sql.PUBLICATION, sql.PUBLICATION_BACK),
        migrations.RunSQL(sql.LINK, sql.LINK_BACK),
    ]
