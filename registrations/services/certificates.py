"""Deletion certificates: what a purge deleted, by kind, chained so that none is changed or taken away unseen."""

import hashlib
import json
from datetime import datetime

from django.db import transaction

from registrations.models import DeletionCertificate


def note(*, kind: str, number: int, now: datetime, keys: int = 0) -> None:
    """Add to the certificate that is open, in the transaction that deletes; the first of a purge opens one.

    So a purge that is broken off leaves an open certificate that says what was done, and the next goes on with it.
    """
    if number or keys:
        certificate = DeletionCertificate.objects.select_for_update().filter(finished_at=None).order_by("pk").first()
        certificate = certificate or DeletionCertificate(started_at=now)
        certificate.counts = {**certificate.counts, kind: certificate.counts.get(kind, 0) + number}
        certificate.keys_destroyed += keys
        certificate.save()


def finish(*, now: datetime) -> DeletionCertificate | None:
    """Close and sign what is open; None where nothing was deleted."""
    with transaction.atomic():
        last = None
        for certificate in DeletionCertificate.objects.select_for_update().filter(finished_at=None).order_by("pk"):
            certificate.finished_at = now
            certificate.digest = digest_of(certificate)
            certificate.save()
            last = certificate
        return last


def digest_of(certificate: DeletionCertificate) -> str:
    """The digest of what stands in a certificate, and of the one before it (SHA-256, 64 hex digits)."""
    before = DeletionCertificate.objects.filter(pk__lt=certificate.pk).order_by("pk").last()
    said = {
        "before": before.digest if before else "",
        "started_at": certificate.started_at.isoformat(),
        "finished_at": certificate.finished_at.isoformat() if certificate.finished_at else "",
        "counts": certificate.counts,
        "keys_destroyed": certificate.keys_destroyed,
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def is_whole(certificate: DeletionCertificate) -> bool:
    """Whether it still says what it said when it was signed, and follows on the one before."""
    return certificate.digest == digest_of(certificate)
