"""Labels offered while drawing, with their colours (Okabe-Ito, distinguishable to the colour-blind)."""

from cases.enums import BodyRegion
from cases.models import Case

COLOURS = ("#56B4E9", "#E69F00", "#009E73", "#F0E442", "#CC79A7", "#D55E00", "#0072B2", "#999999")

_BY_REGION: dict[str, tuple[str, ...]] = {
    BodyRegion.CHEST: ("Nodule", "Opacity", "Effusion", "Pneumothorax", "Lymph node"),
    BodyRegion.BREAST: ("Mass", "Cyst", "Calcification", "Shadowing"),
    BodyRegion.ABDOMEN: ("Lesion", "Cyst", "Stone", "Free fluid", "Lymph node"),
    BodyRegion.HEAD: ("Haemorrhage", "Infarct", "Mass", "Oedema"),
    BodyRegion.BLOOD: ("RBC", "WBC", "Platelets"),
    BodyRegion.CELLS: ("Nucleus", "Mitosis"),
}
_ALWAYS = ("Lesion", "Normal structure", "Artefact")


def labels_for(case: Case, used: list[str]) -> list[dict[str, str]]:
    """Labels already used on the case first, then those usual for its body region."""
    names: list[str] = []
    for name in [*used, *_BY_REGION.get(case.body_region, ()), *_ALWAYS]:
        if name.casefold() not in {known.casefold() for known in names}:
            names.append(name)
    return [
        {"code": name.lower().replace(" ", "-"), "label": name, "color": COLOURS[n % len(COLOURS)]}
        for n, name in enumerate(names[:24])
    ]
