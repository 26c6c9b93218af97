"""Feature values against the reference values of the IBSI on its digital phantom."""

import csv

import numpy as np
import pytest

from analysis.core.features import intensity, runs, texture
from analysis.core.features.base import Family, Region
from tests.support import shared

pytestmark = pytest.mark.shared
# The phantom has grey levels 1, 3, 4 and 6: six bins leave them as they are.
BINS = 6


@pytest.fixture(scope="module")
def phantom() -> tuple[np.ndarray, np.ndarray]:
    image = np.load(shared("ibsi/digital_phantom_image_zyx.npy")).astype(np.float32)
    return image, np.load(shared("ibsi/digital_phantom_mask_zyx.npy")) > 0


@pytest.fixture(scope="module")
def reference() -> dict[tuple[str, str], float]:
    with shared("ibsi/ibsi1_reference_values.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["config"] == "digital_phantom" and row["value"]]
    return {(row["aggregation"], row["ibsi_code"]): float(row["value"]) for row in rows}


def assert_agrees(family: Family, found: dict[str, float], reference: dict, aggregation: str) -> None:
    """Every feature of the family has a reference value and equals it to three digits."""
    wrong = {
        spec.name: (found[spec.name], reference[aggregation, spec.ibsi_code])
        for spec in family.features
        if float(f"{found[spec.name]:.3g}") != reference[aggregation, spec.ibsi_code]
    }
    assert not wrong


def levels(phantom: tuple[np.ndarray, np.ndarray]) -> list[np.ndarray]:
    """Return the slices' levels, binned over the whole region as the IBSI does, not slice by slice."""
    image, mask = phantom
    rows = image.shape[0] * image.shape[1]
    whole = Region(image.reshape(rows, -1), mask.reshape(rows, -1), True, None, BINS).levels
    np.testing.assert_array_equal(whole.reshape(image.shape), np.where(mask, image, 0))
    return list(whole.reshape(image.shape))


def mean_of(rows: list[dict[str, float]]) -> dict[str, float]:
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def test_intensity_statistics_and_histogram(phantom, reference):
    image, mask = phantom
    flat = Region(image.reshape(1, -1), mask.reshape(1, -1), True, None, BINS)
    assert len(intensity.FAMILY.features) == 18 + 23
    assert_agrees(intensity.FAMILY, intensity.measure(flat), reference, "")


def test_cooccurrence_of_single_slices_averaged(phantom, reference):
    rows = [texture.from_matrix(texture.cooccurrence(s, BINS)) for s in levels(phantom)]
    assert_agrees(texture.FAMILY, mean_of(rows), reference, "2D_comb")


def test_cooccurrence_merged_over_slices(phantom, reference):
    merged = sum(texture.cooccurrence(s, BINS) for s in levels(phantom))
    assert_agrees(texture.FAMILY, texture.from_matrix(merged), reference, "2_5D_comb")


def test_run_lengths_of_single_slices_averaged(phantom, reference):
    rows = [
        runs.from_matrix(runs.run_lengths(s, BINS), int((s > 0).sum()) * runs.DIRECTIONS)
        for s in levels(phantom)
    ]
    assert_agrees(runs.FAMILY, mean_of(rows), reference, "2D_comb")


def test_run_lengths_merged_over_slices(phantom, reference):
    merged = sum(runs.run_lengths(s, BINS) for s in levels(phantom))
    pixels = int(phantom[1].sum()) * runs.DIRECTIONS
    assert_agrees(runs.FAMILY, runs.from_matrix(merged, pixels), reference, "2_5D_comb")
