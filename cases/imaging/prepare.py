"""One cleaned image whose bytes are stored: what is left to do is to write rows about it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

from . import slides, typed
from .clean import CleanInstance, clean, clean_any, clean_slide
from .discs import CleanIndex
from .frames import DecodedFrame, pack
from .regions import CleanRegions
from .render import preview

PREVIEW_SIZE = 384
_DIGEST = re.compile(r"[0-9a-f]{64}")
# What CleanInstance holds and an answer does not: the bytes and pixels lie in the store.
_HEAVY = ("clean_bytes", "frames")


@dataclass(frozen=True)
class StoredFrame:
    """A frame whose pixels and preview are stored; see `frames.DecodedFrame`.

    Attributes
    ----------
    digest, preview_digest : str
        SHA-256 of the packed pixels and of the JPEG, hexadecimal.
    rows, columns, samples : int
        Size in pixels, at least 1; 1 sample for grey, 3 for RGB.
    dtype : str
        ``"uint8"``, ``"int16"`` or ``"uint16"``.
    """

    digest: str
    preview_digest: str
    rows: int
    columns: int
    samples: int
    dtype: str
    slope: float
    intercept: float
    window_center: float
    window_width: float
    invert: bool
    unit: str
    pixel_spacing: tuple[float, float] | None
    position: tuple[float, float, float] | None
    orientation: tuple[float, float, float, float, float, float] | None
    slice_thickness: float | None
    voi_function: str
    laterality: str
    view: str
    sides: str
    uptake_factor: float | None

    def values(self) -> dict[str, Any]:
        """Columns of the frame's row."""
        found = asdict(self)
        for name in ("pixel_spacing", "position", "orientation"):
            if found[name] is not None:
                found[name] = list(found[name])
        return found


@dataclass(frozen=True)
class Prepared:
    """A cleaned instance, ready to be attached to a case.

    Attributes
    ----------
    clean : CleanInstance
        Without its pixels and bytes: an archive of a thousand slices would hold a gigabyte.
    byte_count : int
        Size of the clean bytes.
    frames : tuple of dict
        Columns of the rows of its frames.
    """

    clean: CleanInstance
    byte_count: int
    frames: tuple[dict[str, Any], ...]

    def digests(self) -> set[str]:
        """Names of everything stored for it."""
        of_frames = {frame[name] for frame in self.frames for name in ("digest", "preview_digest")}
        return {self.clean.digest, *of_frames}


def prepare(
    data: bytes, *, secret: bytes, put: Callable[[bytes], str], keep_characteristics: bool = True
) -> Prepared:
    """De-identify and decode one image, and store what is kept of it.

    Parameters
    ----------
    data : bytes
        The whole file; no archive.
    secret : bytes
        Key of the pseudonyms.
    put : callable
        Stores bytes and returns their SHA-256.
    keep_characteristics : bool
        Retain the sex, age, size and weight of DICOM headers.

    Raises
    ------
    cases.imaging.errors.Refused
        With the sentence to show; nothing was stored then.
    """
    return store(clean(data, secret=secret, keep_characteristics=keep_characteristics), put=put)


def store(instance: CleanInstance, *, put: Callable[[bytes], str]) -> Prepared:
    """Store the bytes, frames and previews of a cleaned instance.

    Parameters
    ----------
    instance : CleanInstance
    put : callable
        Stores bytes and returns their SHA-256.
    """
    put(instance.clean_bytes)
    return _light(instance, len(instance.clean_bytes), put)


def prepare_file(
    path: Path,
    *,
    secret: bytes,
    put: Callable[[bytes], str],
    folder: Path,
    keep_characteristics: bool = True,
) -> Prepared | CleanRegions | CleanIndex:
    """As :func:`prepare`, for any file: also for regions and the index of a disc, of which nothing is stored,
    and for a whole slide, which is read in pieces because it may be larger than memory.

    Parameters
    ----------
    path : Path
        The file; no archive.
    secret, put, keep_characteristics
        As for :func:`prepare`.
    folder : Path
        Takes the clean bytes, or the tiles of a slide, in a file that is named by their SHA-256.

    Raises
    ------
    cases.imaging.errors.Refused
        With the sentence to show.
    """
    if slides.likeness(path) is not slides.Likeness.NONE:
        draft = folder / "slide"
        with draft.open("wb") as target:
            slide = clean_slide(path, secret=secret, target=target, keep_characteristics=keep_characteristics)
        if slide is not None and slide.slide is not None:
            draft.rename(folder / slide.digest)
            return _light(slide, slide.slide.byte_count, put)
        draft.unlink()
    found = clean_any(path.read_bytes(), secret=secret, keep_characteristics=keep_characteristics)
    if not isinstance(found, CleanInstance):
        return found
    # Their digest is known: half a megabyte need not be hashed again.
    folder.joinpath(found.digest).write_bytes(found.clean_bytes)
    return _light(found, len(found.clean_bytes), put)


