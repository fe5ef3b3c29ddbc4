"""What a fault needs inside a process of the product, loaded by Python itself where PYTHONPATH says so.

FAULT_CLOCK_SECONDS: how far this process's clock is ahead. FAULT_FINAL_REPLY_SECONDS: how long it
waits for the last reply, so that a test need not wait for 300 s. FAULT_START_METHOD: how a master starts
its workers, where that is not this Python's own way.
"""

import multiprocessing
import os
from datetime import timedelta

from django.utils import timezone

if ahead := float(os.environ.get("FAULT_CLOCK_SECONDS", "0")):
    true_now = timezone.now
    timezone.now = lambda: true_now() + timedelta(seconds=ahead)

if seconds := os.environ.get("FAULT_FINAL_REPLY_SECONDS"):
    from feedback import smtp

    smtp.FINAL_REPLY_SECONDS = float(seconds)  # type: ignore[assignment]

if (method := os.environ.get("FAULT_START_METHOD")) and not multiprocessing.get_start_method(allow_none=True):
    multiprocessing.set_start_method(method)
