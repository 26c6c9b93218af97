"""Where generators take their choices from: bytes (a fuzzer's), hypothesis, or a random generator."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Protocol, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")


class Source(Protocol):
    """Choices a generator makes."""

    def whole(self, low: int, high: int) -> int:
        """A whole number from ``low`` to ``high``, both included."""
        ...

    def some(self, most: int) -> bytes:
        """At most ``most`` bytes."""
        ...


def one_of(source: Source, choices: Sequence[T]) -> T:
    """One of ``choices``."""
    return choices[source.whole(0, len(choices) - 1)]


class ByteSource:
    """Reads choices from bytes; when they are used up every choice is the lowest."""

    def __init__(self, data: bytes) -> None:
        self._data, self._place = data, 0

    def _take(self, count: int) -> bytes:
        taken = self._data[self._place : self._place + count]
        self._place += count
        return taken

    def whole(self, low: int, high: int) -> int:
        width = ((high - low).bit_length() + 7) // 8
        return low + int.from_bytes(self._take(width), "little") % (high - low + 1)

    def some(self, most: int) -> bytes:
        return self._take(self.whole(0, most))


class RandomSource:
    """Draws choices from a seeded generator."""

    def __init__(self, generator: random.Random) -> None:
        self._generator = generator

    def whole(self, low: int, high: int) -> int:
        return self._generator.randint(low, high)

    def some(self, most: int) -> bytes:
        return self._generator.randbytes(self._generator.randint(0, most))


class DrawnSource:
    """Draws choices from hypothesis, which shrinks them when they find something."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data

    def whole(self, low: int, high: int) -> int:
        return self._data.draw(st.integers(low, high))

    def some(self, most: int) -> bytes:
        return self._data.draw(st.binary(max_size=most))
