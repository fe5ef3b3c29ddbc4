"""What a visitor reads about their email: a sentence for each situation, a name for each step."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SENTENCES: dict[str, str | Promise] = {
    "queued": _("Your confirmation email is next in line and goes out by itself."),
    "delayed": _(
        "Our email is slow at the moment, so your confirmation comes later than usual. "
        "It goes out by itself; there is no need to send your message again."
    ),
    "held": _(
        "Your confirmation email waits until a person on our team has looked at your message. "
        "There is nothing you need to do, and no need to send it again."
    ),
    "sending": _("We are handing your confirmation email to our mail server right now."),
    "retrying": _(
        "Our mail server could not take your confirmation email yet. We try again by ourselves at {time}; "
        "there is no need to send your message again."
    ),
    "trying again": _(
        "Our mail server could not take your confirmation email yet. We are about to try again by ourselves; "
        "there is no need to send your message again."
    ),
    "sent": _(
        "Our mail server has accepted your confirmation email. "
        "If you cannot find it in a few minutes, please look in your spam folder."
    ),
    "cancelled": _(
        "We have decided not to send a confirmation email this time. "
        "Your message has reached us all the same; there is no need to send it again."
    ),
    "failed": _(
        "The confirmation email could not be sent to the address you gave. "
        "Your message has reached us all the same; there is no need to send it again."
    ),
    "unconfirmed": _(
        "The line broke just as our mail server was answering, so we cannot tell whether your confirmation "
        "email went out. We will not send it twice by ourselves. Your message has reached us all the same; "
        "there is no need to send it again."
    ),
}
ENDS = ("sent", "cancelled", "failed", "unconfirmed")  # nothing more is to come after these
# Added to the sentence of an email that has not come to its end when we stop asking.
NO_LONGER_FOLLOWED = _(
    "This has taken more than a day, so this page no longer updates by itself. The email is still owed to "
    "you and we go on trying. Please bookmark this page and come back to it."
)
HELD_FOR_LONG = _(
    "This has taken more than a day, so this page no longer updates by itself. "
    "Please bookmark this page and come back to it."
)
STEPS: dict[str, str | Promise] = {
    "queued": _("Queued"),
    "held": _("Waiting"),
    "sending": _("Sending"),
    "retrying": _("Retrying"),
    "sent": _("Sent"),
    "failed": _("Failed"),
    "unconfirmed": _("Unconfirmed"),
}
REACHED: dict[str, str | Promise] = {
    "queued": _("Saved at {time}"),
    "held": _("Saved at {time}"),
    "sending": _("Begun at {time}"),
    "retrying": _("Last tried at {time}"),
    "sent": _("Accepted by our mail server at {time}"),
    "failed": _("Given up at {time}"),
    "unconfirmed": _("Line lost at {time}"),
}
