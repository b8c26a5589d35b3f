"""WSGI entry point for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import resolve

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlgov.settings")

from apps.core.whole_bodies import WholeBodies

application = WholeBodies(get_wsgi_application())
# All views are loaded with the first address: now, and not while the first person waits for a page.
resolve("/")
