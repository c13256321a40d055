"""Deletion certificates: what a purge deleted, by kind, signed one after the other.

Whoever writes in the database without the address key neither changes one unseen nor takes one out of the middle.
"""

import hmac
import json
from datetime import datetime

from django.db import transaction

from ranportal.shared.crypto import keyed_digest
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
    """The keyed digest (64 hex digits) of what stands in a certificate, and of the digest of the one before it."""
    before = DeletionCertificate.objects.filter(pk__lt=certificate.pk).order_by("pk").last()
    said = {
        "before": before.digest if before else "",
        "started_at": certificate.started_at.isoformat(),
        "finished_at": certificate.finished_at.isoformat() if certificate.finished_at else "",
        "counts": certificate.counts,
        "keys_destroyed": certificate.keys_destroyed,
    }
    return keyed_digest("deletion certificate", json.dumps(said, sort_keys=True))


def is_whole(certificate: DeletionCertificate) -> bool:
    """Whether it still says what it said when it was signed, and follows on the one before."""
    return hmac.compare_digest(certificate.digest, digest_of(certificate))
