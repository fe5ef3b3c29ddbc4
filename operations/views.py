"""The operators' page: is mail flowing, what needs a person, and what that person can do."""

from datetime import UTC, datetime

from django.conf import settings
from django.contrib import messages
from django.contrib.admin.models import LogEntry
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from feedback.models import Slot, clock
from feedback.record import record
from feedback.tasks import deliver_digests
from operations.access import OPERATE, VIEW, StaffRequest, staff_only
from operations.actions import ACTIONS, AT_ONCE, act, chosen, pause, possible, resume
from operations.overview import Overview
from operations.plots import plots
from operations.selection import Selection
from operations.words import WHAT_HELPS, emails

LISTED, RECORDED = 15, 10
DONE = "Nothing was left to do: it is done already, or they have moved on meanwhile."


@require_safe
@staff_only(VIEW)
def home(request: StaffRequest) -> HttpResponse:
    context = {"overview": Overview(), "plots": plots(), **_people(request), **_record()}
    return render(request, "operations/home.html", context)


@require_safe
@staff_only(VIEW)
def now(request: StaffRequest) -> HttpResponse:
    return render(request, "operations/_now.html", {"overview": Overview()})


@require_safe
@staff_only(VIEW)
def drawn(request: StaffRequest) -> HttpResponse:
    return render(request, "operations/_plots.html", {"plots": plots()})


@require_safe
@staff_only(VIEW)
def people(request: StaffRequest) -> HttpResponse:
    context = _people(request)
    if request.GET.get("seen") == context["version"]:
        return HttpResponse(status=204)
    return render(request, "operations/_people.html", context)


@require_http_methods(["GET", "POST"])
@staff_only(OPERATE)
def do(request: StaffRequest, name: str) -> HttpResponse:
    """Ask first, then do it to what the same filter selects."""
    if name not in ACTIONS:
        raise Http404
    selection, action = Selection(request.GET), ACTIONS[name]
    asked = _asked(request)
    ids = chosen(action, selection, asked)
    if request.method == "POST":
        about = str(selection) or "whatever needs a person"
        done = act(name, ids, request.user, about, asked)
        _tell(request, f"{emails(done).capitalize()} {action.done}." if ids else DONE, len(ids) - done)
        return _back(selection)
    context = {"action": action, "count": len(ids), "selection": selection, "capped": len(ids) == AT_ONCE}
    return render(request, "operations/confirm.html", context | {"asked": asked.isoformat()})


@require_http_methods(["GET", "POST"])
@staff_only(OPERATE)
def sending(request: StaffRequest, wanted: str) -> HttpResponse:
    """Pause or resume all sending."""
    if request.method == "POST":
        (pause if wanted == "pause" else resume)(request.user)
        messages.success(request, "All sending is paused." if wanted == "pause" else "Sending goes on.")
        return _back()
    return render(request, "operations/sending.html", {"wanted": wanted, "overview": Overview()})


@require_http_methods(["GET", "POST"])
@staff_only(OPERATE)
def digest(request: StaffRequest) -> HttpResponse:
    """Send the owners a digest now."""
    if request.method == "POST":
        if Slot.objects.win("digest on request", _asked(request)):
            owed = deliver_digests()
            record(request.user, f"Asked for a digest to {owed} owner{'' if owed == 1 else 's'}")
            messages.success(request, f"{emails(owed).capitalize()} queued, one for each owner.")
        else:
            messages.success(request, "Somebody has just asked for one, so no second one is sent.")
        return _back()
    context = {"owners": settings.FEEDBACK_OWNERS, "asked": clock.now().isoformat()}
    return render(request, "operations/digest.html", context)


def _asked(request: StaffRequest) -> datetime:
    """Return when the question was shown; a program that asks none means what is there now."""
    try:
        return datetime.fromisoformat(request.POST.get("asked", "")).astimezone(UTC)
    except (ValueError, OverflowError):
        return clock.now()


def _people(request: StaffRequest) -> dict[str, object]:
    selection = Selection(request.GET)
    found = selection.newest(LISTED)
    rows = [(delivery, possible(delivery)) for delivery in found]
    stand = {delivery.state for delivery in found}
    helps = {state: words for state, words in WHAT_HELPS.items() if state in stand}
    bulk = [(name, action) for name, action in ACTIONS.items() if {*action.states} & {*selection.states}]
    version = ".".join(f"{delivery.pk}-{delivery.attempt}-{delivery.state}" for delivery in found)
    return {"selection": selection, "rows": rows, "helps": helps, "bulk": bulk} | {
        "version": version,
        "listed": LISTED,
    }


def _record() -> dict[str, object]:
    return {"record": LogEntry.objects.select_related("user").order_by("-pk")[:RECORDED]}


def _tell(request: StaffRequest, done: str, others: int) -> None:
    left = f" {emails(others).capitalize()} had moved on meanwhile and stayed as they are." if others else ""
    messages.success(request, done + left)


def _back(selection: Selection | None = None) -> HttpResponse:
    query = f"?{selection.query}" if selection and selection.query and "id" not in selection.said else ""
    return HttpResponseRedirect(reverse("operations:home") + query, status=303)
