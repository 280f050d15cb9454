"""What a sign-in still lacks: a specification of its own, and every state that can occur against it.

`RULES` says in AWS's words what comes next, the first rule that applies first; `order` must agree with it about every
pool, every user and every moment of a sign-in. Nothing here reads the database.
Source: guide, "Authentication flows" and "Adding MFA to a user pool".
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import pytest

from identity.errors import NotAuthorized
from pools.config import pool as pool_config
from pools.models import Attempt, Client, Pool, User
from pools.models.user import UserStatus
from pools.signin import decoy, finish, order

SMS, TOTP, EMAIL = FACTORS = ("SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP")
MODES = ("OFF", "OPTIONAL", "ON")
FIRST_PROOFS = ("password", "srp", "email_code", "sms_code", "custom")
ASKED = ("CUSTOM_CHALLENGE", "PASSWORD_VERIFIER", *FACTORS)
SECOND_PROOFS = ("second_sms_code", "software_token", "second_email_code")
SIGNED_IN = None

_DEFAULTS = pool_config.created({})
_MEMBERS = {
    SMS: {"SmsMfaConfiguration": {}},
    TOTP: {"SoftwareTokenMfaConfiguration": {"Enabled": True}},
    EMAIL: {"EmailMfaConfiguration": {}},
}


@dataclass(frozen=True)
class Account:
    """A user of a pool, as far as the order of challenges depends on them."""

    mode: str = "OFF"
    pool_has: tuple[str, ...] = ()
    switched_on: tuple[str, ...] = ()
    preferred: str = ""
    has_app: bool = False
    has_phone: bool = False
    has_email: bool = False
    status: str = UserStatus.CONFIRMED

    def reaches(self, factor: str) -> bool:
        return {SMS: self.has_phone, TOTP: self.has_app, EMAIL: self.has_email}[factor]

    @cached_property
    def choices(self) -> tuple[str, ...]:
        """The factors that the user can be asked for, in AWS's order.

        Those that are switched on and that the pool offers; of these, while one works, none that does not. Where MFA
        is required of a user who has switched none on: all that would work.
        """
        if self.mode == "OFF":
            return ()
        if active := [factor for factor in FACTORS if factor in self.pool_has and factor in self.switched_on]:
            return tuple(factor for factor in active if self.reaches(factor)) or (active[0],)
        if self.mode == "OPTIONAL":
            return ()
        return tuple(factor for factor in FACTORS if factor in self.pool_has and self.reaches(factor))

    @property
    def lacks_a_factor(self) -> bool:
        return self.mode == "ON" and not self.choices

    @cached_property
    def user(self) -> User:
        members = {name: value for factor in self.pool_has for name, value in _MEMBERS[factor].items()}
        return User(
            status=self.status,
            mfa_factors=list(self.switched_on),
            preferred_mfa=self.preferred,
            has_software_token=self.has_app,
            attributes={
                **({"phone_number": "+15550101"} if self.has_phone else {}),
                **({"email": "ada@example.com"} if self.has_email else {}),
            },
            pool=Pool(settings={**_DEFAULTS, "MfaConfiguration": self.mode, **members}),
        )


@dataclass(frozen=True)
class Moment:
    """How far a sign-in has come: how it begins, what has been proven, what has been chosen for the second proof.

    `is_adding_email` is MFA_SETUP's: the user has said the address that is to become their second factor. `asked` is
    CUSTOM_AUTH's: what the pool's function has asked for, until it issues tokens.
    """

    first: str | None = "PASSWORD"
    has_public_key: bool = False
    proofs: tuple[str, ...] = ()
    second: str | None = None
    is_adding_email: bool = False
    asked: str | None = None

    @cached_property
    def has_begun(self) -> bool:
        return any(proof in FIRST_PROOFS for proof in self.proofs)

    @cached_property
    def has_second(self) -> bool:
        return any(proof in SECOND_PROOFS for proof in self.proofs)

    def attempt(self) -> Attempt:
        data: dict[str, Any] = {"available": ["PASSWORD"]}
        if self.first is not None:
            data["first"] = self.first
        if self.has_public_key:
            data["srp_a"] = "ab"
        if self.second is not None:
            data["second"] = self.second
        if self.is_adding_email:
            data["address"] = "new@example.com"
        if self.asked is not None or "custom" in self.proofs:
            data["custom"] = {"asked": self.asked}
        return Attempt(flow="USER_AUTH", proofs=list(self.proofs), data=data)


@dataclass(frozen=True, slots=True)
class Rule:
    """`then` is the AWS name of the next challenge, or says which; None ends the sign-in."""

    says: str
    applies: Callable[[Account, Moment], bool]
    then: str | Callable[[Account, Moment], str] | None


RULES = (
    Rule(
        "what a function of the pool asks for, whatever is proven",
        lambda account, moment: moment.asked is not None,
        lambda account, moment: str(moment.asked),
    ),
    # The first proof, before anything is told of the user.
    Rule(
        "who has not chosen how to begin, chooses",
        lambda account, moment: not moment.has_begun and moment.first is None,
        "SELECT_CHALLENGE",
    ),
    Rule(
        "SRP begins with a public key",
        lambda account, moment: not moment.has_begun and moment.first == "PASSWORD_SRP" and not moment.has_public_key,
        "PASSWORD_SRP",
    ),
    Rule(
        "and goes on with the proof",
        lambda account, moment: not moment.has_begun and moment.first == "PASSWORD_SRP",
        "PASSWORD_VERIFIER",
    ),
    Rule(
        "what was chosen is asked",
        lambda account, moment: not moment.has_begun,
        lambda account, moment: str(moment.first),
    ),
    # A temporary password is good for a new one alone.
    Rule(
        "a temporary password is replaced",
        lambda account, moment: account.status == "FORCE_CHANGE_PASSWORD",
        "NEW_PASSWORD_REQUIRED",
    ),
    # The second proof.
    Rule("one second proof is enough", lambda account, moment: moment.has_second, SIGNED_IN),
    Rule(
        "a function that issues tokens has asked for a second proof, where not all must have one",
        lambda account, moment: "custom" in moment.proofs and account.mode != "ON",
        SIGNED_IN,
    ),
    Rule("a pool without MFA asks for none", lambda account, moment: account.mode == "OFF", SIGNED_IN),
    Rule(
        "an address that is being set up is proven",
        lambda account, moment: moment.is_adding_email and account.lacks_a_factor and EMAIL in account.pool_has,
        EMAIL,
    ),
    Rule(
        "the factor that was chosen",
        lambda account, moment: moment.second in account.choices,
        lambda account, moment: str(moment.second),
    ),
    Rule(
        "the factor that is preferred",
        lambda account, moment: account.preferred in account.choices,
        lambda account, moment: account.preferred,
    ),
    Rule(
        "the only one",
        lambda account, moment: len(account.choices) == 1,
        lambda account, moment: account.choices[0],
    ),
    Rule("one of several is chosen", lambda account, moment: len(account.choices) > 1, "SELECT_MFA_TYPE"),
    Rule(
        "who has none must set one up where MFA is required", lambda account, moment: account.mode == "ON", "MFA_SETUP"
    ),
    Rule("and nowhere else", lambda account, moment: True, SIGNED_IN),
)


def rule_for(account: Account, moment: Moment) -> Rule:
    return next(rule for rule in RULES if rule.applies(account, moment))


def expected(account: Account, moment: Moment) -> str | None:
    rule = rule_for(account, moment)
    return rule.then(account, moment) if callable(rule.then) else rule.then


def actual(account: Account, moment: Moment) -> str | None:
    attempt = moment.attempt()
    attempt.user = account.user
    challenge = order.next_challenge(attempt)
    return None if challenge is None else challenge.name


def subsets(values: Sequence[str]) -> list[tuple[str, ...]]:
    return [chosen for size in range(len(values) + 1) for chosen in itertools.combinations(values, size)]


def accounts() -> Iterator[Account]:
    """Every pool and every user. An app that is switched on exists; an address that is may have been deleted since."""
    for mode, pool_has, switched_on in itertools.product(MODES, subsets(FACTORS), subsets(FACTORS)):
        for preferred, has_app, has_phone, has_email, status in itertools.product(
            ("", *switched_on), (False, True), (False, True), (False, True), UserStatus
        ):
            if has_app or TOTP not in switched_on:
                yield Account(mode, pool_has, switched_on, preferred, has_app, has_phone, has_email, status)


def moments() -> list[Moment]:
    """Every beginning, every first proof, and from there whatever can have happened in any account."""
    waiting = [
        *(Moment(first) for first in (None, "PASSWORD", "PASSWORD_SRP", "EMAIL_OTP", "SMS_OTP")),
        Moment("PASSWORD_SRP", has_public_key=True),
        Moment("EMAIL_OTP", proofs=("choice",)),
    ]
    begun = [Moment(proofs=(proof,)) for proof in FIRST_PROOFS]
    renewed = [Moment(proofs=(proof, "new_password")) for proof in ("password", "srp")]
    chosen = [Moment(proofs=("password", "choice"), second=factor) for factor in FACTORS]
    adding = [Moment(proofs=("srp", "new_password", "choice"), second=EMAIL, is_adding_email=True)]
    proven = [Moment(proofs=(first, second)) for first in FIRST_PROOFS for second in SECOND_PROOFS]
    asked = [
        Moment(None, asked=challenge, proofs=so_far)
        for challenge in ASKED
        for so_far in ((), ("srp", "answer", "second_sms_code"))
    ]
    return [*waiting, *begun, *renewed, *chosen, *adding, *proven, *asked]


def test_order_is_as_specified_for_every_account_at_every_moment() -> None:
    cases = [(moment, moment.attempt()) for moment in moments()]
    used = set()
    count = 0
    for account in accounts():
        user = account.user
        for moment, attempt in cases:
            rule = rule_for(account, moment)
            wanted = rule.then(account, moment) if callable(rule.then) else rule.then
            attempt.user = user
            found = order.next_challenge(attempt)
            assert (None if found is None else found.name) == wanted, (rule.says, account, moment)
            used.add(rule.says)
            count += 1
    assert count > 300_000
    assert used == {rule.says for rule in RULES}


# The same for the reader: the rows of the guide's tables.

KNOWS_PASSWORD = Moment(proofs=("password",))
ALL = FACTORS
ROWS: list[tuple[str, Account, Moment, str | None]] = [
    # Authentication flows
    ("password flow", Account(), Moment("PASSWORD"), "PASSWORD"),
    ("SRP flow", Account(), Moment("PASSWORD_SRP", has_public_key=True), "PASSWORD_VERIFIER"),
    ("choice", Account(), Moment(None), "SELECT_CHALLENGE"),
    ("choice of SRP without SRP_A", Account(), Moment("PASSWORD_SRP"), "PASSWORD_SRP"),
    ("choice of e-mail", Account(has_email=True), Moment("EMAIL_OTP"), "EMAIL_OTP"),
    ("choice of SMS", Account(has_phone=True), Moment("SMS_OTP"), "SMS_OTP"),
    ("custom", Account(), Moment(None, asked="CUSTOM_CHALLENGE"), "CUSTOM_CHALLENGE"),
    ("custom, after a password", Account(), Moment(asked="CUSTOM_CHALLENGE", proofs=("srp",)), "CUSTOM_CHALLENGE"),
    ("custom, done", Account(), Moment(None, proofs=("answer", "custom")), SIGNED_IN),
    ("no MFA", Account(), KNOWS_PASSWORD, SIGNED_IN),
    ("temporary", Account(status="FORCE_CHANGE_PASSWORD"), KNOWS_PASSWORD, "NEW_PASSWORD_REQUIRED"),
    ("temporary, SRP", Account(status="FORCE_CHANGE_PASSWORD"), Moment(proofs=("srp",)), "NEW_PASSWORD_REQUIRED"),
    (
        "temporary before MFA_SETUP",
        Account("ON", (TOTP,), status="FORCE_CHANGE_PASSWORD"),
        KNOWS_PASSWORD,
        "NEW_PASSWORD_REQUIRED",
    ),
    (
        "temporary before MFA",
        Account("ON", (SMS,), has_phone=True, status="FORCE_CHANGE_PASSWORD"),
        KNOWS_PASSWORD,
        "NEW_PASSWORD_REQUIRED",
    ),
    ("MFA_SETUP after it", Account("ON", (TOTP,)), Moment(proofs=("password", "new_password")), "MFA_SETUP"),
    # MFA decision
    ("OFF, preferences kept", Account("OFF", ALL, ALL, SMS, True, True, True), KNOWS_PASSWORD, SIGNED_IN),
    ("OPTIONAL, none", Account("OPTIONAL", ALL, (), "", True, True, True), KNOWS_PASSWORD, SIGNED_IN),
    ("OPTIONAL, SMS", Account("OPTIONAL", ALL, (SMS,), has_phone=True), KNOWS_PASSWORD, SMS),
    ("OPTIONAL, app", Account("OPTIONAL", ALL, (TOTP,), has_app=True), KNOWS_PASSWORD, TOTP),
    ("OPTIONAL, e-mail", Account("OPTIONAL", ALL, (EMAIL,), has_email=True), KNOWS_PASSWORD, EMAIL),
    ("OPTIONAL, not offered", Account("OPTIONAL", (TOTP,), (SMS,), has_phone=True), KNOWS_PASSWORD, SIGNED_IN),
    ("preferred", Account("OPTIONAL", ALL, ALL, EMAIL, True, True, True), KNOWS_PASSWORD, EMAIL),
    ("preferred, ON", Account("ON", ALL, ALL, TOTP, True, True, True), KNOWS_PASSWORD, TOTP),
    ("several", Account("OPTIONAL", ALL, ALL, "", True, True, True), KNOWS_PASSWORD, "SELECT_MFA_TYPE"),
    ("several, ON", Account("ON", ALL, (SMS, TOTP), "", True, True), KNOWS_PASSWORD, "SELECT_MFA_TYPE"),
    ("ON, has phone", Account("ON", (SMS, TOTP), has_phone=True), KNOWS_PASSWORD, SMS),
    ("ON, has e-mail", Account("ON", ALL, has_email=True), KNOWS_PASSWORD, EMAIL),
    ("ON, has both", Account("ON", ALL, has_phone=True, has_email=True), KNOWS_PASSWORD, "SELECT_MFA_TYPE"),
    ("ON, none possible", Account("ON", (TOTP,), has_phone=True, has_email=True), KNOWS_PASSWORD, "MFA_SETUP"),
    ("OPTIONAL, custom", Account("OPTIONAL", ALL, (TOTP,), has_app=True), Moment(proofs=("custom",)), SIGNED_IN),
    ("ON, custom", Account("ON", ALL, (TOTP,), has_app=True), Moment(proofs=("custom",)), TOTP),
    ("ON, custom with an app", Account("ON", ALL), Moment(proofs=("answer", "software_token", "custom")), SIGNED_IN),
    ("temporary, custom", Account(status="FORCE_CHANGE_PASSWORD"), Moment(proofs=("custom",)), "NEW_PASSWORD_REQUIRED"),
    # What has been chosen, and what has become of it
    (
        "chosen against the preference",
        Account("ON", ALL, ALL, TOTP, True, True, True),
        Moment(proofs=("password", "choice"), second=SMS),
        SMS,
    ),
    (
        "chosen and not offered any more",
        Account("ON", (TOTP,), ALL, "", True, True, True),
        Moment(proofs=("password", "choice"), second=SMS),
        TOTP,
    ),
    ("phone deleted", Account("OPTIONAL", ALL, (SMS,)), KNOWS_PASSWORD, SMS),
    ("phone deleted, app left", Account("OPTIONAL", ALL, (SMS, TOTP), SMS, True), KNOWS_PASSWORD, TOTP),
    (
        "second proof",
        Account("ON", ALL, ALL, TOTP, True, True, True),
        Moment(proofs=("srp", "software_token")),
        SIGNED_IN,
    ),
]


@pytest.mark.parametrize(("account", "moment", "challenge"), [pytest.param(*row[1:], id=row[0]) for row in ROWS])
def test_rows_of_the_guide(account: Account, moment: Moment, challenge: str | None) -> None:
    assert expected(account, moment) == challenge
    assert actual(account, moment) == challenge


# What must hold whatever the tables say.


@dataclass(frozen=True, slots=True)
class Step:
    account: Account
    moment: Moment
    path: tuple[str, ...] = field(default=(), compare=False)

    def went(self, challenge: str, account: Account | None = None, **moment: Any) -> Step:
        return Step(account or self.account, replace(self.moment, **moment), (*self.path, challenge))

    def proving(self, challenge: str, proof: str, account: Account | None = None) -> Step:
        return self.went(challenge, account, proofs=(*self.moment.proofs, proof))


FIRST_OF = {"PASSWORD": "password", "PASSWORD_VERIFIER": "srp", "SMS_OTP": "sms_code", "EMAIL_OTP": "email_code"}
SECOND_OF = {"SMS_MFA": "second_sms_code", "SOFTWARE_TOKEN_MFA": "software_token", "EMAIL_OTP": "second_email_code"}


def right_answers(step: Step, challenge: str) -> list[Step]:
    """What a right answer to a challenge makes of the user and the sign-in: one step for every choice there is."""
    account, moment = step.account, step.moment
    match challenge:
        case "SELECT_CHALLENGE":
            return [step.went(challenge, first=first) for first in beginnings(account)]
        case "PASSWORD_SRP":
            return [step.went(challenge, has_public_key=True)]
        case "NEW_PASSWORD_REQUIRED":
            return [step.proving(challenge, "new_password", replace(account, status=UserStatus.CONFIRMED))]
        case "SELECT_MFA_TYPE":
            return [step.went(challenge, second=factor) for factor in account.choices]
        case "MFA_SETUP":
            return enrolments(step)
    return [step.proving(challenge, (SECOND_OF if moment.has_begun else FIRST_OF)[challenge])]


def beginnings(account: Account) -> list[str]:
    """What USER_AUTH lets a user begin with: a code alone where neither pool nor user wants a second proof."""
    may_use_codes = account.mode != "ON" and not account.choices and account.status == UserStatus.CONFIRMED
    codes = {"EMAIL_OTP": account.has_email, "SMS_OTP": account.has_phone}
    return ["PASSWORD", "PASSWORD_SRP", *(code for code, is_there in codes.items() if is_there and may_use_codes)]


def enrolments(step: Step) -> list[Step]:
    """MFA_SETUP: an app is proven while it is set up, an address is said and proven by the next challenge."""
    account = step.account
    enrolled = replace(account, has_app=True, switched_on=(TOTP,), preferred=TOTP)
    app = [step.proving("MFA_SETUP", "software_token", enrolled)] if TOTP in account.pool_has else []
    email = [step.went("MFA_SETUP", second=EMAIL, is_adding_email=True)] if EMAIL in account.pool_has else []
    return app + email


LONGEST = 6
"""SELECT_CHALLENGE, PASSWORD_SRP, PASSWORD_VERIFIER, NEW_PASSWORD_REQUIRED, then SELECT_MFA_TYPE or MFA_SETUP, and
the second factor."""


def test_right_answers_come_to_an_end_and_never_past_a_required_second_proof() -> None:
    lengths = set()
    statuses = {UserStatus.CONFIRMED, UserStatus.FORCE_CHANGE_PASSWORD}
    for account in (account for account in accounts() if account.status in statuses):
        waiting = [Step(account, Moment(None)), Step(account, Moment(proofs=("custom",)))]
        while waiting:
            step = waiting.pop()
            challenge = actual(step.account, step.moment)
            if challenge is None:
                assert account.mode != "ON" or step.moment.has_second, step
                assert step.account.status != UserStatus.FORCE_CHANGE_PASSWORD, step
                lengths.add(len(step.path))
                continue
            assert challenge not in step.path, step
            waiting += right_answers(step, challenge)
    assert max(lengths) == LONGEST


@pytest.mark.parametrize("channel", Attempt.Channel)
@pytest.mark.parametrize("flow", ["USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH", "USER_SRP_AUTH", "USER_AUTH"])
def test_flow_and_channel_do_not_change_the_order(flow: str, channel: str) -> None:
    for _, account, moment, challenge in ROWS:
        attempt = moment.attempt()
        attempt.user, attempt.flow, attempt.channel = account.user, flow, channel
        found = order.next_challenge(attempt)
        assert (found and found.name) == challenge


def test_a_decoy_never_finishes() -> None:
    """Whatever it is said to have proven: nobody has the name, and there is nobody to sign in."""
    for mode, pool_has in itertools.product(MODES, subsets(FACTORS)):
        pool = Account(mode, pool_has).user.pool
        pool.id = "us-east-1_Decoy0001"
        for name in ("nobody", "nobody@example.com", "+15550101"):
            for first, second in itertools.product(FIRST_PROOFS, SECOND_PROOFS):
                attempt = Moment(proofs=(first, second)).attempt()
                attempt.user, attempt.client = decoy.of(pool, name), Client(pool=pool)
                assert order.next_challenge(attempt) is None
                with pytest.raises(NotAuthorized, match=r"^Incorrect username or password\.$"):
                    finish.finish(attempt, None)
