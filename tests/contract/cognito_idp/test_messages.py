"""Messages: what they say, where they go, the outbox of development, and mail over SMTP."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
import requests

from tests.support import clients, factories
from tests.support.clients import refused
from tests.support.clock import Clock
from tests.support.factories import PASSWORD, attributes_of, unique
from tests.support.mailbox import Mailbox
from tests.support.postman import Postman
from tests.support.postman import opened as postman_open
from tests.support.server import Server, running
from tests.support.until import until

SES_IDENTITY = "arn:aws:ses:us-east-1:000000000000:identity"
NOT_DELIVERED = "CodeDeliveryFailureException"

Client = dict[str, Any]
Pool = dict[str, Any]


def as_members(attributes: dict[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in attributes.items()]


def sign_up(public: Any, client: Client, username: str, **attributes: str) -> None:
    public.sign_up(
        ClientId=client["ClientId"], Username=username, Password=PASSWORD, UserAttributes=as_members(attributes)
    )


def invite(idp: Any, pool: Pool, username: str, *mediums: str, password: str = PASSWORD, **attributes: str) -> None:
    idp.admin_create_user(
        UserPoolId=pool["Id"],
        Username=username,
        TemporaryPassword=password,
        DesiredDeliveryMediums=list(mediums),
        UserAttributes=as_members(attributes),
    )


# The outbox


@pytest.fixture(scope="module")
def pool(idp: Any) -> Pool:
    """Shared by the tests of the outbox: every user of theirs has a name of its own."""
    return factories.make_pool(idp, AutoVerifiedAttributes=["email", "phone_number"])


@pytest.fixture(scope="module")
def client(idp: Any, pool: Pool) -> Client:
    return factories.make_client(idp, pool)


def test_outbox_tells_everything_of_a_message(public: Any, pool: Pool, client: Client, mailbox: Mailbox) -> None:
    name = unique()
    before = datetime.now(UTC) - timedelta(seconds=1)
    sign_up(public, client, name, email=f"{name}@example.com")
    [message] = mailbox.messages(name)
    sent_at = datetime.fromisoformat(message.pop("sent_at"))
    assert before < sent_at < datetime.now(UTC) + timedelta(seconds=1)
    code = message.pop("code")
    assert message.pop("body").strip().rstrip(".") == f"Your verification code is {code}"
    assert message == {
        "to": f"{name}@example.com",
        "channel": "EMAIL",
        "kind": "SignUp",
        "link": "",
        "subject": "Your verification code",
        "pool_id": pool["Id"],
        "username": name,
    }


def test_outbox_is_asked_by_address_number_or_name(
    idp: Any, public: Any, client: Client, pool: Pool, mailbox: Mailbox
) -> None:
    name = unique()
    address, number = f"{name}+tag@example.com", "+4915112340099"
    invite(idp, pool, name, "EMAIL", "SMS", email=address, phone_number=number)
    [by_address], [by_number] = mailbox.messages(address), mailbox.messages(number)
    assert (by_address["channel"], by_number["channel"]) == ("EMAIL", "SMS")
    by_name = mailbox.messages(name)
    assert sorted(by_name, key=lambda message: str(message["channel"])) == [by_address, by_number]
    assert mailbox.messages(f"{name}@example.com") == mailbox.messages(name[:-1]) == []


def test_outbox_shows_the_newest_first(
    public: Any, client: Client, mailbox: Mailbox, clock: Clock, server: Server
) -> None:
    name = unique()
    sign_up(public, client, name, email=f"{name}@example.com")
    clock.advance(minutes=5)
    public.resend_confirmation_code(ClientId=client["ClientId"], Username=name)
    newest, oldest = mailbox.messages(name)
    assert (newest["kind"], oldest["kind"]) == ("ResendCode", "SignUp")
    passed = datetime.fromisoformat(newest["sent_at"]) - datetime.fromisoformat(oldest["sent_at"])
    assert timedelta(minutes=5) <= passed < timedelta(minutes=6)
    everything = requests.get(f"{server.url}/_dev/outbox", timeout=10).json()
    assert everything[:2] == [newest, oldest]


def test_user_whose_name_is_an_address_is_found_by_both(idp: Any, public: Any, mailbox: Mailbox) -> None:
    pool = factories.make_pool(idp, UsernameAttributes=["email"], AutoVerifiedAttributes=["email"])
    client = factories.make_client(idp, pool)
    signed_up, invited = f"{unique()}@example.com", f"{unique()}@example.com"
    sign_up(public, client, signed_up)
    invite(idp, pool, invited, "EMAIL")
    for address in (signed_up, invited):
        user = idp.admin_get_user(UserPoolId=pool["Id"], Username=address)
        assert mailbox.messages(address) == mailbox.messages(user["Username"]) != []
    [message] = mailbox.messages(invited)
    assert message["body"].strip() == f"Your username is {invited} and temporary password is {PASSWORD}."


def test_message_of_a_refused_sign_up_is_not_sent(idp: Any, public: Any, client: Client, mailbox: Mailbox) -> None:
    name = unique()
    sign_up(public, client, name)
    with refused("UsernameExistsException"):
        sign_up(public, client, name, email=f"{name}@example.com")
    assert mailbox.messages(f"{name}@example.com") == []


# Templates


def test_templates_say_what_codes_say(idp: Any, public: Any, mailbox: Mailbox) -> None:
    pool = factories.make_pool(
        idp,
        AutoVerifiedAttributes=["email", "phone_number"],
        VerificationMessageTemplate={
            "SmsMessage": "Acme: {####}",
            "EmailMessage": "<p>Acme says <b>{####}</b> &amp; once more {####}</p>",
            "EmailSubject": "Acme ✓ code",
        },
    )
    client = factories.make_client(idp, pool)
    by_email, by_phone = unique(), unique()
    sign_up(public, client, by_email, email=f"{by_email}@example.com")
    [message] = mailbox.messages(by_email)
    code = message["code"]
    assert message["body"] == f"<p>Acme says <b>{code}</b> &amp; once more {code}</p>"
    assert message["subject"] == "Acme ✓ code"
    sign_up(public, client, by_phone, phone_number="+4915112340005")
    for _ in range(2):
        message = mailbox.messages(by_phone)[0]
        assert (message["body"], message["subject"]) == (f"Acme: {message['code']}", "")
        public.resend_confirmation_code(ClientId=client["ClientId"], Username=by_phone)


def test_older_members_say_it_too(idp: Any, public: Any, mailbox: Mailbox) -> None:
    pool = factories.make_pool(
        idp,
        AutoVerifiedAttributes=["email"],
        EmailVerificationMessage="older {####}",
        EmailVerificationSubject="older subject",
    )
    client = factories.make_client(idp, pool)
    name = unique()
    sign_up(public, client, name, email=f"{name}@example.com")
    [message] = mailbox.messages(name)
    assert (message["body"], message["subject"]) == (f"older {message['code']}", "older subject")


def test_templates_say_what_invitations_say(idp: Any, mailbox: Mailbox) -> None:
    template = {
        "SMSMessage": "{username}: {####}",
        "EmailMessage": "Dear {username}, use {####}.",
        "EmailSubject": "Welcome {username}",
    }
    pool = factories.make_pool(idp, AdminCreateUserConfig={"InviteMessageTemplate": template})
    name = unique()
    invite(idp, pool, name, "EMAIL", "SMS", email=f"{name}@example.com", phone_number="+4915112340006")
    by_channel = {message["channel"]: message for message in mailbox.messages(name)}
    assert by_channel["SMS"]["body"] == f"{name}: {PASSWORD}"
    assert by_channel["EMAIL"]["body"] == f"Dear {name}, use {PASSWORD}."
    assert by_channel["EMAIL"]["subject"] == f"Welcome {name}"


def test_changed_template_is_used_at_once(idp: Any, public: Any, mailbox: Mailbox) -> None:
    pool = factories.make_pool(idp, AutoVerifiedAttributes=["email"])
    client = factories.make_client(idp, pool)
    name = unique()
    sign_up(public, client, name, email=f"{name}@example.com")
    idp.update_user_pool(
        UserPoolId=pool["Id"],
        AutoVerifiedAttributes=["email"],
        VerificationMessageTemplate={"EmailMessage": "changed {####}"},
    )
    public.resend_confirmation_code(ClientId=client["ClientId"], Username=name)
    newest = mailbox.messages(name)[0]
    assert newest["body"] == f"changed {newest['code']}"


def test_what_is_filled_in_is_not_filled_in_again(idp: Any, mailbox: Mailbox) -> None:
    pool = factories.make_pool(idp)
    name, password = f"{{####}}-{unique()}", "{username}-Aa1"
    invite(idp, pool, name, "EMAIL", password=password, email="a@b.example")
    [message] = mailbox.messages(name)
    assert message["body"].strip() == f"Your username is {name} and temporary password is {password}."


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ({"email": "j@e.example"}, "j***@e***"),
        ({"email": "jane.doe@mail.example.com"}, "j***@m***"),
        ({"phone_number": "+4915112349934"}, "+*********9934"),
        ({"phone_number": "+1234567"}, "+***4567"),
    ],
)
def test_answer_masks_the_address(public: Any, client: Client, address: dict[str, str], masked: str) -> None:
    answer = public.sign_up(
        ClientId=client["ClientId"], Username=unique(), Password=PASSWORD, UserAttributes=as_members(address)
    )
    assert answer["CodeDeliveryDetails"]["Destination"] == masked


# SMTP


@pytest.fixture(scope="module")
def postman() -> Iterator[Postman]:
    with postman_open() as opened:
        yield opened


@pytest.fixture(scope="module")
def mailing(postman: Postman) -> Iterator[Server]:
    """A server that sends e-mail by SMTP; SMS still go to its outbox."""
    url = f"smtp+plain://127.0.0.1:{postman.port}"
    with running("--dev", GATEHOUSE_EMAIL_URL=url, GATEHOUSE_EMAIL_TIMEOUT_SECONDS="1") as started:
        yield started


@pytest.fixture(scope="module")
def operator(mailing: Server) -> Any:
    """cognito-idp of the mailing server, signed."""
    return clients.idp(mailing)


@pytest.fixture(scope="module")
def anyone(mailing: Server) -> Any:
    """cognito-idp of the mailing server, without a signature."""
    return clients.idp(mailing, signed=False)


@pytest.fixture(scope="module")
def mail_pool(operator: Any) -> Pool:
    return factories.make_pool(operator, AutoVerifiedAttributes=["email"])


@pytest.fixture(scope="module")
def mail_app(operator: Any, mail_pool: Pool) -> Client:
    return factories.make_client(operator, mail_pool)


def parts(mail: EmailMessage) -> tuple[str, str]:
    """Its text and its HTML."""
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    return str(text.get_content()).strip(), str(html.get_content()).strip()


def code_in(mail: EmailMessage) -> str:
    return parts(mail)[0].rstrip(". ")[-6:]


def assert_unconfirmed(operator: Any, pool: Pool, name: str) -> None:
    user = operator.admin_get_user(UserPoolId=pool["Id"], Username=name)
    assert user["UserStatus"] == "UNCONFIRMED"
    assert attributes_of(user).get("email_verified", "false") == "false"


def test_code_arrives_by_mail(
    operator: Any, anyone: Any, mailing: Server, postman: Postman, mail_pool: Pool, mail_app: Client
) -> None:
    name = unique()
    address = f"{name}@example.com"
    sign_up(anyone, mail_app, name, email=address)
    mail = postman.wait_for(address)
    assert (mail["To"], mail["Subject"]) == (address, "Your verification code")
    assert mail["From"] == "no-reply@localhost"
    assert mail["Reply-To"] is mail["X-Configuration-Set"] is None
    assert mail["Date"] is not None
    code = code_in(mail)
    for part in parts(mail):
        assert part.rstrip(".") == f"Your verification code is {code}"
    anyone.confirm_sign_up(ClientId=mail_app["ClientId"], Username=name, ConfirmationCode=code)
    assert Mailbox(mailing).messages(name) == [], "what is sent is not kept"
    assert code not in mailing.log


def test_mail_carries_what_the_pool_says_of_its_sender(operator: Any, anyone: Any, postman: Postman) -> None:
    pool = factories.make_pool(
        operator,
        AutoVerifiedAttributes=["email"],
        EmailConfiguration={
            "EmailSendingAccount": "DEVELOPER",
            "SourceArn": f"{SES_IDENTITY}/acme.example",
            "From": "Ärme & Co <robot@acme.example>",
            "ReplyToEmailAddress": "help@acme.example",
            "ConfigurationSet": "acme-transactional",
        },
        VerificationMessageTemplate={
            "EmailMessage": '<h1>Acme &amp; Co</h1><p class="x">Code <b>{####}</b></p>',
            "EmailSubject": "Acme code ✓",
        },
    )
    client = factories.make_client(operator, pool)
    name = unique()
    sign_up(anyone, client, name, email=f"{name}@example.com")
    mail = postman.wait_for(f"{name}@example.com")
    [(envelope_sender, _, _)] = [entry for entry in postman.received if entry[2] is mail]
    assert envelope_sender == "robot@acme.example"
    [sender] = mail["From"].addresses
    assert (sender.display_name, sender.addr_spec) == ("Ärme & Co", "robot@acme.example")
    assert (mail["Reply-To"], mail["X-Configuration-Set"]) == ("help@acme.example", "acme-transactional")
    assert mail["Subject"] == "Acme code ✓"
    text, html = parts(mail)
    assert "<" not in text
    code = text[-6:]
    assert text == f"Acme & CoCode {code}"
    assert html == f'<h1>Acme &amp; Co</h1><p class="x">Code <b>{code}</b></p>'


@pytest.mark.parametrize(
    ("configuration", "sender"),
    [
        ({"From": "plain@acme.example"}, "plain@acme.example"),
        ({"SourceArn": f"{SES_IDENTITY}/identity@acme.example"}, "identity@acme.example"),
        ({"SourceArn": f"{SES_IDENTITY}/acme.example"}, "no-reply@localhost"),
        ({"SourceArn": f"{SES_IDENTITY}/identity@acme.example", "From": "from@acme.example"}, "from@acme.example"),
    ],
)
def test_sender_is_from_or_the_identity_or_the_default(
    operator: Any, anyone: Any, postman: Postman, configuration: dict[str, str], sender: str
) -> None:
    pool = factories.make_pool(operator, AutoVerifiedAttributes=["email"], EmailConfiguration=configuration)
    client = factories.make_client(operator, pool)
    name = unique()
    sign_up(anyone, client, name, email=f"{name}@example.com")
    assert postman.wait_for(f"{name}@example.com")["From"] == sender


def test_invitation_arrives_whole_whatever_the_name_and_password_look_like(
    operator: Any, postman: Postman, mail_pool: Pool
) -> None:
    name = f"<b>{unique()}</b>&amp;"
    password = "Aa1<script>&lt;x"
    address = f"{unique()}@example.com"
    invite(operator, mail_pool, name, "EMAIL", password=password, email=address)
    mail = postman.wait_for(address)
    text, html = parts(mail)
    assert mail["Subject"] == "Your temporary password"
    assert text == f"Your username is {name} and temporary password is {password}."
    assert "<" not in html
    assert "Aa1&lt;script&gt;&amp;lt;x" in html


def test_names_in_a_template_are_no_markup(operator: Any, postman: Postman) -> None:
    template = {"EmailMessage": "<p>{username}: <code>{####}</code></p>", "EmailSubject": "For {username}"}
    pool = factories.make_pool(operator, AdminCreateUserConfig={"InviteMessageTemplate": template})
    name, address = f"<img/src=x>{unique()}", f"{unique()}@example.com"
    invite(operator, pool, name, "EMAIL", email=address)
    mail = postman.wait_for(address)
    text, html = parts(mail)
    assert mail["Subject"] == f"For {name}"
    assert text == f"{name}: {PASSWORD}"
    assert html == f"<p>{name.replace('<', '&lt;').replace('>', '&gt;')}: <code>{PASSWORD}</code></p>"


@pytest.mark.parametrize("refuses", ["recipient", "content"])
def test_refused_mail_leaves_a_user_who_may_ask_again(
    operator: Any, anyone: Any, mailing: Server, postman: Postman, mail_pool: Pool, mail_app: Client, refuses: str
) -> None:
    name = unique()
    address = f"{name}@example.com"
    sign_up(anyone, mail_app, name, email=address)
    postman.wait_for(address)
    postman.refuses = refuses
    try:
        with refused(NOT_DELIVERED):
            anyone.resend_confirmation_code(ClientId=mail_app["ClientId"], Username=name)
        assert_unconfirmed(operator, mail_pool, name)
    finally:
        postman.refuses = ""
    anyone.resend_confirmation_code(ClientId=mail_app["ClientId"], Username=name)
    code = code_in(postman.mails_to(address)[-1])
    anyone.confirm_sign_up(ClientId=mail_app["ClientId"], Username=name, ConfirmationCode=code)
    assert "Traceback" not in mailing.log
    assert address not in mailing.log


def test_refused_sign_up_code_arrives_when_it_is_taken(
    operator: Any, anyone: Any, postman: Postman, mail_pool: Pool, mail_app: Client
) -> None:
    name = unique()
    postman.refuses = "content"
    try:
        before = len(postman.refused)
        sign_up(anyone, mail_app, name, email=f"{name}@example.com")
        until(lambda: len(postman.refused) > before)
        assert_unconfirmed(operator, mail_pool, name)
    finally:
        postman.refuses = ""
    code = code_in(postman.wait_for(f"{name}@example.com"))
    anyone.confirm_sign_up(ClientId=mail_app["ClientId"], Username=name, ConfirmationCode=code)


@pytest.fixture
def refusing(postman: Postman) -> Iterator[None]:
    """No mail gets through."""
    postman.refuses = "recipient"
    yield
    postman.refuses = ""


@pytest.mark.usefixtures("refusing")
@pytest.mark.parametrize("mediums", [["EMAIL", "SMS"], ["SMS", "EMAIL"]])
def test_invitation_by_both_channels_is_one_when_either_gets_through(
    operator: Any, mailing: Server, mail_pool: Pool, mediums: list[str]
) -> None:
    """An error would have the operator send another password, which ends the one that has arrived."""
    name = unique()
    addresses = {"email": f"{name}@example.com", "phone_number": "+4915112340004"}
    invite(operator, mail_pool, name, *mediums, **addresses)
    operator.admin_create_user(
        UserPoolId=mail_pool["Id"], Username=name, MessageAction="RESEND", DesiredDeliveryMediums=mediums
    )
    messages = Mailbox(mailing).messages(name)
    assert [message["channel"] for message in messages] == ["SMS", "SMS"]
    assert messages[0]["code"] != messages[1]["code"] == PASSWORD


@pytest.mark.usefixtures("refusing")
def test_invitation_that_is_refused_arrives_when_it_is_taken(operator: Any, postman: Postman, mail_pool: Pool) -> None:
    name = unique()
    operator.admin_create_user(
        UserPoolId=mail_pool["Id"],
        Username=name,
        MessageAction="SUPPRESS",
        UserAttributes=as_members({"email": f"{name}@example.com"}),
    )
    operator.admin_create_user(
        UserPoolId=mail_pool["Id"], Username=name, MessageAction="RESEND", DesiredDeliveryMediums=["EMAIL"]
    )
    assert postman.mails_to(f"{name}@example.com") == []
    postman.refuses = ""
    assert parts(postman.wait_for(f"{name}@example.com"))[0].startswith(f"Your username is {name} and")


@pytest.fixture(scope="module")
def discreet(operator: Any, mail_pool: Pool) -> Client:
    """A client that hides which users exist."""
    return factories.make_client(operator, mail_pool, PreventUserExistenceErrors="ENABLED")


def test_failed_delivery_does_not_tell_who_exists(
    operator: Any, anyone: Any, mailing: Server, postman: Postman, mail_pool: Pool, mail_app: Client, discreet: Client
) -> None:
    """Who does not exist has no address that refuses mail. Who does gets it as soon as it is taken."""
    waiting, confirmed, nobody = unique(), unique(), unique()
    factories.make_user(operator, mail_pool, confirmed, email=f"{confirmed}@example.com", email_verified="true")
    sign_up(anyone, mail_app, waiting, email=f"{waiting}@example.com")
    postman.wait_for(f"{waiting}@example.com")
    postman.refuses = "recipient"
    try:
        for ask in (anyone.resend_confirmation_code, anyone.forgot_password):
            for name in (waiting, confirmed, nobody):
                details = ask(ClientId=discreet["ClientId"], Username=name)["CodeDeliveryDetails"]
                assert (details["DeliveryMedium"], details["AttributeName"]) == ("EMAIL", "email")
    finally:
        postman.refuses = ""
    names = {"ClientId": discreet["ClientId"], "Username": waiting}
    anyone.confirm_sign_up(**names, ConfirmationCode=code_in(postman.wait_for(f"{waiting}@example.com", 2)))
    names["Username"] = confirmed
    code = code_in(postman.wait_for(f"{confirmed}@example.com"))
    anyone.confirm_forgot_password(**names, ConfirmationCode=code, Password="Another-Horse-2")
    for name in (waiting, confirmed, nobody):
        assert name not in mailing.log
    assert "Traceback" not in mailing.log


def test_nobody_waits_for_the_mail_server_where_existence_is_hidden(
    operator: Any, anyone: Any, postman: Postman, mail_pool: Pool, discreet: Client
) -> None:
    """It takes no mail until all have their answers: those who get one, who cannot, and who do not exist."""
    known, disabled, nobody = unique(), unique(), unique()
    for name in (known, disabled):
        factories.make_user(operator, mail_pool, name, email=f"{name}@example.com", email_verified="true")
    operator.admin_disable_user(UserPoolId=mail_pool["Id"], Username=disabled)
    address = f"{known}@example.com"
    with postman.holding():
        for name in (known, disabled, nobody):
            assert anyone.forgot_password(ClientId=discreet["ClientId"], Username=name)["CodeDeliveryDetails"]
        code = code_in(postman.wait_for(address))
    proved = {"ClientId": discreet["ClientId"], "Username": known, "ConfirmationCode": code}
    anyone.confirm_forgot_password(**proved, Password="Another-Horse-2")
    # What was queued before it has been worked through once this has arrived.
    anyone.forgot_password(ClientId=discreet["ClientId"], Username=known)
    postman.wait_for(address, 2)
    assert postman.mails_to(f"{disabled}@example.com") == []


@pytest.mark.usefixtures("refusing")
def test_failed_delivery_of_a_recovery_code_is_told_elsewhere(
    operator: Any, anyone: Any, postman: Postman, mail_pool: Pool, mail_app: Client
) -> None:
    name = unique()
    address = f"{name}@example.com"
    factories.make_user(operator, mail_pool, name, email=address, email_verified="true")
    asked = {"ClientId": mail_app["ClientId"], "Username": name}
    with refused(NOT_DELIVERED):
        anyone.forgot_password(**asked)
    operator.admin_reset_user_password(UserPoolId=mail_pool["Id"], Username=name)  # models no such error
    with refused("PasswordResetRequiredException"):
        factories.sign_in(anyone, mail_app, name)
    postman.refuses = ""
    anyone.forgot_password(**asked)
    new = "Another-Horse-2"
    anyone.confirm_forgot_password(**asked, ConfirmationCode=code_in(postman.mail_to(address)), Password=new)
    assert factories.sign_in(anyone, mail_app, name, new)


def test_nobody_at_the_other_end_is_a_failed_delivery(
    operator: Any, anyone: Any, postman: Postman, mail_pool: Pool, mail_app: Client
) -> None:
    """Where somebody waits for it; codes of sign-ups and invitations arrive when there is somebody."""
    name, invited, forgetful = unique(), unique(), unique()
    factories.make_user(operator, mail_pool, forgetful, email=f"{forgetful}@example.com", email_verified="true")
    postman.close()
    try:
        with refused(NOT_DELIVERED):
            anyone.forgot_password(ClientId=mail_app["ClientId"], Username=forgetful)
        sign_up(anyone, mail_app, name, email=f"{name}@example.com")
        invite(operator, mail_pool, invited, "EMAIL", email=f"{invited}@example.com")
    finally:
        postman.open()
    assert_unconfirmed(operator, mail_pool, name)
    assert parts(postman.wait_for(f"{invited}@example.com"))[0].startswith(f"Your username is {invited} and")
    code = code_in(postman.wait_for(f"{name}@example.com"))
    anyone.confirm_sign_up(ClientId=mail_app["ClientId"], Username=name, ConfirmationCode=code)


def test_silence_at_the_other_end_is_a_failed_delivery(
    operator: Any, anyone: Any, postman: Postman, mail_pool: Pool, mail_app: Client
) -> None:
    name = factories.make_user(operator, mail_pool, email=f"{unique()}@example.com", email_verified="true")
    postman.delay_seconds = 2
    try:
        with refused(NOT_DELIVERED):
            anyone.forgot_password(ClientId=mail_app["ClientId"], Username=name)
    finally:
        postman.delay_seconds = 0


def test_subject_cannot_carry_a_header(operator: Any, anyone: Any, postman: Postman) -> None:
    pool = factories.make_pool(
        operator,
        AutoVerifiedAttributes=["email"],
        VerificationMessageTemplate={
            "EmailMessage": "{####}",
            "EmailSubject": "Hello\r\nBcc: victim@example.com\r\n\r\nnot the body",
        },
    )
    client = factories.make_client(operator, pool)
    name = unique()
    sign_up(anyone, client, name, email=f"{name}@example.com")
    mail = postman.wait_for(f"{name}@example.com")
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Hello Bcc: victim@example.com not the body"
    assert not any("victim@example.com" in recipients for _, recipients, _ in postman.received)


@pytest.mark.parametrize(
    "configuration",
    [
        {"From": "robot@acme.example\r\nBcc: victim@example.com"},
        {"From": "Robot\n <robot@acme.example>"},
        {"ReplyToEmailAddress": "help@acme.example\r\nBcc: victim@example.com"},
        {
            "EmailSendingAccount": "DEVELOPER",
            "SourceArn": f"{SES_IDENTITY}/acme.example",
            "ConfigurationSet": "set\r\nBcc: victim@example.com",
        },
    ],
)
def test_sender_cannot_carry_a_header(operator: Any, configuration: dict[str, str]) -> None:
    with refused("InvalidParameterException"):
        factories.make_pool(operator, EmailConfiguration=configuration)


@pytest.mark.parametrize(
    "address", ["a@example.com\r\nBcc: victim@example.com", "a@example.com,victim@example.com", "<a@example.com>", "a@"]
)
def test_address_cannot_carry_another(
    operator: Any, anyone: Any, postman: Postman, mail_pool: Pool, mail_app: Client, address: str
) -> None:
    name = unique()
    with refused("InvalidParameterException", "Invalid email address format."):
        sign_up(anyone, mail_app, name, email=address)
    with refused("UserNotFoundException"):
        operator.admin_get_user(UserPoolId=mail_pool["Id"], Username=name)
    assert not any("victim@example.com" in recipients for _, recipients, _ in postman.received)


@pytest.mark.parametrize(
    "address", ["ünï@exämple.example", "😀@example.com", "a..b@example..com", "=?utf-8?q?a?=@b.example"]
)
def test_odd_address_is_written_to_or_told_undeliverable(
    operator: Any, anyone: Any, mailing: Server, mail_pool: Pool, mail_app: Client, address: str
) -> None:
    name = unique()
    with contextlib.suppress(anyone.exceptions.CodeDeliveryFailureException):
        sign_up(anyone, mail_app, name, email=address)
    assert_unconfirmed(operator, mail_pool, name)
    assert "Traceback" not in mailing.log


def test_sms_does_not_go_by_mail(operator: Any, anyone: Any, mailing: Server, postman: Postman) -> None:
    pool = factories.make_pool(operator, AutoVerifiedAttributes=["phone_number"])
    client = factories.make_client(operator, pool)
    name = unique()
    sign_up(anyone, client, name, phone_number="+4915112340077", email=f"{name}@example.com")
    [message] = Mailbox(mailing).messages("+4915112340077")
    assert message["channel"] == "SMS"
    assert postman.mails_to(f"{name}@example.com") == []
