"""Forms that staff sent when their session was over, or before they had proved again who they are: kept sealed."""

import json
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from accounts import sealed_texts
from accounts.models import Draft, User
from ranportal.shared import sealing

KEPT_FOR = timedelta(hours=24)
#: Sent along when a kept form is sent again: which one it was.
FIELD = "kept-form"

Fields = Sequence[tuple[str, str]]
_NEVER_KEPT = re.compile(r"password|^csrfmiddlewaretoken$|^code$|^" + FIELD + "$", re.IGNORECASE)


def keep(*, user: User, path: str, fields: Iterable[tuple[str, str]], now: datetime) -> Draft:
    """Keep what was typed for this address, in place of what was kept for it before. Passwords and codes are left out.

    Files are none of `fields`. `path` may carry a query.
    """
    plain = json.dumps([(name, value) for name, value in fields if not _NEVER_KEPT.search(name)])
    sealed = sealed_texts.seal(plain, key_id=uuid4()).encode()
    values = {"sealed": sealed, "saved_at": now}
    draft, _ = Draft.objects.update_or_create(user=user, path=path[:300], defaults=values)
    return draft


def fields_of(draft: Draft) -> Fields:
    """What was typed, in its order; nothing when its master key is gone."""
    try:
        return [(name, value) for name, value in json.loads(sealed_texts.opened(bytes(draft.sealed).decode()))]
    except (sealing.NoMasterKey, sealing.Unopened):
        return []


def of_user(user: User, draft_id: int, *, now: datetime) -> Draft | None:
    """This user's kept form, while it is kept."""
    return Draft.objects.filter(pk=draft_id, user=user, saved_at__gt=now - KEPT_FOR).first()


def forget(*, owner_id: int, draft_id: int, kept_by: datetime) -> None:
    """Delete one that was sent again, or is not wanted any more; nobody else's, and none kept after `kept_by`."""
    Draft.objects.filter(pk=draft_id, user=owner_id, saved_at__lte=kept_by).delete()
