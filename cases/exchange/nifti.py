"""A label map for a whole volume: NIfTI, every voxel the number of its label."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from cases.exchange import archives
from cases.exchange.layers import Layer, Losses, Picture, Unreadable, Written, tell_words_lost
from cases.exchange.masks import NAMES, label_maps
from cases.imaging import nifti
from cases.imaging.errors import Refused
from cases.imaging.grids import Grid
from cases.imaging.reslice import Grid as Stack
from cases.imaging.reslice import Slice
from cases.imaging.reslice import grid as stack_of

VOLUME = "labels.nii.gz"
MOST_VOXELS = 1 << 28


def losses(layers: Sequence[Layer]) -> tuple[str, ...]:
    """What the format leaves out of `layers`, without writing it.

    Raises
    ------
    Unreadable
        The pictures are no volume.
    """
    found = Losses()
    _prepared(layers, found)
    return found.told()


def write(layers: Sequence[Layer]) -> Written:
    """A ZIP of the label map of the whole series and ``labels.json`` with the names of the numbers.

    Raises
    ------
    Unreadable
        The pictures are no volume, or a larger one than is written at once.
    """
    told = Losses()
    stack, names, maps = _prepared(layers, told)
    pictures = layers[0].pictures
    values = np.zeros((len(pictures), *stack.shape[1:]), np.uint8)
    for (_name, place), found in maps.items():
        values[place] = found
    # Axes of a file run along the row, down the column and through the slices.
    directions = stack.directions[[2, 1, 0]]
    spacing = (stack.spacing[2], stack.spacing[1], stack.spacing[0])
    data = nifti.write_nifti(
        Grid(_upright(stack, values), (directions * np.array(spacing)[:, None]).T, stack.origin, spacing)
    )
    members = {NAMES: json.dumps(dict(enumerate(names, 1)), ensure_ascii=False).encode(), VOLUME: data}
    return Written(archives.packed(members), "application/zip", ".nifti.zip", told.told())


def _prepared(
    layers: Sequence[Layer], told: Losses
) -> tuple[Stack, list[str], dict[tuple[str, int], NDArray[np.uint8]]]:
    pictures = layers[0].pictures
    try:
        stack = stack_of([_slice(picture) for picture in pictures])
    except Refused as refusal:
        raise Unreadable(f"NIfTI holds volumes only. {refusal.sentence}") from refusal
    if max(np.prod(stack.shape), len(pictures) * np.prod(stack.shape[1:])) > MOST_VOXELS:
        raise Unreadable("This volume is too large to be written at once. Choose PNG masks instead.")
    names, maps = label_maps(layers, told)
    for layer in layers:
        for shape in layer.shapes:
            tell_words_lost(told, shape)
    if stack.sources is not None:
        told.add("The slices stand askew or unevenly: the map was laid onto an upright grid.")
    return stack, names, maps


def _slice(picture: Picture) -> Slice:
    place, turn, spacing = picture.position, picture.orientation, picture.spacing
    if not (place and turn and spacing):
        raise Refused("not-a-volume", "The files do not say where their slices lie in the patient.")
    x, y, z = place
    return Slice((x, y, z), tuple(turn), spacing, (picture.rows, picture.columns))


def _upright(stack: Stack, values: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Labels on the voxels of the grid: each the one that lies nearest, since labels have no means."""
    if stack.sources is None:
        return values
    rows, columns = np.mgrid[0 : stack.shape[1], 0 : stack.shape[2]].astype(np.float32)
    found = np.empty(stack.shape, np.uint8)
    for place, (depth, down, right) in enumerate(stack.sources):
        nearest = values[min(round(float(depth)), len(values) - 1)]
        where = np.stack([rows + np.float32(down), columns + np.float32(right)])
        found[place] = map_coordinates(nearest, where, order=0, mode="constant", cval=0)
    return found
