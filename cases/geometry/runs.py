"""Masks as lengths of runs."""

import numpy as np
from numpy.typing import NDArray

from cases.geometry.shapes import Shape

BoolMask = NDArray[np.bool_]


def window(shape: Shape) -> BoolMask:
    """Pixels of a mask inside of its rectangle.

    Parameters
    ----------
    shape : Shape
        Of kind ``mask``.

    Returns
    -------
    ndarray of bool, shape (height, width)
        A new array; its first pixel is the one at the first corner of the shape.

    Raises
    ------
    ValueError
        If the shape is no mask, or its counts do not fill its rectangle.

    Examples
    --------
    >>> corners = ((4.0, 7.0), (7.0, 9.0))
    >>> shape = Shape("6f1c7f52-0c55-4d0e-9a53-1f4f3f4b7f11", "mask", 0, corners, counts=(1, 3, 2))
    >>> window(shape).astype(int).tolist()
    [[0, 1, 1], [1, 0, 0]]
    """
    if shape.kind != "mask":
        raise ValueError(f"only a mask has runs, this is a {shape.kind}")
    x0, y0, x1, y1 = (int(value) for value in shape.bounds)
    height, width = y1 - y0, x1 - x0
    if sum(shape.counts) != height * width:
        raise ValueError(f"the counts fill {sum(shape.counts)} pixels of {height * width}")
    turns = np.arange(len(shape.counts)) % 2 == 1
    return np.repeat(turns, shape.counts).reshape(height, width)


def from_window(
    inside: BoolMask, *, x: int = 0, y: int = 0
) -> tuple[tuple[tuple[float, float], ...], tuple[int, ...]]:
    """Points and counts of the mask of what is true, its rectangle as small as it can be.

    Parameters
    ----------
    inside : ndarray of bool, shape (height, width)
    x, y : int
        Column and row of its first pixel on the frame.

    Returns
    -------
    points : two corners
    counts : tuple of int
        As :class:`cases.geometry.shapes.Shape` has them.

    Raises
    ------
    ValueError
        If nothing is true, or the array has another number of dimensions.

    Examples
    --------
    >>> from_window(np.array([[False, False, False], [False, True, True]]), x=4, y=7)
    (((5.0, 8.0), (7.0, 9.0)), (0, 2))
    """
    if inside.ndim != 2 or inside.dtype != np.bool_:
        raise ValueError(
            f"a mask has rows and columns of bool, not {inside.ndim} dimensions of {inside.dtype}"
        )
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if rows.size == 0:
        raise ValueError("nothing is inside of the mask")
    top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    flat = np.concatenate([[False], inside[top:bottom, left:right].ravel()])
    changes = np.flatnonzero(flat[1:] != flat[:-1])
    ends = np.concatenate([[0], changes, [flat.size - 1]])
    points = ((float(x + left), float(y + top)), (float(x + right), float(y + bottom)))
    counts = np.diff(ends)
    # A run outside of no length comes first when the first pixel is inside; none of no length comes last.
    return points, tuple(int(count) for count in (counts if counts[-1] else counts[:-1]))
