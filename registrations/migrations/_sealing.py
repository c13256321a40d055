"""Seals what stands in the clear, and opens it again on the way back: rows by the hundred, a transaction for each.

What is sealed already is passed over, so a migration that was interrupted goes on where it stopped.
"""

import json
from uuid import uuid4

from django.db import transaction

from ranportal.shared import sealing

_CHUNK = 500


class Keys:
    """The keys of calls by their id; a call without one gets it."""

    def __init__(self, apps):
        self._rows = apps.get_model("registrations", "CallKey").objects
        self._by_call = {}
        self._by_id = {}

    def of(self, call_id):
        """The id and the bytes of the call's key."""
        if call_id not in self._by_call:
            row = self._rows.filter(call=call_id).first() or self._made(call_id)
            key = sealing.unwrap(bytes(row.wrapped), master_id=row.master_id)
            self._by_call[call_id] = row.pk, key
        return self._by_call[call_id]

    def named(self, key_id):
        """The bytes of the key with this id."""
        if key_id not in self._by_id:
            row = self._rows.get(pk=key_id)
            self._by_id[key_id] = sealing.unwrap(bytes(row.wrapped), master_id=row.master_id)
        return self._by_id[key_id]

    def _made(self, call_id):
        key_id = uuid4()
        master_id, wrapped = sealing.wrap(sealing.new_key(), key_id=key_id)
        return self._rows.create(pk=key_id, call_id=call_id, master_id=master_id, wrapped=wrapped)


def sealed(parts, *, key_id, key, place):
    """The bytes of these parts, as SealedRow makes them."""
    plain = json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()
    return sealing.seal(plain, key=key, key_id=key_id, place=place)


def opened(row, *, keys, place):
    """The parts of a row; none where nothing is sealed."""
    content = bytes(row.sealed)
    if not content:
        return {}
    return json.loads(sealing.opened(content, key=keys.named(sealing.key_id_of(content)), place=place))


def in_chunks(rows, fields, act):
    """Let `act` change each of these rows, and write the fields, until no row is left that the query finds."""
    last = None
    while True:
        with transaction.atomic():
            ordered = rows.order_by("pk")
            chunk = list((ordered if last is None else ordered.filter(pk__gt=last))[:_CHUNK])
            if not chunk:
                return
            for row in chunk:
                act(row)
            rows.model.objects.bulk_update(chunk, fields)
            last = chunk[-1].pk
