"""SRP verifiers, second factors, sign-ins of names that nobody has."""

import django.db.models.deletion
import identity.clock
import identity.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("pools", "0003_search_values")]

    operations = [
        migrations.AddField("credential", "srp_verifier", identity.fields.EncryptedField(null=True)),
        migrations.AddField("user", "mfa_factors", models.JSONField(default=list)),
        migrations.AddField("user", "preferred_mfa", models.CharField(blank=True, default="", max_length=24)),
        migrations.AddField("user", "has_software_token", models.BooleanField(default=False)),
        migrations.RenameField("attempt", "user", "holder"),
        migrations.AlterField(
            "attempt",
            "holder",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            "attempt",
            "name",
            models.TextField(default="", help_text="what the sign-in was begun with"),
            False,
        ),
        migrations.CreateModel(
            name="SpentSecretBlock",
            fields=[
                ("digest", models.BinaryField(max_length=32, primary_key=True, serialize=False)),
                ("expires_at", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name="SoftwareToken",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "name",
                    models.CharField(help_text="The human-readable name of this device.", max_length=64),
                ),
                ("confirmed", models.BooleanField(default=True, help_text="Is this device ready for use?")),
                ("secret", identity.fields.EncryptedField()),
                ("last_step", models.BigIntegerField(default=0)),
                ("created_at", models.DateTimeField(default=identity.clock.now)),
                (
                    "user",
                    models.ForeignKey(
                        help_text="The user that this device belongs to.",
                        on_delete=django.db.models.deletion.CASCADE,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("user", "confirmed"), name="one_software_token_per_state")
                ],
            },
        ),
    ]
