"""ASGI entry point; the live stream needs it."""

import os
import warnings

from medweb import handler
from medweb.limits import BodyLimit
from medweb.static import StaticFirst

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "medweb.settings")
# WhiteNoise hands out iterators that are not asynchronous; the files are small and read at once.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")
_django = handler.application()
application = BodyLimit(StaticFirst(_django), known=_django.knows)
