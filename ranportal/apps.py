from django.apps import AppConfig
from django.core.checks import register

from ranportal import checks


class PortalConfig(AppConfig):
    """The composition root as an app: it only brings the checks of an installation."""

    name = "ranportal"

    def ready(self) -> None:
        """Register the checks that refuse a production start on the demo's defaults."""
        register(checks.production_settings)
