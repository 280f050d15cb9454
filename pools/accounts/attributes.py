"""A user's attributes and the sign-in names that follow from them: checked, written, kept together.

Source: guide, "Working with user attributes" and "Customizing sign-in attributes".
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db import IntegrityError, transaction

from identity import clock
from identity.errors import (
    UNAUTHORIZED_ATTRIBUTE,
    AliasExists,
    InvalidParameter,
    NotAuthorized,
    UsernameExists,
    UserNotFound,
)
from pools.config.client import ClientSettings
from pools.config.schema import VERIFIED_FLAGS, Schema, is_email, is_phone_number
from pools.config.sign_in import SignInSettings
from pools.models import Client, Pool, SignInName, User

_SUB_LENGTH = 36


def check_writable(client: Client, attributes: Mapping[str, str]) -> None:
    """What a user may write about themselves through a client.

    Raises: NotAuthorized.
    """
    settings = ClientSettings.of(client)
    schema = Schema.of(client.pool)
    for name in attributes:
        attribute = schema.attributes.get(name)
        is_ours = name in VERIFIED_FLAGS.values() or (attribute is not None and attribute.is_developer_only)
        if is_ours or (settings.writable is not None and name not in settings.writable):
            raise NotAuthorized(UNAUTHORIZED_ATTRIBUTE)


def check_values(pool: Pool, attributes: Mapping[str, str]) -> None:
    """Names, types, lengths and formats of given attributes.

    Raises: InvalidParameter, naming everything that does not conform.
    """
    schema = Schema.of(pool)
    complaints = []
    for name, value in attributes.items():
        attribute = schema.get(name)
        if name == "sub":
            raise InvalidParameter("user.sub: Attribute cannot be updated.", field="sub")
        if value and (complaint := attribute.complaint(value)):
            complaints.append(f"{name}: {complaint}")
    _raise(complaints)
    if (email := attributes.get("email")) and not is_email(email):
        raise InvalidParameter("Invalid email address format.", field="email")
    if (phone := attributes.get("phone_number")) and not is_phone_number(phone):
        raise InvalidParameter("Invalid phone number format.", field="phone_number")


def check_verified_flags(attributes: Mapping[str, str]) -> None:
    """Only an address that there is can be verified.

    Raises: InvalidParameter.
    """
    for name, flag in VERIFIED_FLAGS.items():
        if attributes.get(flag) == "true" and not attributes.get(name):
            raise InvalidParameter(f"{name} is required to set {flag} to true.", field=name)


def check_required(pool: Pool, attributes: Mapping[str, str]) -> None:
    """Raises: InvalidParameter, naming every required attribute that is missing."""
    missing = (name for name in Schema.of(pool).required if not attributes.get(name))
    _raise([f"{name}: The attribute is required" for name in missing])


def check_lost(pool: Pool, before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """What the pool requires may be missing from the beginning, but not be taken away; nor may the last sign-in name.

    Where addresses are user names, one changes into another of its form, not an e-mail address into a phone number.
    Raises: InvalidParameter.
    """
    lost = [name for name in Schema.of(pool).required if before.get(name) and not after.get(name)]
    held = [name for name in sorted(SignInSettings.of(pool).username_attributes) if before.get(name)]
    if not any(after.get(name) for name in held):
        lost += [name for name in held if name not in lost]
    _raise([f"{name}: The attribute is required" for name in lost])


def _raise(complaints: list[str]) -> None:
    if complaints:
        items = "".join(f"{complaint}\n" for complaint in complaints)
        raise InvalidParameter(f"Attributes did not conform to the schema: {items}", field="user_attributes")


def name_new_user(pool: Pool, username: str, attributes: Mapping[str, str]) -> dict[str, str]:
    """The attributes of a new user, with the submitted e-mail or phone number among them where it is the name.

    Raises: InvalidParameter for a user name whose form the pool does not allow.
    """
    settings = SignInSettings.of(pool)
    found = normalised(pool, {name: value for name, value in attributes.items() if value != ""})
    if not settings.username_attributes:
        _check_free_username(settings, username)
        return found
    attribute = _contact_form(settings, username)
    if settings.fold(found.setdefault(attribute, username)) != settings.fold(username):
        raise InvalidParameter(f"The user name and the {attribute} attribute must be the same.", field=attribute)
    return found


def normalised(pool: Pool, attributes: Mapping[str, str]) -> dict[str, str]:
    """Booleans are taken in any case, as `True` is what many a language prints, and kept in lower case."""
    known = Schema.of(pool).attributes
    return {
        name: value.lower() if name in known and known[name].kind == "Boolean" else value
        for name, value in attributes.items()
    }


def _contact_form(settings: SignInSettings, username: str) -> str:
    allowed = settings.username_attributes
    if "email" in allowed and is_email(username):
        return "email"
    if "phone_number" in allowed and is_phone_number(username):
        return "phone_number"
    wanted = "either an email or a phone number" if len(allowed) == 2 else f"a{_NOUN_OF[next(iter(allowed))]}"
    raise InvalidParameter(f"Username should be {wanted}.", field="username")


_NOUN_OF = {"email": "n email", "phone_number": " phone number"}


def _check_free_username(settings: SignInSettings, username: str) -> None:
    for attribute, looks_like, form in (
        ("email", is_email, "email"),
        ("phone_number", is_phone_number, "phone number"),
    ):
        if attribute in settings.alias_attributes and looks_like(username):
            raise InvalidParameter(
                f"Username cannot be of {form} format, since user pool is configured for {form} alias.",
                field="username",
            )


def locked(user: User) -> User:
    """The user's row as it is now, locked; call inside a transaction. A decoy's is asked for as well, and is not there.

    Raises: UserNotFound, when it has been deleted meanwhile.
    """
    fresh = User.objects.select_for_update().filter(pk=user.pk or 0).first()  # for None, Django would ask nobody
    if fresh is None:
        raise UserNotFound()
    fresh.pool = user.pool
    return fresh


def known_as(user: User) -> str:
    """The name people know: where an address is the user name, that address and not the sub behind it."""
    for attribute in ("email", "phone_number"):
        if attribute in SignInSettings.of(user.pool).username_attributes and user.attributes.get(attribute):
            return user.attributes[attribute]
    return user.username


def sign_in_names(pool: Pool, username: str, attributes: Mapping[str, str]) -> dict[str, str]:
    """Kind to name, for every name that signs this user in now.

    An e-mail address or phone number does when it is the user name form of the pool, or an alias and verified.
    """
    settings = SignInSettings.of(pool)
    names = {SignInName.Kind.USERNAME.value: username}
    for attribute in sorted(settings.contact_names):
        value = attributes.get(attribute)
        flag = VERIFIED_FLAGS.get(attribute)
        is_usable = attribute in settings.username_attributes or flag is None or attributes.get(flag) == "true"
        if value and is_usable:
            names[attribute] = value
    return names


def claim_names(user: User, *, force: bool = False) -> None:
    """Make the user's sign-in names what their attributes say; call inside the transaction of the change.

    `force` takes verified aliases from whoever holds them, whose address becomes unverified.
    Raises: UsernameExists, AliasExists.
    """
    settings = SignInSettings.of(user.pool)
    wanted = {
        kind: settings.fold(name) for kind, name in sign_in_names(user.pool, user.username, user.attributes).items()
    }
    held = {row.kind: bytes(row.folded) for row in SignInName.objects.filter(user=user)}
    for kind in SignInName.Kind.values:  # names are given up and taken in one order, so that nobody waits in a circle
        folded = wanted.get(kind)
        if folded == held.get(kind):
            continue
        if folded is None:
            SignInName.objects.filter(user=user, kind=kind).delete()
            continue
        if force and kind in VERIFIED_FLAGS and kind in settings.alias_attributes:
            _take_over(user, kind, folded)
        _claim(user, kind, folded)


def _claim(user: User, kind: str, folded: bytes) -> None:
    if _is_taken_otherwise(user, kind, folded):
        raise _taken(user.pool, kind)
    try:
        with transaction.atomic():
            SignInName.objects.update_or_create(
                user=user, kind=kind, defaults={"pool_id": user.pool_id, "folded": folded}
            )
    except IntegrityError:
        raise _taken(user.pool, kind) from None


def _is_taken_otherwise(user: User, kind: str, folded: bytes) -> bool:
    """A preferred user name must not be another's user name, nor the other way round."""
    pair = {SignInName.Kind.USERNAME.value, SignInName.Kind.PREFERRED_USERNAME.value}
    if kind not in pair:
        return False
    others = SignInName.objects.filter(pool_id=user.pool_id, folded=folded, kind__in=pair).exclude(user=user)
    return others.exists() or _is_sub_of_another(user, folded)


