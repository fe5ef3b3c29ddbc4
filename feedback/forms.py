import unicodedata
import uuid
from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from feedback.address import sanitized
from feedback.models import Delivery, Feedback
from feedback.suspicion import sign, why_hook_suspects, why_suspect

LINE_BREAKS = "\n\t"
DIRECTIONS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # they let a subject read backwards


class LinesField(forms.CharField):
    """A text in which a line break is one character: browsers send two, scripts in browsers one."""

    def to_python(self, value: Any) -> str:
        return super().to_python(value and str(value).replace("\r\n", "\n").replace("\r", "\n")) or ""


class FeedbackForm(forms.ModelForm):
    # The same at every sending of one filled-in form, so that a double click makes one feedback.
    # A plain Field: what a program writes into it is no fault that a visitor could mend.
    form_token = forms.Field(required=False, widget=forms.HiddenInput, initial=lambda: new_form_token())
    # People do not see it, so what fills it in is a machine. Named like nothing that browsers fill in.
    xtopic = forms.Field(
        required=False,
        label=_("Leave this field empty"),
        widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
    )

    class Meta:
        model = Feedback
        fields = ("email", "name", "message")
        field_classes = {"message": LinesField}
        labels = {
            "email": _("Your email address"),
            "name": _("Your name (optional)"),
            "message": _("Your message"),
        }
        widgets = {
            "email": forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email"}),
            "name": forms.TextInput(attrs={"autocomplete": "name"}),
            "message": forms.Textarea(attrs={"rows": 6}),
        }
        help_texts = {"message": _("At most 5000 characters.")}
        error_messages = {
            "email": {
                "required": _("Please enter your email address, so that we can answer you."),
                "invalid": _(
                    "This does not look like an email address. It should read like name@example.org."
                ),
            },
            "message": {"required": _("Please write your message.")},
        }

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, label_suffix="")

    def clean_email(self) -> str:
        email = _without_control_characters(self.cleaned_data["email"])
        try:
            sanitized(email)  # as every email to it will be addressed
        except ValueError:
            raise ValidationError(self.fields["email"].error_messages["invalid"], "invalid") from None
        return email

    def clean_name(self) -> str:
        return _without_control_characters(self.cleaned_data["name"])

    def clean_message(self) -> str:
        return _without_control_characters(self.cleaned_data["message"], allowed=LINE_BREAKS + DIRECTIONS)

    @property
    def asked(self) -> list[forms.BoundField]:
        """The fields that people fill in."""
        return [self[name] for name in self._meta.fields or ()]

    @property
    def suspicion(self) -> str:
        """Why a person should look at this first, if so."""
        return why_suspect(self.instance, form_token=self.token, honeypot=self.data.get("xtopic"))

    @property
    def token(self) -> str:
        return self.cleaned_data["form_token"] or ""

    def submit(self, sender: str) -> tuple[Feedback, list[Delivery]]:
        return Feedback.objects.submit(
            **self._said,
            form_token=_uuid(self.token),
            held=self.suspicion,
            language=get_language() or "",
            sender=sender if settings.RATE_LIMITS else "",
        )

    def submitted(self) -> tuple[Feedback, list[Delivery]] | None:
        """Return what an earlier Send of this very form has saved, if it was sent before."""
        return Feedback.objects.submitted(**self._said, form_token=_uuid(self.token))

    @property
    def _said(self) -> dict[str, str]:
        return {field.name: self.cleaned_data[field.name] for field in self.asked}


for field in FeedbackForm.base_fields.values():
    # A browser that knows the limit cuts off a longer text and says nothing.
    field.widget.attrs.pop("maxlength", None)


class ApiForm(FeedbackForm):
    """What programs send. They see no form, so nothing can be told from how they fill it in."""

    @property
    def suspicion(self) -> str:
        return why_hook_suspects(self.instance)


def new_form_token(age: float = 0) -> str:
    return sign(str(uuid.uuid4()), age)


def _uuid(form_token: str) -> uuid.UUID | None:
    """Return what makes one filled-in form one feedback; anything but a UUID makes none."""
    try:
        return uuid.UUID(form_token.partition(":")[0])
    except ValueError:
        return None


def _without_control_characters(text: str, allowed: str = "") -> str:
    for character in text:
        # Cc: control characters, Cs: halves of characters, Zl and Zp: breaks of lines and paragraphs.
        invisible = unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or character in DIRECTIONS
        if invisible and character not in allowed:
            raise ValidationError(_("Please remove the invisible control characters from this text."))
    return text
