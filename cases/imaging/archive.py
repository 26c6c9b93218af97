"""Open ZIP, TAR and GZIP uploads without believing what they say about themselves.

Only the bytes of the members leave this module. Their names, which often are
patients' names, are neither kept nor logged, and nothing is written to disk.
"""

from __future__ import annotations

import gzip
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, BinaryIO

from .errors import Refused
from .reader import HEAD, Kind, sniff

_CHUNK = 1 << 20
_OPENED = {Kind.ZIP, Kind.TAR, Kind.GZIP}
_DAMAGED = (
    zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, zlib.error, lzma.LZMAError,
    EOFError, OSError, struct.error, ValueError, NotImplementedError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """What one upload may unfold to.

    Attributes
    ----------
    total_bytes, member_bytes : int
        Inflated bytes of everything, and of one member.
    members : int
        Files, directories not counted.
    ratio : int
        Inflated bytes for each byte uploaded; checked beyond `ratio_from` bytes only,
        because an empty picture compresses well without any malice.
    ratio_from : int
        Bytes that may be inflated whatever the ratio.
    depth : int
        Archives inside archives.
    """

    total_bytes: int = 4 << 30
    member_bytes: int = 1 << 30
    members: int = 5000
    ratio: int = 100
    ratio_from: int = 32 << 20
    depth: int = 1


DEFAULT = ArchiveLimits()


class _Budget:
    """Counts real bytes over all levels; what a directory declares is not believed."""

    def __init__(self, limits: ArchiveLimits, uploaded: int) -> None:
        self.limits = limits
        self.bytes_left = min(limits.total_bytes, max(uploaded * limits.ratio, limits.ratio_from))
        self.members = 0

    def member(self) -> None:
        self.members += 1
        if self.members > self.limits.members:
            raise Refused(
                "too-many-files",
                f"The archive holds more than {self.limits.members} files. Upload it in several parts.",
            )

    def read(self, stream: IO[bytes] | gzip.GzipFile) -> bytes:
        chunks: list[bytes] = []
        size = 0
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            self.bytes_left -= len(chunk)
            if size > self.limits.member_bytes or self.bytes_left < 0:
                raise Refused(
                    "archive-bomb", "The archive unfolds to far too much data. Upload the images directly."
                )
            chunks.append(chunk)
        return b"".join(chunks)


def _nested() -> Refused:
    return Refused(
        "nested-archive", "There are archives inside archives. Unpack them first, then upload the images."
    )


def members(source: str | Path | BinaryIO | bytes, *, limits: ArchiveLimits = DEFAULT) -> Iterator[bytes]:
    """Yield the content of each regular file of an archive.

    Parameters
    ----------
    source : path, seekable binary file or bytes
        ZIP, TAR, TAR in GZIP, or one file in GZIP, decided by content.
    limits : ArchiveLimits
        What it may unfold to.

    Yields
    ------
    bytes
        Never a name. Directories, links and devices are skipped; so are members whose
        name leads out of the archive and the folders that operating systems add.

    Raises
    ------
    Refused
        ``archive-bomb``, ``too-many-files``, ``nested-archive``, ``encrypted``,
        ``not-an-archive``, ``broken-archive`` or ``empty-archive``. Members yielded
        before count for nothing then: keep none of them.
    """
    if isinstance(source, (str, Path)):
        with open(source, "rb") as opened:
            yield from members(opened, limits=limits)
        return
    stream = BytesIO(source) if isinstance(source, bytes) else source
    uploaded = stream.seek(0, 2)
    stream.seek(0)
    budget = _Budget(limits, uploaded)
    try:
        yield from _open(stream, budget, 0)
    except Refused:
        raise
    except _DAMAGED as error:
        raise Refused(
            "broken-archive", "The archive is damaged or cut off. Pack it again, then upload."
        ) from error
    if budget.members == 0:
        raise Refused("empty-archive", "The archive holds no files. Pack the images again, then upload.")


def _open(stream: IO[bytes], budget: _Budget, depth: int) -> Iterator[bytes]:
    kind = sniff(stream.read(HEAD))
    stream.seek(0)
    if kind is Kind.ZIP:
        yield from _zip(stream, budget, depth)
    elif kind is Kind.TAR:
        yield from _tar(stream, budget, depth)
    elif kind is Kind.GZIP:
        with gzip.open(stream, "rb") as inflated:
            head = inflated.read(HEAD)
            inflated.seek(0)
            if sniff(head) is Kind.TAR:
                yield from _tar(inflated, budget, depth)
            else:
                yield from _member(budget.read(inflated), budget, depth)
    else:
        raise Refused(
            "not-an-archive", "The file is no ZIP, TAR or GZIP archive. Upload the images directly."
        )


def _member(data: bytes, budget: _Budget, depth: int) -> Iterator[bytes]:
    if sniff(data[:HEAD]) in _OPENED:
        if depth >= budget.limits.depth:
            raise _nested()
        yield from _open(BytesIO(data), budget, depth + 1)
    elif data:
        budget.member()
        yield data


def _leads_outside(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return name.startswith(("/", "\\")) or ".." in parts or name[1:2] == ":" or "\x00" in name


def _of_the_system(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return "__MACOSX" in parts or parts[-1] in (".DS_Store", "Thumbs.db", "desktop.ini")


def _zip(stream: IO[bytes], budget: _Budget, depth: int) -> Iterator[bytes]:
    with zipfile.ZipFile(stream) as opened:
        # Not is_dir(): it fails on a name of no characters.
        entries = [entry for entry in opened.infolist() if not entry.filename.endswith("/")]
        if len(entries) > budget.limits.members:
            budget.members = budget.limits.members
            budget.member()
        for entry in entries:
            mode = entry.external_attr >> 16
            special = mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG)
            if special or _leads_outside(entry.filename) or _of_the_system(entry.filename):
                continue
            if entry.flag_bits & 1:
                raise Refused(
                    "encrypted", "The archive is protected by a password. Pack it again without one."
                )
            with opened.open(entry) as member:
                data = budget.read(member)
            yield from _member(data, budget, depth)


def _tar(stream: IO[bytes] | gzip.GzipFile, budget: _Budget, depth: int) -> Iterator[bytes]:
    # The stream mode reads once from front to back, so nothing is inflated twice.
    with tarfile.open(fileobj=stream, mode="r|") as opened:
        links: set[str] = set()
        for entries, entry in enumerate(opened):
            if entries > budget.limits.members * 2:
                budget.members = budget.limits.members
                budget.member()
            if entry.issym() or entry.islnk():
                links.add(entry.name.rstrip("/"))
            if any(entry.name.startswith(f"{link}/") for link in links):
                continue
            if not entry.isreg() or _leads_outside(entry.name) or _of_the_system(entry.name):
                continue
            member = opened.extractfile(entry)
            if member is None:
                continue
            yield from _member(budget.read(member), budget, depth)
