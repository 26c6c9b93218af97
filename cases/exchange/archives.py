"""Files of one text or picture for each frame, together in a ZIP."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping

from cases.exchange.layers import MAX_BYTES, Unreadable

MOST_MEMBERS = 20_000
MOST_UNPACKED = 8 * MAX_BYTES


def packed(members: Mapping[str, bytes]) -> bytes:
    """A ZIP without time stamps: the same for equal members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def members(data: bytes, endings: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    """Members of a ZIP with one of ``endings``, one after the other; or ``data`` itself when it is no ZIP.

    Raises
    ------
    Unreadable
        It is damaged, encrypted, or unpacks to too much.
    """
    if not data.startswith(b"PK"):
        yield "", data
        return
    left = MOST_UNPACKED
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            inside = [one for one in archive.infolist() if one.filename.lower().endswith(endings)]
            if len(inside) > MOST_MEMBERS:
                raise Unreadable(f"The archive has more than {MOST_MEMBERS} files. Send fewer at once.")
            for one in inside:
                with archive.open(one) as member:
                    content = member.read(left + 1)
                left -= len(content)
                if left < 0:
                    raise Unreadable("The archive unpacks to too much. Send fewer files at once.")
                yield one.filename, content
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError, ValueError) as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable("The archive cannot be opened. Pack it again, without a password.") from error