def _is_sub_of_another(user: User, folded: bytes) -> bool:
    """A sub is a name as well: whoever took another's as user name would be found in that user's place."""
    if len(folded) != _SUB_LENGTH or not folded.isascii():
        return False
    return User.objects.filter(pool_id=user.pool_id, sub=folded.decode()).exclude(pk=user.pk).exists()


def _taken(pool: Pool, kind: str) -> UsernameExists | AliasExists:
    if kind == SignInName.Kind.USERNAME:
        return UsernameExists()
    text = f"An account with the given {kind} already exists."
    return UsernameExists(text) if kind in SignInSettings.of(pool).username_attributes else AliasExists(text)


def _take_over(user: User, kind: str, folded: bytes) -> None:
    """The holder's row is ours already (`rivals`), unless the name has changed hands since: then it is not waited for.

    Raises: AliasExists.
    """
    name = SignInName.objects.filter(pool_id=user.pool_id, kind=kind, folded=folded).exclude(user=user).first()
    if name is None:
        return
    loser = User.objects.select_for_update(skip_locked=True).filter(pk=name.user_id).first()
    if loser is None:
        raise _taken(user.pool, kind)
    loser.attributes = {**loser.attributes, VERIFIED_FLAGS[kind]: "false"}
    loser.modified_at = clock.now()
    loser.save(update_fields=["attributes", "modified_at"])
    name.delete()
