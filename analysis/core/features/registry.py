"""Every feature family by name, the ready-made sets, and the one function that measures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from analysis.core import regions
from analysis.core.features import edges, hog, intensity, lbp, runs, seed, shape, texture, thumb
from analysis.core.features.base import Family, FeatureSpec, Region
from analysis.core.preprocess import PreprocessSettings, prepare, settings_digest

__all__ = [
    "FEATURE_SETS",
    "Family",
    "FeatureSettings",
    "FeatureSpec",
    "extract",
    "families",
    "feature_names",
    "feature_specs",
    "measure_prepared",
]

_FAMILIES = {
    module.FAMILY.name: module.FAMILY
    for module in (intensity, edges, texture, runs, shape, lbp, hog, thumb, seed)
}
# Edge filters look one pixel beyond the region, the wider binary pattern two.
_MARGIN = 2


def families() -> dict[str, Family]:
    """Return every family by name, in the order of presentation."""
    return dict(_FAMILIES)


@dataclass(frozen=True, slots=True)
class FeatureSettings:
    """Which features are measured and how.

    Parameters
    ----------
    families : tuple of str
        Names from :func:`families`, each once.
    n_bins : int
        Grey bins of discretised features, 2..256.
    preprocess : PreprocessSettings

    Raises
    ------
    ValueError
        For an unknown, repeated or missing family, or a number of bins out of range.
    """

    families: tuple[str, ...]
    n_bins: int = 32
    preprocess: PreprocessSettings = field(default_factory=PreprocessSettings)

    def __post_init__(self) -> None:
        unknown = [name for name in self.families if name not in _FAMILIES]
        if unknown:
            raise ValueError(
                f"Unknown feature family {', '.join(unknown)}; choose of {', '.join(_FAMILIES)}."
            )
        if not self.families or len(set(self.families)) != len(self.families):
            raise ValueError("Choose at least one feature family, each only once.")
        if not 2 <= self.n_bins <= 256:
            raise ValueError(f"n_bins is {self.n_bins}; choose 2 to 256 grey bins.")

    def digest(self) -> str:
        """Return the SHA-256 (hex) of settings and family versions: equal digests mean comparable numbers."""
        return settings_digest(
            {
                "families": [[name, _FAMILIES[name].version] for name in self.families],
                "n_bins": self.n_bins,
                "preprocess": self.preprocess.digest(),
            }
        )


_PICTURE = PreprocessSettings(normalise="percentile", max_side=224)
FEATURE_SETS: dict[str, FeatureSettings] = {
    "standard": FeatureSettings(("intensity", "edges", "texture", "shape")),
    "radiomics": FeatureSettings(("intensity", "texture", "runs", "shape")),
    "picture": FeatureSettings(("intensity", "edges", "texture", "lbp", "hog", "thumb"), preprocess=_PICTURE),
    "seed": FeatureSettings(("seed",), preprocess=_PICTURE),
}


def feature_specs(settings: FeatureSettings) -> dict[str, FeatureSpec]:
    """Return what each key of :func:`extract` means, in its order."""
    return {f"{name}.{spec.name}": spec for name in settings.families for spec in _FAMILIES[name].features}


def feature_names(settings: FeatureSettings) -> tuple[str, ...]:
    """Return the keys of :func:`extract`, in order; they depend on the settings alone."""
    return tuple(feature_specs(settings))


def extract(
    image: NDArray[Any],
    *,
    mask: NDArray[Any] | None = None,
    spacing: tuple[float, float] | None = None,
    settings: FeatureSettings,
    slope: float = 1.0,
    intercept: float = 0.0,
) -> dict[str, float]:
    """Measure a picture or a region of it.

    Parameters
    ----------
    image : ndarray, shape (H, W), (H, W, 3) or (H, W, 4)
        Pixels as stored; `settings.preprocess` is applied here, to the whole picture.
    mask : ndarray, shape (H, W), or None
        Zero is outside; ``None`` measures the whole picture.
    spacing : (float, float) or None
        Millimetres between rows and between columns of `image`.
    settings : FeatureSettings
    slope, intercept : float
        Rescale slope and intercept of this frame.

    Returns
    -------
    dict of str to float
        ``family.feature`` to value, always the same keys for the same settings; nan where a feature is
        undefined (shape without a mask, millimetres without a spacing, correlation of a single grey level).

    Raises
    ------
    ValueError
        For a picture that :func:`~analysis.core.preprocess.to_grey` refuses, a mask that is empty or of
        another size, or a spacing that is not positive.

    Examples
    --------
    >>> row = extract(np.arange(16).reshape(4, 4), settings=FeatureSettings(("intensity",)))
    >>> row["intensity.mean"], row["intensity.range"]
    (7.5, 15.0)
    """
    source = np.asarray(image)
    if spacing is not None and not all(np.isfinite(step) and step > 0 for step in spacing):
        raise ValueError(
            f"Pixel spacing {spacing} must be two positive numbers of mm (rows, columns) or None."
        )
    prepared = prepare(source, slope=slope, intercept=intercept, settings=settings.preprocess)
    if mask is None:
        inside = np.ones(prepared.shape, np.bool_)
        box = prepared
    else:
        if np.shape(mask) != source.shape[:2]:
            raise ValueError(
                f"Picture {source.shape[:2]} and mask {np.shape(mask)} differ in size; "
                "draw the mask on this frame."
            )
        box, inside = regions.crop(prepared, _resized(np.asarray(mask) != 0, prepared.shape), _MARGIN)
    if spacing is not None:
        spacing = (
            spacing[0] * source.shape[0] / prepared.shape[0],
            spacing[1] * source.shape[1] / prepared.shape[1],
        )
    return _measured(Region(box, inside, mask is not None, spacing, settings.n_bins), settings)


def measure_prepared(
    prepared: NDArray[np.float32], *, settings: FeatureSettings, spacing: tuple[float, float] | None = None
) -> dict[str, float]:
    """Measure a whole picture that went through ``settings.preprocess`` already.

    Parameters
    ----------
    prepared : ndarray of float32, shape (H, W)
    settings : FeatureSettings
    spacing : (float, float) or None
        Millimetres between rows and between columns of `prepared`.

    Returns
    -------
    dict of str to float
        As :func:`extract`.
    """
    inside = np.ones(prepared.shape, np.bool_)
    return _measured(Region(prepared, inside, False, spacing, settings.n_bins), settings)


def _measured(region: Region, settings: FeatureSettings) -> dict[str, float]:
    out: dict[str, float] = {}
    for name in settings.families:
        family = _FAMILIES[name]
        if family.needs_mask and not region.drawn:
            out |= {f"{name}.{spec.name}": float("nan") for spec in family.features}
        else:
            measured = family.function(region)
            out |= {f"{name}.{spec.name}": measured[spec.name] for spec in family.features}
    return out


def _resized(mask: NDArray[np.bool_], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    if mask.shape == shape:
        return mask
    covered = cv2.resize(mask.astype(np.float32), (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
    half = covered >= 0.5
    # A region thinner than a shrunken pixel would vanish: keep every pixel it touches instead.
    return half if half.any() else covered > 0
