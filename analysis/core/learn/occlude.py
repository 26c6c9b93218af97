"""Which parts of a picture a classifier leans on: cover one after the other and ask again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from analysis.core.features.registry import FeatureSettings, measure_prepared
from analysis.core.learn.predict import as_row
from analysis.core.preprocess import prepare
from cases.imaging.outlines import rings

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

SIDE = 10
"""Cells along the longer side of a picture."""
MOST_PIXELS = 40_000_000
"""Pixels that are measured for one map: some ten seconds."""
_FEWEST = 16
Heat = NDArray[np.float32]


@dataclass(frozen=True)
class HeatMap:
    """What each part of a picture does to one answer.

    Attributes
    ----------
    label : str
        The class that is explained.
    values : ndarray of float32, shape (rows, columns)
        Percentage points: probability of the class with the whole picture minus that without this part; above
        0 speaks for the class.
    outlines : tuple
        Closed rings of ``(x, y)`` around the parts with more than half of the largest value, in pixels of the
        picture as it is stored; none when nothing speaks for the class.
    """

    label: str
    values: Heat
    outlines: tuple[tuple[tuple[float, float], ...], ...]


def occlusion(
    pipeline: Pipeline,
    image: NDArray[Any],
    feature_names: Sequence[str],
    *,
    settings: FeatureSettings,
    label: str,
    slope: float = 1.0,
    intercept: float = 0.0,
    spacing: tuple[float, float] | None = None,
) -> HeatMap | None:
    """Cover parts of a picture in turn and ask the classifier each time (Zeiler and Fergus, 2014).

    The cover is two cells wide and high, so that neighbours overlap and the map is smooth, and as grey as the
    median of the picture. doi:10.1007/978-3-319-10590-1_53

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        Fitted.
    image : ndarray, shape (H, W), (H, W, 3) or (H, W, 4)
        Pixels as stored.
    feature_names : sequence of str
        Names and order used in training.
    settings : FeatureSettings
        Those of the model.
    label : str
        The class that is explained.
    slope, intercept : float
    spacing : (float, float) or None
        Millimetres between rows and between columns.

    Returns
    -------
    HeatMap or None
        ``None`` when the picture is too large to be measured so often, and when no part matters.

    Raises
    ------
    ValueError
        For a class the model does not know, or features that are missing.
    """
    known = [str(one) for one in pipeline.classes_]
    if label not in known:
        raise ValueError(f"The model does not know class {label!r}; choose one of {', '.join(known)}.")
    prepared = prepare(np.asarray(image), slope=slope, intercept=intercept, settings=settings.preprocess)
    rows, columns = grid_of(*prepared.shape)
    if rows * columns < _FEWEST:
        return None
    if spacing is not None:
        scale = image.shape[0] / prepared.shape[0], image.shape[1] / prepared.shape[1]
        spacing = (spacing[0] * scale[0], spacing[1] * scale[1])
    grey = np.float32(np.median(prepared))
    table = [as_row(measure_prepared(prepared, settings=settings, spacing=spacing), feature_names)]
    for place in range(rows * columns):
        covered = prepared.copy()
        down = _patch(place // columns, rows, prepared.shape[0])
        covered[down, _patch(place % columns, columns, prepared.shape[1])] = grey
        table.append(as_row(measure_prepared(covered, settings=settings, spacing=spacing), feature_names))
    answers = pipeline.predict_proba(np.vstack(table))[:, known.index(label)]
    values = (100.0 * (answers[0] - answers[1:])).reshape(rows, columns).astype(np.float32)
    if not np.abs(values).max() >= 0.05:
        return None
    return HeatMap(label, values, outlines_of(values, image.shape[0], image.shape[1]))


def grid_of(rows: int, columns: int) -> tuple[int, int]:
    """Rows and columns of the map of a picture, cells as square as can be; fewer for large pictures.

    Examples
    --------
    >>> grid_of(224, 224), grid_of(100, 50), grid_of(5000, 4000)
    ((10, 10), (10, 5), (1, 1))
    """
    longer = max(rows, columns)
    side = min(SIDE, longer)
    found = max(1, round(side * rows / longer)), max(1, round(side * columns / longer))
    while found[0] * found[1] * rows * columns > MOST_PIXELS and side > 1:
        side -= 1
        found = max(1, round(side * rows / longer)), max(1, round(side * columns / longer))
    return found


def outlines_of(values: Heat, rows: int, columns: int) -> tuple[tuple[tuple[float, float], ...], ...]:
    """Rings around the cells of more than half of the largest value, in pixels of the picture.

    Examples
    --------
    >>> outlines_of(np.array([[0.0, 8.0]], np.float32), 10, 40)
    (((20.0, 0.0), (40.0, 0.0), (40.0, 10.0), (20.0, 10.0)),)
    """
    most = float(values.max())
    if most <= 0:
        return ()
    across, down = columns / values.shape[1], rows / values.shape[0]
    return tuple(
        tuple((round(float(x) * across, 2), round(float(y) * down, 2)) for x, y in ring)
        for ring in rings(values > most / 2)
    )


def _patch(cell: int, cells: int, size: int) -> slice:
    """Two cells around the middle of one, cut off at the borders."""
    width = size / cells
    middle = (cell + 0.5) * width
    return slice(max(0, round(middle - width)), min(size, round(middle + width)))
