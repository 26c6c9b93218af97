"""Static storage for deployments."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class ModuleManifestStorage(CompressedManifestStaticFilesStorage):
    """Hashed names also inside ``import "./b.js"``; off by default in Django, and modules then break."""

    support_js_module_import_aggregation = True
