"""Script and style files: what goes out of them, and how a deployment stores them."""

import gzip
import hashlib
import mimetypes
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from re import Match
from typing import Any, NamedTuple

import brotli
import rjsmin
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.exceptions import SuspiciousFileOperation
from whitenoise.storage import CompressedManifestStaticFilesStorage

Message = Mapping[str, Any]
# A name that holds the digest of its content never means anything else.
_HASHED = re.compile(r"\.[0-9a-f]{12}\.[a-z0-9]+$")
_TEXTS = ("text/", "image/svg", "application/json", "application/wasm")
_SLIMMED = ("js/", "vendor/")
_YEAR = 31_536_000
_MINUTE = 60


# At the head of a style sheet that is nothing but a list of others.
_SHEET = re.compile(r'^@import "([^"]+\.css)";\n', re.MULTILINE)


def sheets(name: str, text: str) -> list[str]:
    """Static names of the style sheets that ``name`` is made of, in their order."""
    if not name.endswith(".css"):
        return []
    return [posixpath.normpath(posixpath.join(posixpath.dirname(name), one)) for one in _SHEET.findall(text)]


def joined(name: str, text: str, read: Callable[[str], str]) -> str:
    """A style sheet with those that it imports in their places, so that a page asks once, not twenty times.

    What it imports must lie in its folder or below and name no other files: addresses in it are not changed.
    """
    found = iter(sheets(name, text))
    return _SHEET.sub(lambda _match: read(next(found)), text)


def slim(name: str, text: str) -> str:
    """A script without its comments and blanks, a third of its weight; all else as it is."""
    if not name.endswith(".js") or name.endswith(".min.js") or not name.startswith(_SLIMMED):
        return text
    return str(rjsmin.jsmin(text))


class ModuleManifestStorage(CompressedManifestStaticFilesStorage):
    """Slim scripts under hashed names, also inside ``import "./b.js"``; off by default in Django."""

    support_js_module_import_aggregation = True
    # Each pass settles one step of the import chain, and ours are longer than Django's five.
    max_post_process_passes = 20

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        """Slim and join what was collected; after this it is hashed and compressed."""

        sources = dict(paths)

        def read(name: str) -> str:
            # The source: what was collected earlier is not copied again when only a part of it changed.
            storage, path = sources[name]
            with storage.open(path) as file:
                return str(file.read().decode())

        for name in () if dry_run else sources:
            if not name.startswith((*_SLIMMED, "css/")) or not name.endswith((".js", ".css")):
                continue
            before = read(name)
            after = joined(name, slim(name, before), read)
            if after != before:
                Path(self.path(name)).write_text(after, encoding="utf-8")
                # Hashing reads where this points, which was the source.
                paths[name] = (self, name)
        yield from super().post_process(paths, dry_run, **options)

    def url_converter(
        self, name: str, hashed_files: dict[str, str], template: str | None = None
    ) -> Callable[[Match[str]], str]:
        """Vendored files are left as they came: their comments hold import paths that lead nowhere."""
        if name.startswith("vendor/"):
            return lambda match: str(match[0])
        converter: Any = super().url_converter(name, hashed_files, template)
        return converter


class Kept(NamedTuple):
    """A static file as it is sent."""

    files: tuple[Path, ...]
    """The file itself, and those that are joined into it."""
    stamps: tuple[tuple[int, int], ...]
    kind: str
    tag: str
    plain: bytes
    packed: dict[str, bytes]
    """By the name of the encoding, the smallest first; empty when packing gains nothing."""


