"""Messages that leave from the background; codes of nobody, which cost what those of somebody do."""

import django.db.models.deletion
import identity.clock
import identity.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("pools", "0004_second_factors")]

    operations = [
        migrations.AlterField(
            "code",
            "user",
            models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="codes",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.CreateModel(
            name="QueuedMessage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("message_id", models.CharField(max_length=320)),
                ("username", models.CharField(max_length=384)),
                ("channel", models.CharField(choices=[("EMAIL", "Email"), ("SMS", "Sms")], max_length=8)),
                ("to", models.CharField(max_length=2048)),
                ("kind", models.CharField(max_length=32)),
                ("code", identity.fields.EncryptedField()),
                ("name", models.CharField(help_text="what {username} becomes", max_length=2048)),
                ("created_at", models.DateTimeField(default=identity.clock.now)),
                ("expires_at", models.DateTimeField(db_index=True)),
                ("failures", models.PositiveSmallIntegerField(default=0)),
                ("next_try_at", models.DateTimeField(db_index=True)),
                ("lease", models.CharField(blank=True, max_length=32)),
                (
                    "holder",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "pool",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="pools.pool",
                    ),
                ),
            ],
        ),
    ]
