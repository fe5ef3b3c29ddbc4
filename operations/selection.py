"""Which emails a person means: a filter that reads the same in a list, a question and an action."""

import json
from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import Q
from django.http import QueryDict

from feedback.models import Delivery, Kind, State, clock
from feedback.models.operated import OperatedQuerySet
from feedback.models.standing import UNENDED

NEEDS_A_PERSON = (State.HELD, State.UNCONFIRMED, State.FAILED)
ORDER = {State.QUEUED: "ring_at", State.SENDING: "due_at", State.HELD: "-created_at"}
REACH = 20_000  # of each state, so many emails are looked into at every poll
AGES = {"1": "an hour", "24": "a day", "168": "a week", "720": "30 days"}


class SelectionForm(forms.Form):
    id = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)
    state = forms.ChoiceField(
        required=False,
        choices=[("", "Unsettled"), *((state, state.label) for state in State)],
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

    reach = f"{REACH:,}"

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
        if "state" not in self.said:
            emails = emails.no_spam()
        if "error" not in self.said:  # whoever looks for "cancelled" finds it
            emails = emails.unsettled()
        if "kind" in self.said:
            emails = emails.filter(kind=self.said["kind"])
        if "error" in self.said:
            emails = emails.filter(history__icontains=json.dumps(self.said["error"])[1:-1])
        if "age" in self.said:
            emails = emails.filter(created_at__gt=clock.now() - timedelta(hours=int(self.said["age"])))
        return emails

    def standing_in(self, state: State) -> OperatedQuerySet[Delivery]:
        """Return those of one state, newest first, read from its own index and no further than REACH."""
        rows, field = self.emails.filter(state=state), ORDER.get(state, "-ended_at")
        if state not in UNENDED:
            rows = rows.filter(ended_at__isnull=False)
        if self.searches and (edge := _edge(state, field)):
            rows = rows.filter(edge)
        return rows.order_by(field)

    @property
    def searches(self) -> bool:
        """Whether it has to look into each email, and so not into all that were ever sent."""
        return "id" not in self.said and bool(self.said.keys() - {"state"})

    def newest(self, limit: int) -> list[Delivery]:
        found = [
            row for state in self.states for row in self.standing_in(state).select_related("feedback")[:limit]
        ]
        return sorted(found, key=lambda row: row.ended_at or row.created_at, reverse=True)[:limit]

    def ids(self, states: list[State], limit: int, meant: Q, *, no_spam: bool) -> list[int]:
        found: list[int] = []
        for state in states:
            rows = self.standing_in(state).filter(meant)
            rows = rows.no_spam() if no_spam else rows
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


def _edge(state: State, field: str) -> Q | None:
    """Return a bound by which the first REACH of a state are the only ones; None where there are no more."""
    name, direction = field.lstrip("-"), "gte" if field.startswith("-") else "lte"
    ended = {} if state in UNENDED else {"ended_at__isnull": False}
    rows = Delivery.objects.filter(state=state, **ended).order_by(field)
    last = rows.values_list(name, flat=True)[REACH : REACH + 1].first()
    return Q((f"{name}__{direction}", last)) if last else None
