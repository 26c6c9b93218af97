"""Change bytes without a look at their format: bits, words, and spans of them."""

from __future__ import annotations

from tests.fuzz.sources import Source, one_of

WORDS = (
    b"\x00", b"\xff", b"\x7f", b"\x80", b"\x00\x00", b"\xff\xff", b"\xff\x7f", b"\x00\x80", b"\xfe\xff",
    b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x00\x00\x00\x80", b"\xf0\xff\xff\xff", b"\x00\x00\x00\x00",
    b"\x01\x00\x00\x00", b"\x00\x00\x00\x01", b"\xfe\xff\x00\xe0", b"\xfe\xff\x0d\xe0", b"\xfe\xff\xdd\xe0",
)  # fmt: skip


def change_bytes(data: bytes, source: Source) -> bytes:
    """Bits, words, pieces doubled, lost and moved, and the end cut off."""
    place = source.whole(0, max(len(data) - 1, 0))
    if source.whole(0, 1):  # headers decide more than pixels
        place = min(place, source.whole(0, 512))
    kind = source.whole(0, 5)
    if kind == 0:
        return (
            data[:place]
            + bytes([data[place] ^ (1 << source.whole(0, 7))] if data else [0])
            + data[place + 1 :]
        )
    if kind == 1:
        word = one_of(source, WORDS)
        return data[:place] + word + data[place + len(word) :]
    if kind == 2:
        return data[:place] + one_of(source, WORDS) + data[place:]
    length = source.whole(1, 64)
    if kind == 3:
        return data[:place] + data[place + length :]
    if kind == 4:
        return (
            data[: place + length]
            + data[place : place + length] * source.whole(1, 3)
            + data[place + length :]
        )
    return data[:place]
