from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.views.generic import FormView, TemplateView

from bench.peers.forms import FeedbackForm
from bench.peers.models import Note


class Later(FormView):
    """The tutorial: the email is a task of Celery's."""

    template_name, form_class, success_url = "peers/feedback.html", FeedbackForm, "/success/"

    def form_valid(self, form: FeedbackForm) -> HttpResponse:
        form.thank_later()
        return super().form_valid(form)


class Now(Later):
    """The tutorial's "before": the visitor waits."""

    def form_valid(self, form: FeedbackForm) -> HttpResponse:
        form.thank_now()
        return FormView.form_valid(self, form)


class Success(TemplateView):
    template_name = "peers/success.html"


def insert(request: HttpRequest) -> HttpResponse:
    """The floor of a POST: CSRF and one INSERT."""
    if request.method == "POST":
        Note.objects.create(email=request.POST["email"], message=request.POST["message"])
        return HttpResponse(status=303, headers={"Location": "/success/"})
    return HttpResponse(f'<input type="hidden" name="csrfmiddlewaretoken" value="{get_token(request)}">')


def read(request: HttpRequest, pk: int) -> HttpResponse:
    """The floor of a poll: one row."""
    return HttpResponse(Note.objects.get(pk=pk).email)
