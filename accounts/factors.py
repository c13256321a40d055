"""The seeds of second factors, when the master key changes."""

from allauth.mfa.models import Authenticator
from django.db import transaction

from accounts import sealed_texts

#: What stands sealed in the rows of apps and of recovery codes.
_SEALED = ("secret", "seed")


def seal_anew() -> int:
    """Seal by the newest master key what others have sealed; returns how many. Raises sealing.NoMasterKey."""
    return sum(_seal_anew(pk) for pk in Authenticator.objects.order_by("pk").values_list("pk", flat=True))


def of_older_master_keys() -> int:
    """How many seeds the newest master key has not sealed."""
    return sum(bool(_older(factor)) for factor in Authenticator.objects.all())


@transaction.atomic
def _seal_anew(pk: int) -> int:
    # Under its lock: a recovery code that is used meanwhile stays used.
    factor = Authenticator.objects.select_for_update().filter(pk=pk).first()
    names = _older(factor) if factor is not None else []
    if factor is None or not names:
        return 0
    for name in names:
        factor.data[name] = sealed_texts.seal_again(factor.data[name])
    factor.save(update_fields=["data"])
    return 1


def _older(factor: Authenticator) -> list[str]:
    return [name for name in _SEALED if name in factor.data and not sealed_texts.is_of_newest_key(factor.data[name])]
