"""Results as tables: the same rows for the page, the CSV file and the API."""

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.utils.translation import gettext as _

from analysis.core.features.registry import families, feature_specs
from analysis.enums import RegionSource
from analysis.models import Analysis, AnalysisRegion
from analysis.services import features

MAX_COLUMNS = 8
"""Regions beyond this many are in the CSV file only: a wider table cannot be read."""

KEY_FEATURES = (
    "intensity.mean",
    "intensity.median",
    "intensity.min",
    "intensity.max",
    "intensity.hist_entropy",
    "edges.canny_density",
    "texture.contrast",
    "shape.area",
    "shape.feret_max",
)
"""What a reader asks first; shown above the full tables."""

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True)
class Column:
    """What was measured: the whole picture or a region."""

    title: str
    note: str
    unit: str
    values: dict[str, float]


@dataclass(frozen=True)
class Cell:
    value: float | None
    shown: str


@dataclass(frozen=True)
class Row:
    """One feature over all columns."""

    name: str
    words: str
    unit: str
    code: str
    description: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Group:
    """A family of features."""

    name: str
    title: str
    description: str
    rows: list[Row] = field(default_factory=list)


def columns(analysis: Analysis) -> list[Column]:
    regions = analysis.regions.select_related("features", "frame").order_by("position")
    return [
        Column(
            title=_column_title(region),
            note=_("Image %(n)d") % {"n": region.frame.index + 1} if region.frame else "",
            unit=region.frame.unit if region.frame else "",
            values=features.from_json(region.features.values),
        )
        for region in regions
    ]


def _column_title(region: AnalysisRegion) -> str:
    if region.source == RegionSource.IMAGE:
        return _("Whole picture")
    return region.label or _("Region %(n)d") % {"n": region.position}


def groups(found: Sequence[Column], *, query: str = "", undefined: bool = False) -> list[Group]:
    """Features by family; ``query`` keeps those whose name, code or description holds all its words.

    Rows without any value (shape of a whole picture) are left out unless ``undefined``.
    """
    words = query.casefold().split()
    unit = next((column.unit for column in found if column.unit), "")
    known = families()
    made: dict[str, Group] = {}
    for name, spec in feature_specs(features.settings_of(features.MEASURED)).items():
        family, _dot, short = name.partition(".")
        text = f"{family} {short.replace('_', ' ')} {spec.ibsi_code} {spec.description}".casefold()
        if not all(word in text for word in words):
            continue
        cells = tuple(_cell(column.values.get(name, math.nan)) for column in found)
        if not undefined and all(cell.value is None for cell in cells):
            continue
        group = made.setdefault(family, Group(family, family_title(family), known[family].description))
        group.rows.append(
            Row(
                name=name,
                words=feature_words(name),
                unit=spec.unit.replace("grey", unit) if unit else spec.unit,
                code=spec.ibsi_code,
                description=spec.description,
                cells=cells,
            )
        )
    return list(made.values())


def at_a_glance(made: Sequence[Group]) -> Group:
    """The rows of :data:`KEY_FEATURES`, in that order."""
    rows = {row.name: row for group in made for row in group.rows}
    title = _("At a glance")
    return Group("glance", title, "", [rows[name] for name in KEY_FEATURES if name in rows])


def family_title(name: str) -> str:
    titles = {
        "intensity": _("Grey levels"),
        "edges": _("Edges"),
        "texture": _("Texture"),
        "runs": _("Runs"),
        "shape": _("Shape"),
        "lbp": _("Local patterns"),
        "hog": _("Gradients"),
        "thumb": _("Thumbnail"),
        "seed": _("Baseline"),
    }
    return titles.get(name, name)


def spec_words(name: str, description: str) -> str:
    """What a reader sees: the description up to its first colon after the family's own word.

    Examples
    --------
    >>> spec_words("intensity.p10", "Intensity: 10th percentile"), spec_words("shape.area", "Area: pixels")
    ('10th percentile', 'Area')
    """
    head, _colon, rest = description.partition(":")
    short = rest.partition(":")[0].strip()
    if name.startswith("intensity.") and head == "Intensity":
        return short[:1].upper() + short[1:]
    if name.startswith("intensity.") and head == "Histogram":
        return f"{head}: {short}"
    return head


@cache
def _descriptions() -> dict[str, str]:
    return {
        f"{family.name}.{spec.name}": spec.description
        for family in families().values()
        for spec in family.features
    }


def feature_words(name: str) -> str:
    """Words for a feature of any set; of one that this program no longer knows, its name."""
    description = _descriptions().get(name)
    return spec_words(name, description) if description else name.partition(".")[2].replace("_", " ")


def _cell(value: float) -> Cell:
    if math.isnan(value):
        return Cell(None, "–")
    return Cell(value, shown(value))


def shown(value: float) -> str:
    """Four significant digits, whole numbers without a point.

    Examples
    --------
    >>> shown(12.0), shown(0.123456), shown(1234567.8)
    ('12', '0.1235', '1.235e+06')
    """
    if value == int(value) and abs(value) < 1e6:
        return str(int(value))
    return f"{value:.4g}"


def features_csv(analysis: Analysis) -> str:
    """All features of all regions as CSV text, safe to open in a spreadsheet."""
    found = columns(analysis)
    out = io.StringIO()
    writer = csv.writer(out)
    heads = [f"{column.title} ({column.note})" if column.note else column.title for column in found]
    writer.writerow(["family", "feature", "unit", "ibsi_code", *(csv_text(head) for head in heads)])
    for group in groups(found, undefined=True):
        for row in group.rows:
            values = ["" if cell.value is None else repr(cell.value) for cell in row.cells]
            writer.writerow([group.name, row.name, csv_text(row.unit), row.code, *values])
    return out.getvalue()


def csv_text(text: str) -> str:
    """``text`` that no spreadsheet takes for a formula (OWASP: CSV injection).

    Examples
    --------
    >>> csv_text("=1+1"), csv_text("nodule")
    ("'=1+1", 'nodule')
    """
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def explanation(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The features that moved a prediction, ready to show: share of the largest effect, and its direction."""
    largest = max((abs(row["effect"] or 0.0) for row in rows), default=0.0) or 1.0
    return [
        {
            "name": row["name"],
            "family": family_title(row["name"].partition(".")[0]),
            "words": feature_words(row["name"]),
            "value": "–" if row["value"] is None else shown(row["value"]),
            "usual": "–" if row["usual"] is None else shown(row["usual"]),
            "effect": f"{100 * (row['effect'] or 0.0):+.1f}",
            "share": round(abs(row["effect"] or 0.0) / largest, 3),
            "speaks_for": (row["effect"] or 0.0) > 0,
        }
        for row in rows
    ]
