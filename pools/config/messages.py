"""Message templates, the sender's address, and the role that sends text messages.

Source: guide, "Customizing user verification messages" and "SMS message settings for Amazon Cognito user pools".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from identity.config import config
from pools.config.view import View

CODE = "{####}"
USERNAME = "{username}"
BY_LINK = frozenset({"SignUp", "ResendCode"})
"""Messages that hold a link instead of a code, where the pool confirms by link."""

_LINK = re.compile(r"\{##([^{}]+?)##\}")
_PLACEHOLDER = re.compile("|".join([re.escape(CODE), re.escape(USERNAME), _LINK.pattern]))


@dataclass(frozen=True, slots=True)
class Template:
    """A message with placeholders; `subject` only for e-mail."""

    body: str
    subject: str = ""

    def render(self, code: str, username: str = "", link: Callable[[str], str] | None = None) -> Template:
        """The message with its placeholders filled in, all at once: a value may look like a placeholder itself.

        `link` makes a link of the text of `{##text##}` in the body; in messages without, that stays as it is.
        """
        values = {CODE: code, USERNAME: username}
        subject = _PLACEHOLDER.sub(lambda found: values.get(found[0], found[0]), self.subject)
        made = _PLACEHOLDER.sub(
            lambda found: link(found[1]) if link and found[1] else values.get(found[0], found[0]), self.body
        )
        return Template(made, subject)

    @property
    def has_link(self) -> bool:
        return _LINK.search(self.body) is not None


@dataclass(frozen=True, slots=True)
class MessageTemplates(View):
    """What a pool's messages say. With `confirms_by_link`, e-mail to new users holds a link that confirms them."""

    confirms_by_link: bool
    link_email: Template
    verification_email: Template
    verification_sms: Template
    invitation_email: Template
    invitation_sms: Template
    authentication_email: Template
    authentication_sms: Template

    @classmethod
    def read(cls, settings: Mapping[str, Any]) -> Self:
        verification = settings["VerificationMessageTemplate"]
        invitation = settings["AdminCreateUserConfig"].get("InviteMessageTemplate", {})
        authentication = settings.get("EmailMfaConfiguration", {})
        return cls(
            confirms_by_link=verification.get("DefaultEmailOption") == "CONFIRM_WITH_LINK",
            link_email=Template(
                verification.get(
                    "EmailMessageByLink",
                    "Please click the link below to verify your email address. {##Verify Email##} ",
                ),
                verification.get("EmailSubjectByLink", "Your verification link"),
            ),
            verification_email=Template(
                verification.get("EmailMessage", "Your verification code is {####}. "),
                verification.get("EmailSubject", "Your verification code"),
            ),
            verification_sms=Template(verification.get("SmsMessage", "Your verification code is {####}. ")),
            invitation_email=Template(
                invitation.get("EmailMessage", "Your username is {username} and temporary password is {####}. "),
                invitation.get("EmailSubject", "Your temporary password"),
            ),
            invitation_sms=Template(
                invitation.get("SMSMessage", "Your username is {username} and temporary password is {####}. ")
            ),
            authentication_email=Template(
                authentication.get("Message", "Your authentication code is {####}. "),
                authentication.get("Subject", "Your authentication code"),
            ),
            authentication_sms=Template(
                settings.get("SmsAuthenticationMessage", "Your authentication code is {####}. ")
            ),
        )


@dataclass(frozen=True, slots=True)
class EmailSettings(View):
    """Whom e-mail comes from. The configuration set travels as a header for relays that sort by it.

    `is_developers`: the pool's owner, not Cognito, answers for what is sent, and functions may word it.
    """

    is_developers: bool
    sender: str
    reply_to: str | None
    configuration_set: str | None

    @classmethod
    def read(cls, settings: Mapping[str, Any]) -> Self:
        email = settings["EmailConfiguration"]
        return cls(
            is_developers=email.get("EmailSendingAccount") == "DEVELOPER",
            sender=email.get("From") or _identity_address(email.get("SourceArn", "")) or config.email_from,
            reply_to=email.get("ReplyToEmailAddress"),
            configuration_set=email.get("ConfigurationSet"),
        )


@dataclass(frozen=True, slots=True)
class SmsSettings(View):
    """How Amazon sends a pool's text messages: through which role, where, and as whom.

    With `is_eums` by AWS End User Messaging, otherwise by SNS. Without a `role_arn` the pool has no SMS configuration.
    """

    role_arn: str
    external_id: str
    region: str
    is_eums: bool
    origination_identity: str
    configuration_set: str
    country_parameters: Mapping[str, str]

    @classmethod
    def read(cls, settings: Mapping[str, Any]) -> Self:
        sns = settings.get("SmsConfiguration", {})
        eums = sns.get("EumsSms", {})
        country = {"IN_ENTITY_ID": eums.get("InEntityId"), "IN_TEMPLATE_ID": eums.get("InTemplateId")}
        return cls(
            role_arn=eums.get("CallerArn") or sns.get("SnsCallerArn", ""),
            external_id=(eums or sns).get("ExternalId", ""),
            region=eums.get("Region", "") if eums else sns.get("SnsRegion", ""),
            is_eums=bool(eums),
            origination_identity=eums.get("OriginationIdentity", ""),
            configuration_set=eums.get("ConfigurationSetName", ""),
            country_parameters={name: value for name, value in country.items() if value},
        )


def _identity_address(source_arn: str) -> str | None:
    """The address of an SES identity; None for an identity that is a whole domain."""
    _, _, identity = source_arn.partition(":identity/")
    return identity if "@" in identity else None
