"""Labels offered while drawing, with their colours (Okabe-Ito, distinguishable to the colour-blind)."""

from cases.enums import BodyRegion, TermSystem
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


def labels_for(case: Case, used: list[tuple[str, str]]) -> list[dict[str, str]]:
    """Labels that the author puts first, then those used on the case, then those usual for its body region.

    Parameters
    ----------
    case : Case
    used : list of (str, str)
        Labels of drawings with their codes, empty for own words.

    Returns
    -------
    list of dict
        code, label, color, term; at most 24. ``term`` is ``""`` or such as ``"radlex:RID50149"``.
    """
    found: dict[str, dict[str, str]] = {}

    def offer(name: str, term: str = "", colour: str = "") -> None:
        known = found.setdefault(name.casefold(), {"code": "", "label": name, "color": colour, "term": term})
        known["term"] = known["term"] or term

    for set_first in case.labels.select_related("term"):
        term = set_first.term
        code = f"{term.system}:{term.code}" if term is not None and term.system != TermSystem.LOCAL else ""
        offer(set_first.label, code, set_first.colour)
    for name, code in used:
        offer(name, code)
    for name in (*_BY_REGION.get(case.body_region, ()), *_ALWAYS):
        offer(name)
    rows = list(found.values())[:24]
    taken = {row["color"].upper() for row in rows}
    free = [colour for colour in COLOURS if colour.upper() not in taken] or list(COLOURS)
    fresh = [row for row in rows if not row["color"]]
    for n, row in enumerate(fresh):
        row["color"] = free[n % len(free)]
    for row in rows:
        row["code"] = row["label"].lower().replace(" ", "-")
    return rows
