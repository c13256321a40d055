from uuid import UUID, uuid4

from django.db import models

from events.models import Call
from ranportal.shared import sealing
from ranportal.shared.refusals import Refused

#: By id, the keys that this process has used. An id is never used twice, so what is kept is no other's; and what a key
#: sealed is erased before it is destroyed, so nothing opens here that should not.
_keys: dict[UUID, bytes] = {}
_KEPT = 4096


class KeyDestroyed(Refused):
    """The call's key was destroyed: what it sealed is gone for good, here and in every copy."""

    def __init__(self) -> None:
        super().__init__("What people said for this call was deleted for good, and nothing can be added to it.")


class CallKey(models.Model):
    """The key that seals what people of one call said, wrapped by a master key that is in no database.

    Without `wrapped` it was destroyed, at `destroyed_at`, and nothing opens what it sealed, in old backups neither.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    call = models.OneToOneField(Call, on_delete=models.CASCADE, related_name="key")
    wrapped = models.BinaryField(editable=False)
    master_id = models.CharField(max_length=16, editable=False)
    made_at = models.DateTimeField(auto_now_add=True)
    destroyed_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(destroyed_at__isnull=True) | models.Q(wrapped=b"", master_id=""),
                name="call_key_destroyed_is_empty",
            ),
        )

    def __str__(self) -> str:
        return f"Key of call {self.call_id}"


def key_for(call: Call) -> tuple[UUID, bytes]:
    """The id and the bytes of the key that seals for this call now; the first use makes it. Raises KeyDestroyed."""
    known = getattr(call, "key", None) or make_key(call)
    if known.destroyed_at is not None:
        raise KeyDestroyed
    return known.pk, _kept(known)


def key_named(key_id: UUID) -> bytes:
    """The bytes of a key by its id (one query, once for each process). Raises KeyDestroyed, also for an unknown id."""
    if key_id not in _keys:
        known = CallKey.objects.filter(pk=key_id, destroyed_at=None).first()
        if known is None:
            raise KeyDestroyed
        return _kept(known)
    return _keys[key_id]


def make_key(call: Call) -> CallKey:
    """Give the call its key, in the transaction that makes the call: one that is rolled back alone would seal still."""
    key_id = uuid4()
    master_id, wrapped = sealing.wrap(sealing.new_key(), key_id=key_id)
    values = {"id": key_id, "master_id": master_id, "wrapped": wrapped}
    call.key, _ = CallKey.objects.get_or_create(call=call, defaults=values)
    return call.key


def _kept(known: CallKey) -> bytes:
    if known.pk not in _keys:
        if len(_keys) >= _KEPT:
            _keys.clear()
        _keys[known.pk] = sealing.unwrap(bytes(known.wrapped), master_id=known.master_id)
    return _keys[known.pk]
