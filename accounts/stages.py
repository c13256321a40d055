"""The second step of signing in."""

from allauth.mfa.stages import AuthenticateStage
from django.http import HttpRequest

from accounts.middleware import VOUCHED


class SecondFactorStage(AuthenticateStage):
    """Asks for a code or a passkey, unless the provider says that it has asked for a second factor itself."""

    def _should_handle(self, request: HttpRequest) -> bool:
        user = self.login.user
        if user is not None and request.session.get(VOUCHED) == user.pk:
            return False
        return super()._should_handle(request)
