"""``python -m cases.imaging.child``: a process that opens what strangers sent.

Decoders are libraries in C that were made to crash by files before; here a crash ends this process and
nothing else. It speaks to its parent in JSON, each message behind its length, and gets the secret the same
way: neither a list of processes nor an environment shows it. It ends when its parent does.
"""

from __future__ import annotations

import errno
import gc
import hashlib
import json
import os
import resource
import shutil
import signal
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

HEAD = struct.Struct(">I")
LONGEST = 64 << 20
_FULL = {errno.ENOSPC, errno.EDQUOT}
_SIGKILL_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)

Request = dict[str, Any]
Reply = dict[str, Any]


def frame(message: Any) -> bytes:
    """``message`` as it goes through the pipe."""
    data = json.dumps(message, allow_nan=False, separators=(",", ":")).encode()
    if len(data) > LONGEST:
        raise ValueError("a message that is too long")
    return HEAD.pack(len(data)) + data


def read(stream: IO[bytes]) -> Any:
    """The next message; ``None`` when the other side has gone."""
    head = stream.read(HEAD.size)
    if len(head) < HEAD.size:
        return None
    (size,) = HEAD.unpack(head)
    data = stream.read(size)
    return json.loads(data) if len(data) == size else None


def keep(folder: Path, data: bytes) -> str:
    """Write ``data`` into ``folder`` under its SHA-256; returns that."""
    digest = hashlib.sha256(data).hexdigest()
    folder.joinpath(digest).write_bytes(data)
    return digest


def fresh(folder: str) -> Path:
    """An empty folder; what a child left in it that was ended before its answer was read goes."""
    path = Path(folder)
    if path.exists():
        shutil.rmtree(path)
    path.mkdir(mode=0o700)
    return path


def clean_file(request: Request, secret: bytes) -> Reply:
    """De-identify and decode the file at ``path``; its clean bytes and frames are written into ``drafts``."""
    from . import prepare

    drafts = fresh(request["drafts"])
    found = prepare.prepare_file(
        Path(request["path"]),
        secret=secret,
        put=lambda blob: keep(drafts, blob),
        folder=drafts,
        keep_characteristics=request.get("keep_characteristics", True) is True,
    )
    return prepare.to_json(found)


def unpack(request: Request, secret: bytes) -> Reply:
    """Write the members of the archive at ``path`` into the folder ``into``, named by number from 0."""
    from . import archive

    into, count = fresh(request["into"]), 0
    for member in archive.members(request["path"]):
        into.joinpath(str(count)).write_bytes(member)
        count += 1
    return {"members": count}


def black_out_file(request: Request, secret: bytes) -> Reply:
    """Burn boxes into the clean file at ``path``; new bytes and frames are written into ``drafts``."""
    from . import prepare
    from .blackout import black_out

    drafts = fresh(request["drafts"])
    boxes: dict[int, list[tuple[int, int, int, int]]] = {}
    for number, left, top, width, height in request["boxes"]:
        boxes.setdefault(number, []).append((left, top, width, height))
    found = black_out(Path(request["path"]).read_bytes(), kind=request["kind"], boxes=boxes)
    return prepare.to_json(prepare.store(found, put=lambda blob: keep(drafts, blob)))


# What a parent may ask for: a request and the secret in, JSON out.
WORK: dict[str, Callable[[Request, bytes], Reply]] = {
    "clean": clean_file,
    "unpack": unpack,
    "black-out": black_out_file,
}


def answer(request: Request, secret: bytes) -> Reply:
    """Do what ``request`` asks; every error becomes an answer: the next file finds a living process."""
    from .errors import Refused

    try:
        return {"done": WORK[request["do"]](request, secret)}
    except Refused as refusal:
        # A disk that fills while a decoder writes looks like a damaged file to whoever reads.
        if _says(refusal, _FULL):
            return {"failed": "full"}
        return {"refused": [refusal.code, refusal.sentence]}
    except MemoryError:
        return {"failed": "memory"}
    except OSError as error:
        if _says(error, _FULL):
            return {"failed": "full"}
        if error.errno == errno.EFBIG:
            # Beyond the limit of this process: no room on the disk would help.
            return {"failed": "memory"}
        return {"failed": "gone" if error.errno == errno.ENOENT else "error"}
    except Exception as error:  # noqa: BLE001  told by its kind only: its text may quote the file
        return {"failed": "error", "kind": type(error).__name__}


def _says(error: BaseException | None, numbers: set[int]) -> bool:
    """Whether ``error`` comes from an error of the system with one of these numbers."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in numbers:
            return True
        error = error.__cause__ or error.__context__
    return False


def _framed(reply: Reply) -> bytes:
    try:
        return frame(reply)
    except ValueError:
        # Not a number that JSON knows, or thousands of frames too many.
        return frame({"failed": "error", "kind": "ValueError"})


def _die_with(parent: int) -> None:
    """End at once when the thread that started this process ends (Linux); a hanging decoder reads no pipe."""
    import ctypes

    ctypes.CDLL(None).prctl(_SIGKILL_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def _limit(memory: int, file_bytes: int) -> None:
    for kind, most in (
        (resource.RLIMIT_AS, memory), (resource.RLIMIT_FSIZE, file_bytes), (resource.RLIMIT_CORE, 0),
    ):  # fmt: skip
        _soft, hard = resource.getrlimit(kind)
        try:
            resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
        except ValueError:
            # macOS knows the name of a limit on address space, but takes none.
            if sys.platform == "linux":
                raise


def _warm() -> None:
    """Import what decoding imports on its first use: a person waits for the first picture."""
    import importlib

    import cv2

    cv2.setNumThreads(1)
    for name in ("openjpeg", "rle", "jpeg_ls", "imagecodecs", "PIL.Image"):
        # An optional decoder that is not there is missed by the file that needs it.
        if importlib.util.find_spec(name.partition(".")[0]) is not None:
            importlib.import_module(name)
    importlib.import_module("cases.imaging.prepare")
    importlib.import_module("cases.imaging.archive")


def main() -> int:
    """Answer requests until the parent closes the pipe."""
    source = os.fdopen(os.dup(0), "rb")
    sink = os.fdopen(os.dup(1), "wb")
    # Decoders print about what they dislike, and quote it: neither may reach the pipe or a log.
    silent = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1):
        os.dup2(silent, descriptor)
    hello = read(source)
    if hello is None:
        return 0
    if hello["parent"] and sys.platform == "linux":
        _die_with(hello["parent"])
    # A worker that is asked to stop finishes its file first, and then closes the pipe.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    secret = bytes.fromhex(hello["secret"])
    _warm()
    # What the libraries made lives as long as this process: the collector need not look at it again.
    gc.freeze()
    _limit(hello["memory"], hello["file_bytes"])
    os.dup2(silent, 2)
    sink.write(frame({"ready": os.getpid()}))
    sink.flush()
    while (request := read(source)) is not None:
        # Beyond the parent's own limit: it ends a process whose parent has gone, or sleeps.
        signal.setitimer(signal.ITIMER_REAL, request["seconds"] + 10)
        reply = answer(request, secret)
        signal.setitimer(signal.ITIMER_REAL, 0)
        sink.write(_framed(reply))
        sink.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
