"""Static files as a deployment serves them."""

import re
from pathlib import Path

from django.core.management import call_command
from django.test import override_settings

HASHED = re.compile(r'(?:from|import)\s*"(\./[^"]+|\.\./[^"]+)"')


def test_collected_modules_import_each_other_by_hashed_names(tmp_path: Path) -> None:
    storage = {"BACKEND": "medweb.static.ModuleManifestStorage"}
    files = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    with override_settings(
        STATIC_ROOT=tmp_path,
        STORAGES={"default": files, "staticfiles": storage},
        WHITENOISE_USE_FINDERS=False,
    ):
        call_command("collectstatic", interactive=False, verbosity=0)
    modules = [p for p in (tmp_path / "js").rglob("main.*.js") if re.search(r"\.[0-9a-f]{12}\.js$", p.name)]
    assert {p.parent.name for p in modules} >= {"behaviours", "viewer"}
    for module in modules:
        imported = HASHED.findall(module.read_text())
        assert imported
        for name in imported:
            assert (module.parent / name).resolve().is_file()
            assert re.search(r"\.[0-9a-f]{12}\.js$", name)
