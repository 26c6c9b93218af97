"""Window presets per modality, in the unit of the pixels."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

Preset = tuple[str, float, float]

CT_PRESETS: tuple[Preset, ...] = (
    (gettext_noop("Soft tissue"), 50, 400),
    (gettext_noop("Lung"), -600, 1500),
    (gettext_noop("Bone"), 400, 1800),
    (gettext_noop("Brain"), 40, 80),
    (gettext_noop("Stroke"), 35, 30),
    (gettext_noop("Subdural"), 75, 215),
    (gettext_noop("Temporal bone"), 600, 2800),
    (gettext_noop("Liver"), 80, 150),
    (gettext_noop("Mediastinum"), 40, 350),
    (gettext_noop("Angio"), 300, 600),
)
# Standardised uptake values: from zero on, as nuclear medicine reads them.
UPTAKE_PRESETS: tuple[Preset, ...] = (
    (gettext_noop("SUV 0 to 5"), 2.5, 5),
    (gettext_noop("SUV 0 to 7"), 3.5, 7),
    (gettext_noop("SUV 0 to 10"), 5, 10),
    (gettext_noop("SUV 0 to 20"), 10, 20),
)
# By modality and unit. Where the numbers of two devices do not mean the same, only percentiles of the image
# help, and those the viewer offers for every image.
PRESETS: dict[tuple[str, str], tuple[Preset, ...]] = {("CT", "HU"): CT_PRESETS, ("PT", "GML"): UPTAKE_PRESETS}


def presets_for(modality: str, unit: str) -> list[dict[str, str | float]]:
    """Named windows of a series; none where its numbers have no meaning that is the same everywhere.

    Parameters
    ----------
    modality : str
        As DICOM writes it, such as ``"CT"``.
    unit : str
        Of the rescaled values, such as ``"HU"``; ``"GML"`` is g/ml, the unit of uptake (PS3.3 C.8.9.1).
    """
    found = PRESETS.get((modality, unit), ())
    return [{"name": _(name), "center": center, "width": width} for name, center, width in found]
