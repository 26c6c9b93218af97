"""Static files as a deployment serves them."""

import asyncio
import gzip
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import brotli
import pytest
from django.contrib.staticfiles.finders import get_finder
from django.core.management import call_command
from django.test import override_settings

from medweb.static import StaticFirst, slim
from tests.check import TYPESCRIPT
from tests.node_tools import Absent, fetched
from tests.support import ROOT

# Names the scripts whose slim text is another program.
SAME = """
const ts = require(process.argv[1]);
const said = (text) => {
  const file = ts.createSourceFile("a.js", text, ts.ScriptTarget.Latest, false, ts.ScriptKind.JS);
  const tree = (node) => {
    const inside = [];
    ts.forEachChild(node, (child) => void inside.push(tree(child)));
    return [node.kind, node.text ?? "", node.operator ?? "", inside];
  };
  return JSON.stringify([tree(file)[3], file.parseDiagnostics.length]);
};
const pairs = JSON.parse(require("fs").readFileSync(0, "utf8"));
for (const [name, source, slim] of pairs) if (said(source) !== said(slim)) console.log(name);
"""
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


def scope_of(path: str, method: str = "GET", **headers: str) -> dict[str, Any]:
    """A request as an ASGI server tells of it."""
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "method": method, "path": path, "scheme": "http", "headers": named}


