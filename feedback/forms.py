import re
import uuid
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from feedback.address import sanitized
from feedback.models import Delivery, Feedback
from feedback.suspicion import sign, why_hook_suspects, why_suspect

# Control characters, halves of characters, breaks of lines and paragraphs: Unicode's Cc, Cs, Zl and Zp.
NOWHERE = "\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029"
DIRECTIONS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # they let a subject read backwards
NOT_IN_A_TEXT = re.compile(f"[{NOWHERE}]")
NOT_IN_A_LINE = re.compile(f"[{NOWHERE}{DIRECTIONS}\t\n]")


class LinesField(forms.CharField):
    """A text in which a line break is one character: browsers send two, scripts in browsers one."""

    def to_python(self, value: Any) -> str:
        return super().to_python(value and str(value).replace("\r\n", "\n").replace("\r", "\n")) or ""


class FeedbackForm(forms.Form):
    """Not made from the model, which would save nothing and check everything twice, in twice the time."""

    email = forms.EmailField(
        max_length=254,
        label=_("Your email address"),
        widget=forms.EmailInput({"autocomplete": "email", "inputmode": "email"}),
        error_messages={
            "required": _("Please enter your email address, so that we can answer you."),
            "invalid": _("This does not look like an email address. It should read like name@example.org."),
        },
    )
    name = forms.CharField(
        required=False,
        max_length=100,
        label=_("Your name (optional)"),
        widget=forms.TextInput({"autocomplete": "name"}),
    )
    message = LinesField(
        max_length=5000,
        label=_("Your message"),
        help_text=_("At most 5000 characters."),
        widget=forms.Textarea({"rows": 6}),
        error_messages={"required": _("Please write your message.")},
    )

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, label_suffix="")

    def clean_email(self) -> str:
        email = _without(NOT_IN_A_LINE, self.cleaned_data["email"])
        try:
            sanitized(email)  # as every email to it will be addressed
        except ValueError:
            raise ValidationError(self.fields["email"].error_messages["invalid"], "invalid") from None
        return email

    def clean_name(self) -> str:
        return _without(NOT_IN_A_LINE, self.cleaned_data["name"])

    def clean_message(self) -> str:
        return _without(NOT_IN_A_TEXT, self.cleaned_data["message"])

    @property
    def token(self) -> str:
        """The same at every sending of one filled-in form, so that a double click makes one feedback."""
        return str(self.data.get("form_token", "")) if self.is_bound else new_form_token()

    @property
    def suspicion(self) -> str:
        """Why a person should look at this first, if so."""
        # People do not see xtopic, so what fills it in is a machine.
        honeypot = self.data.get("xtopic")
        return why_suspect(self.cleaned_data, form_token=self.token, honeypot=honeypot)

    def submit(self, sender: str) -> tuple[Feedback, list[Delivery]]:
        return Feedback.objects.submit(
            **self.cleaned_data,
            form_token=_uuid(self.token),
            held=self.suspicion,
            language=get_language() or "",
            sender=sender,
        )

    def submitted(self) -> tuple[Feedback, list[Delivery]] | None:
        """Return what an earlier Send of this very form has saved, if it was sent before."""
        return Feedback.objects.submitted(**self.cleaned_data, form_token=_uuid(self.token))


for field in FeedbackForm.base_fields.values():
    # A browser that knows the limit cuts off a longer text and says nothing.
    field.widget.attrs.pop("maxlength", None)


class ApiForm(FeedbackForm):
    """What programs send. They see no form, so nothing can be told from how they fill it in."""

    @property
    def suspicion(self) -> str:
        return why_hook_suspects(self.cleaned_data)


def new_form_token(age: float = 0) -> str:
    return sign(str(uuid.uuid4()), age)


def _uuid(form_token: str) -> uuid.UUID | None:
    """Return what makes one filled-in form one feedback; anything but a UUID makes none."""
    try:
        return uuid.UUID(form_token.partition(":")[0])
    except ValueError:
        return None


def _without(characters: re.Pattern[str], text: str) -> str:
    if characters.search(text):
        raise ValidationError(_("Please remove the invisible control characters from this text."))
    return text
