from feedback.models.alarm import Alarm
from feedback.models.delivery import Delivery
from feedback.models.feedback import Feedback
from feedback.models.follow import follow
from feedback.models.history import Kind, Move, State
from feedback.models.pause import Pause
from feedback.models.queue import LEASE
from feedback.models.slot import Slot
from feedback.models.standing import oldest_owed_seconds, standing, tried_in_vain
from feedback.models.tally import Tally
from feedback.models.tries import LoginTries
from feedback.models.worker import Worker

__all__ = [
    "LEASE",
    "Alarm",
    "Delivery",
    "Feedback",
    "Kind",
    "LoginTries",
    "Move",
    "Pause",
    "Slot",
    "State",
    "Tally",
    "Worker",
    "follow",
    "oldest_owed_seconds",
    "standing",
    "tried_in_vain",
]
