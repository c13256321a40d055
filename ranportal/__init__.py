"""Composition root: wires the parts together and decides nothing itself."""

from ranportal.celery import app as celery_app

__all__ = ["celery_app"]
