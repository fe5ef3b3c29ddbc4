from django import forms

from bench.peers.tasks import thank


class FeedbackForm(forms.Form):
    email = forms.EmailField()
    message = forms.CharField(widget=forms.Textarea)

    def thank_later(self) -> None:
        thank.delay(self.cleaned_data["email"], self.cleaned_data["message"])

    def thank_now(self) -> None:
        thank(self.cleaned_data["email"], self.cleaned_data["message"])
