"""Values of a header that may be damaged: numbers and texts, or nothing."""

from __future__ import annotations

import math
from typing import Any

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from .elements import is_there, plain_numbers, plain_text
from .errors import UNREADABLE

Vector = tuple[float, ...]


def numbers(ds: Dataset | None, keyword: str) -> Vector:
    """All finite numbers of an attribute; empty when absent or not numeric."""
    if ds is None:
        return ()
    plain = plain_numbers(ds, keyword)
    if plain is not None:
        return plain if all(map(math.isfinite, plain)) else ()
    value = value_of(ds, keyword)
    if value is None or value == "":
        return ()
    values = value if isinstance(value, (MultiValue, list)) else [value]
    try:
        found = tuple(float(one) for one in values)
    except (TypeError, ValueError):
        return ()
    return found if all(math.isfinite(one) for one in found) else ()


def value_of(ds: Dataset, keyword: str) -> Any:
    """The value of an attribute; ``None`` when it is absent or cannot be read."""
    if not is_there(ds, keyword):
        return None
    try:
        return ds.get(keyword)
    except UNREADABLE:
        return None


def first(ds: Dataset | None, keyword: str, default: float | None = None) -> float | None:
    """The first number of an attribute, or ``default``."""
    found = numbers(ds, keyword)
    return found[0] if found else default


def text(ds: Dataset, keyword: str) -> str:
    """The first text of an attribute without blanks around it; empty when absent."""
    plain = plain_text(ds, keyword)
    if plain is not None:
        return plain
    value = value_of(ds, keyword)
    if isinstance(value, (MultiValue, list)):
        value = value[0] if value else ""
    return str(value or "").strip()