def ask(application: StaticFirst, scope: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of an answer; status 0 when somebody else was asked."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def run() -> None:
        await application(scope, None, send)

    asyncio.run(run())
    if sent == ["handed on"]:
        return 0, {}, b""
    start, body = sent
    return start["status"], {k.decode(): v.decode() for k, v in start["headers"]}, body["body"]


@pytest.fixture
def first() -> StaticFirst:
    async def others(scope: Any, receive: Any, send: Any) -> None:
        await send("handed on")

    return StaticFirst(others)


NAME = "/static/js/viewer/workspace.js"


def test_a_script_comes_slim_and_compressed(first: StaticFirst) -> None:
    status, headers, body = ask(first, scope_of(NAME, accept_encoding="gzip;q=0.8, deflate"))
    assert (status, headers["content-encoding"], headers["vary"]) == (200, "gzip", "Accept-Encoding")
    _, better, smaller = ask(first, scope_of(NAME, accept_encoding="gzip, deflate, br"))
    assert better["content-encoding"] == "br"
    assert brotli.decompress(smaller) == gzip.decompress(body)
    assert len(smaller) < len(body)
    assert headers["content-type"] == "text/javascript; charset=utf-8"
    assert headers["x-content-type-options"] == "nosniff"
    text = gzip.decompress(body).decode()
    source = (ROOT / "static/js/viewer/workspace.js").read_text()
    assert "@typedef" in source
    assert "@typedef" not in text
    assert 'from"./viewer.js"' in text
    _, plain, same = ask(first, scope_of(NAME))
    assert "content-encoding" not in plain
    assert same.decode() == text
    assert ask(first, scope_of(NAME, if_none_match=headers["etag"]))[::2] == (304, b"")
    assert ask(first, scope_of(NAME, "HEAD"))[::2] == (200, b"")


def test_a_file_that_came_slim_stays_as_it_is(first: StaticFirst) -> None:
    _, _, body = ask(first, scope_of("/static/vendor/htmx.min.js"))
    assert body == (ROOT / "static/vendor/htmx.min.js").read_bytes()


@pytest.mark.parametrize(
    "scope",
    [
        scope_of("/cases/"),
        scope_of("/static/js/none.js"),
        scope_of("/static/js/"),
        scope_of("/static/../medweb/settings.py"),
        scope_of("/static//etc/passwd"),
        scope_of("/static/a\0b"),
        scope_of("/static/" + "a" * 5000),
        scope_of(NAME, "POST"),
    ],
    ids=["page", "none", "folder", "outside", "root", "null", "long", "post"],
)
@pytest.mark.parametrize("collected", [False, True])
def test_everything_else_is_handed_on(
    first: StaticFirst, scope: dict[str, Any], collected: bool, tmp_path: Path
) -> None:
    (tmp_path / "js").mkdir()
    with override_settings(COLLECTED_STATIC=collected, STATIC_ROOT=tmp_path):
        assert ask(first, scope)[0] == 0


def test_a_file_that_changes_is_read_again(first: StaticFirst, tmp_path: Path) -> None:
    file = tmp_path / "a.css"
    file.write_text("a {}")
    with override_settings(COLLECTED_STATIC=True, STATIC_ROOT=tmp_path):
        assert ask(first, scope_of("/static/a.css"))[2] == b"a {}"
        file.write_text("abc {}")
        assert ask(first, scope_of("/static/a.css"))[2] == b"abc {}"
        file.unlink()
        assert ask(first, scope_of("/static/a.css"))[0] == 0


def test_a_name_with_its_digest_is_kept_for_a_year(first: StaticFirst, tmp_path: Path) -> None:
    (tmp_path / "a.0123456789ab.css").write_text("a {}")
    (tmp_path / "a.css").write_text("a {}")
    with override_settings(COLLECTED_STATIC=True, STATIC_ROOT=tmp_path):
        lives = [
            ask(first, scope_of(f"/static/{n}"))[1]["cache-control"] for n in ("a.0123456789ab.css", "a.css")
        ]
    assert lives == ["max-age=31536000, public, immutable", "max-age=60, public"]


def test_without_tls_a_server_that_wants_some_sends_there(first: StaticFirst) -> None:
    with override_settings(
        SECURE_SSL_REDIRECT=True, SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https")
    ):
        assert ask(first, scope_of(NAME))[0] == 0
        assert ask(first, scope_of(NAME, x_forwarded_proto="http"))[0] == 0
        assert ask(first, scope_of(NAME, x_forwarded_proto="https"))[0] == 200


def test_slim_scripts_mean_what_their_sources_mean() -> None:
    """TypeScript reads the same tree in both: a blank or a line that is missed would show."""
    pairs = [
        [str(path.relative_to(ROOT)), text, slim("js/x.js", text)]
        for path in sorted([*(ROOT / "static/js").rglob("*.js"), ROOT / "static/vendor/sse.js"])
        for text in [path.read_text(encoding="utf-8")]
    ]
    assert len(pairs) > 60
    node = shutil.which("node")
    try:
        library = fetched(TYPESCRIPT, "lib/typescript.js")
    except Absent as reason:
        pytest.skip(str(reason))
    if node is None:
        pytest.skip("node absent: install nodejs")
    command = [node, "-e", SAME, str(library)]
    done = subprocess.run(command, input=json.dumps(pairs), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_list_of_style_sheets_goes_out_as_one(first: StaticFirst) -> None:
    _, headers, body = ask(first, scope_of("/static/css/app.css"))
    text = body.decode()
    assert headers["content-type"] == "text/css; charset=utf-8"
    assert "@import" not in text
    parts = [
        (ROOT / "static/css" / name).read_text()
        for name in ("tokens.css", "components/card.css", "print.css")
    ]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


@pytest.mark.parametrize("collected", [False, True])
def test_a_sheet_that_is_part_of_another_is_read_again(
    first: StaticFirst, collected: bool, tmp_path: Path
) -> None:
    """Once joined, its bytes lie in the other one: a change of it alone must not go unseen."""
    folder = tmp_path / "css"
    folder.mkdir()
    (folder / "all.css").write_text('/* two */\n@import "one.css";\n@import "deep/two.css";\n')
    (folder / "deep").mkdir()
    (folder / "one.css").write_text("a {}\n")
    (folder / "deep/two.css").write_text("b {}\n")
    source, target = tmp_path / "css", tmp_path / "collected"
    storage = {"BACKEND": "medweb.static.ModuleManifestStorage"}
    files = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    with override_settings(
        COLLECTED_STATIC=collected,
        STATICFILES_DIRS=[("css", source)],
        STATIC_ROOT=target,
        STORAGES={"default": files, "staticfiles": storage},
        WHITENOISE_USE_FINDERS=False,
    ):
        get_finder.cache_clear()
        try:
            for words in ("b {}", "bb {}"):
                (folder / "deep/two.css").write_text(f"{words}\n")
                if collected:
                    call_command("collectstatic", interactive=False, verbosity=0)
                _, _, body = ask(first, scope_of("/static/css/all.css"))
                assert body.decode() == f"/* two */\na {{}}\n{words}\n"
        finally:
            get_finder.cache_clear()


def test_a_sheet_that_imports_nothing_says_so(first: StaticFirst, tmp_path: Path) -> None:
    (tmp_path / "all.css").write_text('@import "gone.css";\n')
    with override_settings(STATICFILES_DIRS=[("css", tmp_path)]):
        get_finder.cache_clear()
        try:
            with pytest.raises(FileNotFoundError, match=r"css/all\.css imports css/gone\.css"):
                ask(first, scope_of("/static/css/all.css"))
        finally:
            get_finder.cache_clear()
