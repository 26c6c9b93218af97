"""ASGI entry point; the live stream needs it."""

import os
import warnings
from importlib import import_module

from medweb import handler
from medweb.limits import BodyLimit
from medweb.static import StaticFirst

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "medweb.settings")
# WhiteNoise hands out iterators that are not asynchronous; the files are small and read at once.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")
_django = handler.application()
# It reads models, which are there only after Django has started.
_pixels = import_module("cases.pixels").PixelsFirst(_django)
application = BodyLimit(StaticFirst(_pixels), known=_django.knows)
