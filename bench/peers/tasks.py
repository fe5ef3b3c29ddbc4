import time

from celery import shared_task
from django.conf import settings
from django.core.mail import send_mail


@shared_task
def thank(address: str, message: str) -> None:
    time.sleep(settings.SIMULATED_WORK_SECONDS)
    send_mail("Your Feedback", body(message), "feedback@localhost", [address], fail_silently=False)


def body(message: str) -> str:
    return f"{message}\n\nThank you!"