def _light(instance: CleanInstance, byte_count: int, put: Callable[[bytes], str]) -> Prepared:
    frames = tuple(_stored(frame, put).values() for frame in instance.frames)
    return Prepared(replace(instance, clean_bytes=b"", frames=()), byte_count, frames)


def _stored(frame: DecodedFrame, put: Callable[[bytes], str]) -> StoredFrame:
    rows, columns = frame.pixels.shape[:2]
    return StoredFrame(
        digest=put(pack(frame.pixels)),
        preview_digest=put(preview(frame, size=PREVIEW_SIZE)),
        rows=rows,
        columns=columns,
        samples=1 if frame.pixels.ndim == 2 else 3,
        dtype=str(frame.pixels.dtype),
        slope=frame.slope,
        intercept=frame.intercept,
        window_center=frame.window_center,
        window_width=frame.window_width,
        invert=frame.invert,
        unit=frame.unit,
        pixel_spacing=frame.pixel_spacing,
        position=frame.position,  # type: ignore[arg-type]
        orientation=frame.orientation,  # type: ignore[arg-type]
        slice_thickness=frame.thickness,
        voi_function=frame.voi_function,
        laterality=frame.laterality,
        view=frame.view,
        sides=frame.sides,
        uptake_factor=frame.uptake_factor,
    )


def to_json(prepared: Prepared | CleanRegions | CleanIndex) -> dict[str, Any]:
    """``prepared`` for the way between two processes."""
    if isinstance(prepared, CleanRegions):
        return {"regions": typed.to_json(prepared)}
    if isinstance(prepared, CleanIndex):
        return {"index": typed.to_json(prepared)}
    clean_values = {
        field.name: typed.to_json(getattr(prepared.clean, field.name))
        for field in fields(prepared.clean)
        if field.name not in _HEAVY
    }
    return {
        "clean": clean_values,
        "byte_count": prepared.byte_count,
        "frames": typed.to_json(prepared.frames),
    }


def from_json(value: Any) -> Prepared | CleanRegions | CleanIndex:
    """Undo :func:`to_json`, believing nothing.

    Raises
    ------
    typed.Unbelievable
        When it is not what :func:`to_json` makes, names something else than a digest, or has no frame.
    """
    if type(value) is dict and value.keys() == {"regions"}:
        regions: CleanRegions = typed.from_json(CleanRegions, value["regions"])
        return regions
    if type(value) is dict and value.keys() == {"index"}:
        index: CleanIndex = typed.from_json(CleanIndex, value["index"])
        return index
    if type(value) is not dict or value.keys() != {"clean", "byte_count", "frames"}:
        raise typed.Unbelievable("no prepared instance")
    frames = typed.from_json(list[StoredFrame], value["frames"])
    prepared = Prepared(
        _instance(value["clean"]),
        typed.from_json(int, value["byte_count"]),
        tuple(frame.values() for frame in frames),
    )
    if not frames or not all(map(_DIGEST.fullmatch, prepared.digests())):
        raise typed.Unbelievable("no frames, or names that are no digests")
    return prepared


@cache
def _hints() -> dict[str, Any]:
    return {name: hint for name, hint in get_type_hints(CleanInstance).items() if name not in _HEAVY}


def _instance(value: Any) -> CleanInstance:
    hints = _hints()
    if type(value) is not dict or value.keys() != hints.keys():
        raise typed.Unbelievable("other fields than those of a cleaned instance")
    found = {name: typed.from_json(hint, value[name]) for name, hint in hints.items()}
    return CleanInstance(clean_bytes=b"", frames=(), **found)
