"""Storing a fitted classifier so that a changed or foreign file can never run code.

The bytes are signed: magic, HMAC-SHA256 over all that follows, then a skops file. The signature is
checked before anything is parsed, and the parser builds types of a fixed list only.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

MAGIC = b"MEDWEB-MODEL-1\n"
_SIGNATURE = 32
_MIN_KEY = 16

# Types beyond skops' own defaults that the classifiers of this package need. Never computed from a file.
TRUSTED = (
    "numpy.dtype",  # the imputer remembers the type of its table
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.tree._tree.Tree",
)


class Untrusted(Exception):
    """The bytes are not a model that this installation has signed."""


def dump(pipeline: Pipeline, *, key: bytes) -> bytes:
    """Return a fitted classifier as signed bytes.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
    key : bytes
        Secret of at least 16 bytes.

    Raises
    ------
    Untrusted
        When the pipeline holds a type outside the fixed list: it could never be loaded again.
    ValueError
        For a key that is too short.
    """
    from zipfile import ZIP_DEFLATED

    from skops.io import dumps

    _check_key(key)
    body: bytes = dumps(pipeline, compression=ZIP_DEFLATED, compresslevel=6)
    _check_types(body)
    return MAGIC + _sign(body, key) + body


def load(blob: bytes, *, key: bytes) -> Pipeline:
    """Return the classifier that :func:`dump` wrote with the same key.

    Raises
    ------
    Untrusted
        For other file kinds (pickle too), a changed file, another key, or a type outside the fixed list.
    ValueError
        For a key that is too short.
    """
    from skops.io import loads

    _check_key(key)
    if not blob.startswith(MAGIC):
        raise Untrusted("This is not a stored model of this application; other formats are refused.")
    start = len(MAGIC) + _SIGNATURE
    signature, body = blob[len(MAGIC) : start], blob[start:]
    if not hmac.compare_digest(signature, _sign(body, key)):
        raise Untrusted("The stored model was changed or signed with another key; train it again.")
    _check_types(body)
    pipeline: Pipeline = loads(body, trusted=list(TRUSTED))
    return pipeline


def _sign(body: bytes, key: bytes) -> bytes:
    return hmac.new(key, MAGIC + body, hashlib.sha256).digest()


def _check_types(body: bytes) -> None:
    from skops.io import get_untrusted_types

    strangers = sorted(set(get_untrusted_types(data=body)) - set(TRUSTED))
    if strangers:
        raise Untrusted(f"The model holds types that are not on the list: {', '.join(strangers)}.")


def _check_key(key: bytes) -> None:
    if len(key) < _MIN_KEY:
        raise ValueError(f"The signing key has {len(key)} bytes; set one of at least {_MIN_KEY}.")
