"""The secret part of the link with which a member of staff chooses a new password: made when it is asked for again."""

from datetime import UTC, datetime

from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.utils import timezone
from django.utils.http import int_to_base36

from accounts.models import User
from ranportal.shared import clock


class ResetTokens(PasswordResetTokenGenerator):
    """Good for PASSWORD_RESET_TIMEOUT seconds, and until the password is changed or somebody signs in."""

    def made_at(self, user: User, at: datetime) -> str:
        """The same secret each time for the same account and moment."""
        return self._make_token_with_timestamp(user, self._num_seconds(timezone.make_naive(at, UTC)), self.secret)

    def _now(self) -> datetime:
        # In UTC, which has no hour twice.
        return timezone.make_naive(clock.now(), UTC)


def token_of(user: User, *, at: datetime) -> str:
    """What stands in the link that was asked for at this moment; it is stored nowhere."""
    return f"{int_to_base36(user.pk)}-{ResetTokens().made_at(user, at)}"
