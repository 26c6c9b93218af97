"""Preloads of script modules."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.template import Context, Template

from medweb import modules


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of static files, found in place of the real ones."""

    def find(name: str) -> str | None:
        return str(tmp_path / name) if (tmp_path / name).exists() else None

    monkeypatch.setattr(modules.finders, "find", find)
    modules.imported.cache_clear()
    yield tmp_path
    modules.imported.cache_clear()


def test_all_modules_are_met_once_and_those_fetched_later_are_not(tree: Path) -> None:
    (tree / "ui").mkdir()
    (tree / "main.js").write_text(
        'import { a } from "./a.js";\nimport {\n  b,\n  c,\n} from "./ui/b.js";\nimport "./d.js";\n'
        'const later = () => import("./later.js");\n/** @typedef {import("./types.js").T} T */\n'
    )
    (tree / "a.js").write_text('export { b } from "./ui/b.js";\nexport const path = "./no.js";\n')
    (tree / "ui" / "b.js").write_text('import { d } from "../d.js";\nimport { main } from "../main.js";\n')
    (tree / "d.js").write_text("export const d = 1;\n")
    assert modules.imported("main.js") == ("a.js", "ui/b.js", "d.js")


def test_a_module_that_is_missing_is_named(tree: Path) -> None:
    (tree / "main.js").write_text('import "./gone.js";\n')
    with pytest.raises(FileNotFoundError, match=r"gone\.js is no static file, but main\.js needs it"):
        modules.imported("main.js")


def test_the_page_of_a_case_names_what_its_viewer_needs() -> None:
    modules.imported.cache_clear()
    page = Template('{% load modules %}{% module_preloads "js/viewer/main.js" %}').render(Context())
    assert page.count('<link rel="modulepreload"') == len(modules.imported("js/viewer/main.js"))
    assert "/js/viewer/viewer.js" in page
    assert "/js/viewer/cine.js" not in page
    assert "/js/viewer/live/" not in page
