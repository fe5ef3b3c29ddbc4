"""Which emails a person means: a filter that reads the same in a list, a question and an action."""

from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone

from feedback.models import Delivery, Kind, State
from feedback.models.operated import OperatedQuerySet
from feedback.models.standing import UNENDED

NEEDS_A_PERSON = (State.HELD, State.UNCONFIRMED, State.FAILED)
AGES = {"1": "an hour", "24": "a day", "168": "a week", "720": "30 days"}


class SelectionForm(forms.Form):
    id = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)
    state = forms.ChoiceField(
        required=False,
        choices=[("", "Whatever needs a person"), *((state, state.label) for state in State)],
    )
    kind = forms.ChoiceField(required=False, choices=[("", "Every kind"), *Kind.choices])
    error = forms.CharField(
        required=False,
        max_length=100,
        label="The server said",
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    age = forms.ChoiceField(
        required=False,
        label="Younger than",
        choices=[("", "Any age"), *AGES.items()],
    )


class Selection:
    """Raises nothing: what a filter says that we do not know selects nothing."""

    def __init__(self, query: QueryDict) -> None:
        self.form = SelectionForm(query, label_suffix="")
        self.known = self.form.is_valid()
        self.said: dict[str, Any] = {name: value for name, value in self.form.cleaned_data.items() if value}

    @property
    def query(self) -> str:
        chosen = QueryDict(mutable=True)
        chosen.update({name: str(value) for name, value in self.said.items()})
        return chosen.urlencode()

    @property
    def states(self) -> list[State]:
        if "state" in self.said:
            return [State(self.said["state"])]
        return list(State if "id" in self.said else NEEDS_A_PERSON)

    @property
    def emails(self) -> OperatedQuerySet[Delivery]:
        emails = Delivery.objects.all()
        if not self.known:
            return emails.none()
        if "id" in self.said:
            return emails.filter(pk=self.said["id"])
        if "kind" in self.said:
            emails = emails.filter(kind=self.said["kind"])
        if "error" in self.said:
            emails = emails.filter(history__icontains=self.said["error"])
        if "age" in self.said:
            emails = emails.filter(created_at__gt=timezone.now() - timedelta(hours=int(self.said["age"])))
        return emails

    def standing_in(self, states: list[State]) -> list[QuerySet[Delivery]]:
        """Return one query for each state, newest first: so each is read from its own index."""
        return [_newest(self.emails, state) for state in states]

    def newest(self, limit: int) -> list[Delivery]:
        found = [
            row for rows in self.standing_in(self.states) for row in rows.select_related("feedback")[:limit]
        ]
        return sorted(found, key=lambda row: row.ended_at or row.created_at, reverse=True)[:limit]

    def ids(self, states: list[State], limit: int) -> list[int]:
        found: list[int] = []
        for rows in self.standing_in(states):
            found += rows.values_list("pk", flat=True)[: limit - len(found)]
        return found

    def __str__(self) -> str:
        if "id" in self.said:
            return f"email {self.said['id']}"
        words = [str(self.said["state"])] if "state" in self.said else []
        words += [self.said["kind"]] if "kind" in self.said else []
        words += [f"the server said “{self.said['error']}”"] if "error" in self.said else []
        words += [f"younger than {AGES[self.said['age']]}"] if "age" in self.said else []
        return ", ".join(words)


def _newest(emails: QuerySet[Delivery], state: State) -> QuerySet[Delivery]:
    rows = emails.filter(state=state)
    if state in UNENDED:
        return rows.order_by(
            "ring_at" if state == State.QUEUED else "due_at" if state == State.SENDING else "-created_at"
        )
    return rows.filter(ended_at__isnull=False).order_by("-ended_at")
