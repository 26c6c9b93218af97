"""Frozen records of the simulated teaching material.

Coordinates of every region are image pixel coordinates ``(x, y)`` with the origin at the top left
corner of the picture: pixel ``(column, row)`` covers ``[column, column + 1) x [row, row + 1)`` and its
centre lies at ``(column + 0.5, row + 0.5)``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

RegionKind = Literal["polygon", "ellipse", "point"]
Split = Literal["train", "test", ""]


@dataclass(frozen=True)
class SampleRegion:
    """One known region: the truth a drawing is compared with.

    Parameters
    ----------
    frame : int
        Index of the file (series) or frame (picture), counted from zero in the order of ``load()``.
    kind : {"polygon", "ellipse", "point"}
        A polygon lists its corners, an ellipse its centre and one point on each half axis.
    points : tuple of (float, float)
        Pixel coordinates ``(x, y)``, see the module text for the convention.
    label : str
        What the region shows.
    """

    frame: int
    kind: RegionKind
    points: tuple[tuple[float, float], ...]
    label: str


@dataclass(frozen=True)
class SimulatedPicture:
    """One simulated single-frame picture with its truth.

    ``pixels`` is a read-only ``uint8`` array of shape ``(rows, columns)``; ``spacing_mm`` is
    (row, column). ``facts`` are the words the text templates may use (side, zone, size ...).
    """

    pixels: NDArray[np.uint8]
    label: str
    regions: tuple[SampleRegion, ...]
    patient: str
    spacing_mm: tuple[float, float]
    seed: int
    facts: Mapping[str, str] = field(default_factory=dict)
    split: Split = ""


@dataclass(frozen=True)
class Nodule:
    """What a simulated nodule is and where it lies.

    ``centre_mm`` is ``(x to the left, y to the back, h downwards from the top of the scan)``;
    ``diameter_mm`` is the mean diameter of the body without its spicules.
    """

    kind: Literal["solid", "spiculated", "calcified"]
    diameter_mm: float
    centre_mm: tuple[float, float, float]
    label: str


@dataclass(frozen=True)
class SimulatedSeries:
    """A simulated axial series.

    ``voxels`` is a read-only ``int16`` array ``(slices, rows, columns)`` in Hounsfield units, lowest
    slice first; ``spacing_mm`` is (between slices, between rows, between columns).
    ``nodule_masks`` has the shape of ``voxels``: 0 for none, ``i + 1`` inside ``nodules[i]``.
    """

    voxels: NDArray[np.int16]
    spacing_mm: tuple[float, float, float]
    nodules: tuple[Nodule, ...]
    nodule_masks: NDArray[np.uint8]
    regions: tuple[SampleRegion, ...]
    patient_id: str
    seed: int


@dataclass(frozen=True)
class SampleText:
    """The written part of a teaching case. ``differential`` is ordered, each entry (name, reason)."""

    title: str
    history: str
    findings: str
    differential: tuple[tuple[str, str], ...]
    diagnosis_system: str
    diagnosis_code: str
    diagnosis_display: str
    discussion: str
    management: str
    modality: str
    body_region: str
    level: str
    keywords: tuple[str, ...]


@dataclass(frozen=True)
class SampleCase:
    """A teaching case ready to be brought in: text, known truth and a way to get the files.

    ``load`` makes the file contents (DICOM or PNG bytes, in frame order) when they are wanted, so that
    walking over a set costs nothing. ``label`` is the class a collection learns, "" when there is none.
    """

    slug: str
    text: SampleText
    load: Callable[[], tuple[bytes, ...]]
    source: Literal["simulated", "pydicom"]
    label: str = ""
    split: Split = ""
    patient_group: str = ""
    regions: tuple[SampleRegion, ...] = ()


@dataclass(frozen=True)
class SampleSet:
    """A labelled collection. ``cases`` yields ``count`` cases once, drawing each when it is reached."""

    slug: str
    title: str
    description: str
    label_field: str
    count: int
    cases: Iterator[SampleCase]
