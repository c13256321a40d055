"""What the web server loads."""

import os

from django.core.wsgi import get_wsgi_application

from ranportal.checks import refuse_demo_defaults

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ranportal.settings")
refuse_demo_defaults()
application = get_wsgi_application()
