"""What the product is measured against: the tutorial (Celery, and its "before"), and bare floors."""

from bench.peers.celery import app

__all__ = ["app"]
