"""ASGI entry point; the live stream needs it."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "medweb.settings")
application = get_asgi_application()
