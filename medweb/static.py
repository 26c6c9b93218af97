"""Static storage for deployments."""

from collections.abc import Callable
from re import Match
from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage


class ModuleManifestStorage(CompressedManifestStaticFilesStorage):
    """Hashed names also inside ``import "./b.js"``; off by default in Django, and modules then break."""

    support_js_module_import_aggregation = True
    # Each pass settles one step of the import chain, and ours are longer than Django's five.
    max_post_process_passes = 20

    def url_converter(
        self, name: str, hashed_files: dict[str, str], template: str | None = None
    ) -> Callable[[Match[str]], str]:
        """Vendored files are left as they came: their comments hold import paths that lead nowhere."""
        if name.startswith("vendor/"):
            return lambda match: str(match[0])
        converter: Any = super().url_converter(name, hashed_files, template)
        return converter
