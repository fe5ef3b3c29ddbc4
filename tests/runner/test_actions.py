"""One button pressed by many at the same time, while workers and sweepers are at the same row."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

from tests.runner.running import Running, wait_until

PRESSES = 8
TOKEN = "t" * 32
SCRIPT = """
from django.contrib.auth.models import User
from django.test import Client
from feedback.models import Delivery, Feedback
client = Client()
client.force_login(User.objects.create_superuser("grace"))
_, (email, *_) = Feedback.objects.submit(email="hopper@example.org", message="The door is too heavy.")
Delivery.objects.claim(email.pk).mark_failed("550 no such user")
print("made", client.cookies["sessionid"].value, email.pk)
"""

COUNT = """
from feedback.models import Delivery
print("again", [move.why for move in Delivery.objects.get(pk={pk}).moves].count("sent again"))
"""


def press(port: int, session: str, action: str, pk: str, asked: str) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    headers = {"Cookie": f"sessionid={session}; csrftoken={TOKEN}", "X-CSRFToken": TOKEN}
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    connection.request("POST", f"/operations/do/{action}/?id={pk}", urlencode({"asked": asked}), headers)
    status = connection.getresponse().status
    connection.close()
    return status


def test_one_email_goes_out_once_however_many_press_at_once(tmp_path: Path) -> None:
    running = Running(tmp_path / "var").until_ready()
    try:
        session, pk = running.manage("shell", "-c", SCRIPT).partition("made")[2].split()
        asked = datetime.now(UTC).isoformat()
        with ThreadPoolExecutor(PRESSES) as pool:
            presses = [pool.submit(press, running.port, session, "resend", pk, asked) for _ in range(PRESSES)]
            answers = [one.result() for one in presses]
        assert answers == [303] * PRESSES
        wait_until(lambda: [mail for mail in running.mails() if "To: hopper@example.org" in mail])
        record = running.manage("shell", "-c", COUNT.format(pk=pk))
    finally:
        running.end()
    assert "again 1" in record
    assert len([mail for mail in running.mails() if "X-Envelope-To: hopper@example.org" in mail]) == 1
