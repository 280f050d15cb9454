"""The forms of challenges: their fields are the answers, under AWS's names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import orjson
from django import forms
from django.utils.translation import gettext_lazy as _

from pools.config.mfa import EMAIL_OTP, SMS_MFA, SOFTWARE_TOKEN_MFA
from pools.hosted import walk
from pools.hosted.forms.codes import CodeField
from pools.hosted.forms.names import PhoneField
from pools.hosted.forms.sign_in import PasswordField
from pools.models import Client
from pools.signin import first_factors
from pools.signin.waiting import Waiting

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

_METHODS: Mapping[str, StrPromise] = {
    first_factors.PASSWORD: _("Password"),
    first_factors.EMAIL_OTP: _("Code by email"),
    first_factors.SMS_OTP: _("Code by text message"),
}
_FACTORS: Mapping[str, StrPromise] = {
    SOFTWARE_TOKEN_MFA: _("Authenticator app"),
    SMS_MFA: _("Text message"),
    EMAIL_OTP: _("Email"),
}
_SENT, _SHOWN = _("Verification code"), _("Code from the app")
"""What a code is called that came in a message, and one that an app shows."""


class ChallengeForm(forms.Form):
    """The form of what a sign-in waits for."""

    def __init__(self, client: Client, waits: Waiting, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, label_suffix="")
        self.client, self.waits = client, waits

    @property
    def answers(self) -> dict[str, str]:
        """As `attempt.answer` takes them."""
        return {name: str(value) for name, value in self.cleaned_data.items()}


class _ChoiceForm(ChallengeForm):
    """One of several; the first is suggested."""

    legend: ClassVar[StrPromise]

    def _choose(self, names: Iterable[str], labels: Mapping[str, StrPromise]) -> None:
        choices = [(name, labels[name]) for name in names]
        first = choices[0][0] if choices else None
        self.fields["ANSWER"] = forms.ChoiceField(
            label=self.legend, choices=choices, widget=forms.RadioSelect, initial=first
        )


class SelectChallengeForm(_ChoiceForm):
    legend = _("How do you want to sign in?")

    def __init__(self, client: Client, waits: Waiting, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(client, waits, data)
        self._choose(walk.methods(waits.available), _METHODS)


class PasswordForm(ChallengeForm):
    PASSWORD = PasswordField()


class SelectMfaTypeForm(_ChoiceForm):
    legend = _("Which method do you want to use?")

    def __init__(self, client: Client, waits: Waiting, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(client, waits, data)
        self._choose(orjson.loads(waits.parameters["MFAS_CAN_CHOOSE"]), _FACTORS)


class EmailOtpForm(ChallengeForm):
    EMAIL_OTP_CODE = CodeField(_SENT)


class SmsOtpForm(ChallengeForm):
    SMS_OTP_CODE = CodeField(_SENT)


class SmsMfaForm(ChallengeForm):
    SMS_MFA_CODE = CodeField(_SENT)


class SoftwareTokenForm(ChallengeForm):
    SOFTWARE_TOKEN_MFA_CODE = CodeField(_SHOWN)


class CustomForm(ChallengeForm):
    """The answer to a question of the pool's functions, which often is a code that they have sent."""

    ANSWER = forms.CharField(
        label=_("Your answer"),
        strip=False,
        widget=forms.TextInput({"autocomplete": "one-time-code", "spellcheck": "false"}),
    )


class SetUpForm(_ChoiceForm):
    """Which second factor a user without one sets up."""

    legend = _("Which method do you want to set up?")

    def __init__(self, client: Client, waits: Waiting, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(client, waits, data)
        order = (SOFTWARE_TOKEN_MFA, EMAIL_OTP, SMS_MFA)
        self._choose([name for name in order if name in walk.can_set_up(waits.parameters)], _FACTORS)


class AppSetUpForm(ChallengeForm):
    """Its page begins with the QR code, so no field has the focus."""

    code = CodeField(_SHOWN, {"autofocus": False})
    device = forms.CharField(
        label=_("Name of this device"),
        required=False,
        max_length=64,
        help_text=_("For example the phone that has the app."),
        widget=forms.TextInput({"autocomplete": "off"}),
    )


class EmailSetUpForm(ChallengeForm):
    EMAIL = forms.CharField(label=_("Email"), widget=forms.EmailInput({"autocomplete": "email"}))


class PhoneSetUpForm(ChallengeForm):
    PHONE_NUMBER = PhoneField(label=_("Phone number"), widget=forms.TelInput({"autocomplete": "tel"}))
