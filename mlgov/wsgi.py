"""WSGI entry point for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlgov.settings")

from apps.core.whole_bodies import WholeBodies

application = WholeBodies(get_wsgi_application())