class StaticFirst:
    """ASGI application that answers for static files itself and hands everything else on.

    A case page asks for some sixty modules at once; each of them went through a thread of Django's pool and
    its chain of middleware, and the first image waited for the last of them. Here they come from memory,
    slim and compressed. A file that changes on the disk is read again.

    Parameters
    ----------
    application
        What answers everything that is no static file.
    """

    def __init__(self, application: Any) -> None:
        self.application = application
        self._kept: dict[str, Kept] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one connection."""
        found = self._find(scope) if scope["type"] == "http" else None
        if found is None:
            await self.application(scope, receive, send)
            return
        name, kept = found
        asked = dict(scope["headers"])
        status, body = 200, kept.plain
        lives = (
            f"max-age={_YEAR}, public, immutable" if _HASHED.search(name) else f"max-age={_MINUTE}, public"
        )
        headers = [
            (b"content-type", kept.kind.encode()),
            (b"cache-control", lives.encode()),
            (b"etag", kept.tag.encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"cross-origin-resource-policy", b"same-origin"),
        ]
        if kept.packed:
            headers.append((b"vary", b"Accept-Encoding"))
        if kept.tag.encode() in asked.get(b"if-none-match", b""):
            status, body = 304, b""
        else:
            understood = {
                one.split(";")[0].strip()
                for one in asked.get(b"accept-encoding", b"").decode("latin-1").split(",")
            }
            for encoding, packed in kept.packed.items():
                if encoding in understood:
                    headers.append((b"content-encoding", encoding.encode()))
                    body = packed
                    break
            headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    def _find(self, scope: Any) -> tuple[str, Kept] | None:
        path = scope["path"]
        if (
            scope["method"] not in ("GET", "HEAD")
            or not path.startswith(settings.STATIC_URL)
            or is_bare(scope)
        ):
            return None
        name = path.removeprefix(settings.STATIC_URL)
        kept = self._kept.get(name)
        if kept is not None and _stamps(kept.files) == kept.stamps:
            return name, kept
        file = _file(name)
        if file is None:
            self._kept.pop(name, None)
            return None
        kept = self._kept[name] = _read(name, file)
        return name, kept


def is_bare(scope: Any) -> bool:
    """Whether a request came without TLS to a server that wants some: Django sends it there."""
    if not settings.SECURE_SSL_REDIRECT or scope["scheme"] == "https":
        return False
    if not settings.SECURE_PROXY_SSL_HEADER:
        return True
    header, value = settings.SECURE_PROXY_SSL_HEADER
    name = header.removeprefix("HTTP_").replace("_", "-").lower().encode()
    return bool(dict(scope["headers"]).get(name, b"").split(b",")[0].strip() != value.encode())


def _file(name: str) -> Path | None:
    """Where the static file ``name`` lies."""
    try:
        if settings.COLLECTED_STATIC:
            root = Path(settings.STATIC_ROOT)
            path = (root / name).resolve()
            return path if path.is_relative_to(root.resolve()) and path.is_file() else None
        found = finders.find(name)
    except (SuspiciousFileOperation, ValueError, OSError):
        # Names such as "../../etc/passwd", with a null byte or of a thousand letters: Django answers them.
        return None
    return Path(found) if found and Path(found).is_file() else None


def _stamps(files: tuple[Path, ...]) -> tuple[tuple[int, int], ...]:
    """What changes with the files; nothing for one that is gone."""
    try:
        return tuple((there.st_mtime_ns, there.st_size) for there in (file.stat() for file in files))
    except FileNotFoundError:
        return ()


def _read(name: str, file: Path) -> Kept:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    # As browsers want modules, whatever the machine's own table says.
    kind = "text/javascript" if name.endswith(".js") else kind
    plain = file.read_bytes()
    files: tuple[Path, ...] = (file,)
    if not settings.COLLECTED_STATIC and name.endswith((".js", ".css")):
        text = slim(name, plain.decode())
        parts = {one: _file(one) for one in sheets(name, text)}
        if missing := [one for one, there in parts.items() if there is None]:
            raise FileNotFoundError(f"{name} imports {', '.join(missing)}, which is no static file.")
        files = (file, *(there for there in parts.values() if there))
        plain = joined(name, text, lambda one: (parts[one] or file).read_text(encoding="utf-8")).encode()
    packed = {}
    if kind.startswith(_TEXTS):
        ways = {"br": brotli.compress(plain), "gzip": gzip.compress(plain, 9, mtime=0)}
        packed = {name: data for name, data in ways.items() if len(data) < len(plain)}
        kind = f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
    return Kept(files, _stamps(files), kind, f'"{hashlib.sha256(plain).hexdigest()[:20]}"', plain, packed)
