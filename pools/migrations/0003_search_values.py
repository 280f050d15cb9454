"""Users that are there already are found by what they are: their search values as `pools.accounts.search` writes them."""

from django.db import migrations

_FOLDED = ("email", "phone_number", "name", "given_name", "family_name", "preferred_username")
_BATCH = 1000


def fill(apps, schema_editor):
    User = apps.get_model("pools", "User")
    SearchValue = apps.get_model("pools", "SearchValue")
    last = 0
    while users := list(User.objects.filter(pk__gt=last).select_related("pool").order_by("pk")[:_BATCH]):
        SearchValue.objects.bulk_create(
            SearchValue(pool_id=user.pool_id, user_id=user.pk, attribute=name, key=_key(user, name, value))
            for user in users
            for name, value in _values(user).items()
        )
        last = users[-1].pk


def _values(user):
    found = {name: user.attributes[name] for name in _FOLDED if user.attributes.get(name)} | {"sub": user.sub}
    if user.username != user.sub:
        found["username"] = user.username
    return found


def _key(user, name, value):
    is_case_sensitive = user.pool.settings.get("UsernameConfiguration", {}).get("CaseSensitive", True)
    folded = value.lower() if name in _FOLDED or not is_case_sensitive else value
    return folded.encode()[:1024] + b"\x00" + user.pk.to_bytes(8, "big")


class Migration(migrations.Migration):
    dependencies = [("pools", "0002_directory")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
