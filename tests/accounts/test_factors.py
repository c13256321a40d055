"""The seeds of second factors outlive a change of the master key."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

from accounts import factors
from ranportal.shared import sealing
from tests.factories import UserFactory
from tests.signing_in import add_app, code

pytestmark = pytest.mark.django_db
OLD, NEW = "a" * 60, "b" * 60


def test_apps_and_recovery_codes_work_after_the_master_key_has_changed(settings):
    settings.MASTER_KEYS = [OLD]
    app = add_app(UserFactory())
    codes = RecoveryCodes.activate(app.user).generate_codes()
    settings.MASTER_KEYS = [NEW, OLD]
    assert (factors.of_older_master_keys(), factors.seal_anew(), factors.of_older_master_keys()) == (2, 2, 0)
    assert factors.seal_anew() == 0
    settings.MASTER_KEYS = [NEW]
    assert Authenticator.objects.get(pk=app.pk).wrap().validate_code(code())
    recovery = Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES)
    assert recovery.wrap().validate_code(codes[0])


def test_without_that_step_they_would_not(settings):
    settings.MASTER_KEYS = [OLD]
    app = add_app(UserFactory())
    settings.MASTER_KEYS = [NEW]
    with pytest.raises(sealing.NoMasterKey):
        app.wrap().validate_code(code())
