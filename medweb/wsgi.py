"""WSGI entry point, for servers that carry the pages while ASGI carries only the live stream."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "medweb.settings")
application = get_wsgi_application()
