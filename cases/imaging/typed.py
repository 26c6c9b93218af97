"""Frozen values as JSON and back, checked on the way back: what a decoder's process says is not believed."""

from __future__ import annotations

import dataclasses
import math
import types
from collections.abc import Callable
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

LONGEST_TEXT = 65536
LARGEST_NUMBER = 2**63


class Unbelievable(ValueError):
    """The values are not what was agreed on."""


def to_json(value: Any) -> Any:
    """Plain lists, dictionaries, texts and numbers of a value made of dataclasses.

    Parameters
    ----------
    value : Any
        Dataclasses, tuples, dictionaries with text keys, and JSON's own kinds; NumPy's numbers become ours.

    Returns
    -------
    Any
        What :func:`json.dumps` takes.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    if hasattr(value, "item") and not isinstance(value, (str, bytes)):
        return value.item()
    return value


def from_json(hint: Any, value: Any) -> Any:
    """The value of type ``hint`` that ``value`` describes.

    Parameters
    ----------
    hint : type or typing construct
        ``str``, ``int``, ``float``, ``bool``, ``None``, ``Any`` (JSON), unions, ``tuple``, ``list``, ``dict``
        with text keys, and dataclasses of these.
    value : Any
        As :func:`json.loads` returned it.

    Raises
    ------
    Unbelievable
        When a field is missing, unknown or of another type, a number is not finite, or a text too long.

    Examples
    --------
    >>> from_json(tuple[int, ...], [1, 2])
    (1, 2)
    >>> from_json(dict[str, int], {"a": "b"})
    Traceback (most recent call last):
    ...
    cases.imaging.typed.Unbelievable: str where int was agreed on
    """
    return _reader(hint)(value)


def _wrong(value: Any, wanted: str) -> Unbelievable:
    return Unbelievable(f"{type(value).__name__} where {wanted} was agreed on")


def _text(value: Any) -> str:
    if type(value) is not str:
        raise _wrong(value, "str")
    if len(value) > LONGEST_TEXT or "\0" in value:
        raise Unbelievable("a text that is too long or holds a NUL")
    return value


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise _wrong(value, "int")
    if abs(value) >= LARGEST_NUMBER:
        raise Unbelievable("a number that no column holds")
    return value


def _real(value: Any) -> float:
    if type(value) not in (int, float):
        raise _wrong(value, "float")
    if not math.isfinite(value):
        raise Unbelievable("a number that is not finite")
    return float(value)


def _flag(value: Any) -> bool:
    if type(value) is not bool:
        raise _wrong(value, "bool")
    return value


def _nothing(value: Any) -> None:
    if value is not None:
        raise _wrong(value, "None")


def _any(value: Any) -> Any:
    """JSON of any shape, its leaves checked."""
    if isinstance(value, dict):
        return {_text(key): _any(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_any(item) for item in value]
    leaves: dict[type, Callable[[Any], Any]] = {str: _text, int: _whole, float: _real}
    return leaves.get(type(value), lambda same: same)(value)


_LEAVES: dict[Any, Callable[[Any], Any]] = {
    str: _text, int: _whole, float: _real, bool: _flag, type(None): _nothing, None: _nothing, Any: _any,
}  # fmt: skip


@cache
def _reader(hint: Any) -> Callable[[Any], Any]:
    if hint in _LEAVES:
        return _LEAVES[hint]
    if dataclasses.is_dataclass(hint):
        return _record(hint)
    origin, inside = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _either([_reader(one) for one in inside])
    if origin is tuple and len(inside) == 2 and inside[1] is Ellipsis:
        every = _reader(inside[0])
        return lambda value: tuple(map(every, _items(value)))
    if origin is tuple:
        return _row([_reader(one) for one in inside])
    if origin is list:
        each = _reader(inside[0])
        return lambda value: list(map(each, _items(value)))
    if origin is dict and inside[0] is str:
        item = _reader(inside[1])
        return lambda value: {_text(key): item(one) for key, one in _mapping(value).items()}
    raise TypeError(f"from_json() does not know {hint!r}")


def _items(value: Any) -> list[Any]:
    if type(value) is not list:
        raise _wrong(value, "list")
    return value


def _mapping(value: Any) -> dict[str, Any]:
    if type(value) is not dict:
        raise _wrong(value, "dict")
    return value


def _row(readers: list[Callable[[Any], Any]]) -> Callable[[Any], Any]:
    def read(value: Any) -> tuple[Any, ...]:
        if len(_items(value)) != len(readers):
            raise Unbelievable("a row of another length")
        return tuple(reader(item) for reader, item in zip(readers, value, strict=True))

    return read


def _either(readers: list[Callable[[Any], Any]]) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        for reader in readers:
            try:
                return reader(value)
            except Unbelievable as error:
                last = error
        raise last

    return read


def _record(kind: Any) -> Callable[[Any], Any]:
    readers: dict[str, Callable[[Any], Any]] = {}

    def read(value: Any) -> Any:
        if not readers:
            # Late, so that a record may hold others of its kind.
            hints = get_type_hints(kind)
            readers.update({field.name: _reader(hints[field.name]) for field in dataclasses.fields(kind)})
        if _mapping(value).keys() != readers.keys():
            raise Unbelievable(f"other fields than those of {kind.__name__}")
        return kind(**{name: reader(value[name]) for name, reader in readers.items()})

    return read
