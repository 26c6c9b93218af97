"""Headings that a button puts into a section, so that nobody has to remember what a good text has."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Template:
    """Markdown for sections of a case; headings are in the language that most cases are written in."""

    key: str
    name: object
    sections: dict[str, str]


def _headings(*lines: str) -> str:
    return "\n".join(f"**{line}:** " for line in lines)


_HISTORY = _headings("Complaint", "Course", "Previous illness", "Question of the request")
_DISCUSSION = "### Definition\n\n\n### Imaging\n\n\n### What it may be mistaken for\n\n\n### Course\n"
_MANAGEMENT = _headings("Next step", "Treatment", "Follow-up")
_PEARLS = "- \n- \n- "
_COMMON = {"history": _HISTORY, "discussion": _DISCUSSION, "management": _MANAGEMENT, "pearls": _PEARLS}


def _template(key: str, name: object, findings: str, **sections: str) -> Template:
    return Template(key, name, {**_COMMON, "findings": findings, **sections})


TEMPLATES = (
    _template(
        "chest-radiograph",
        _("Chest radiograph"),
        _headings(
            "View and quality", "Lines and tubes", "Lungs", "Pleura", "Heart and mediastinum", "Hila",
            "Bones and soft tissues", "Below the diaphragm",
        ),
    ),
    _template(
        "chest-ct",
        _("Chest CT"),
        _headings(
            "Technique", "Lungs and airways", "Pleura", "Mediastinum and hila", "Heart and vessels",
            "Chest wall and bones", "Upper abdomen",
        ),
    ),
    _template(
        "trauma-radiograph",
        _("Trauma radiograph"),
        _headings("Views", "Alignment", "Bones", "Joints", "Soft tissues", "Old injuries"),
        history=_headings("Mechanism", "Where it hurts", "Neurovascular state"),
        management=_headings("Immobilisation", "Further imaging", "Operation", "Follow-up"),
    ),
    _template(
        "abdomen-ct",
        _("Abdominal CT"),
        _headings(
            "Technique and phases", "Liver and biliary tract", "Pancreas", "Spleen", "Adrenals",
            "Kidneys and urinary tract", "Bowel", "Vessels", "Peritoneum and nodes", "Bones",
        ),
    ),
    _template(
        "head-ct",
        _("Head CT"),
        _headings(
            "Technique", "Brain", "Bleeding", "Ventricles and cisterns", "Midline", "Vessels",
            "Bones and sinuses",
        ),
        history=_headings("Complaint", "Onset", "Neurological state", "Anticoagulants"),
    ),
    _template(
        "brain-mr",
        _("Brain MRI"),
        _headings(
            "Sequences", "Site", "T1 signal", "T2 and FLAIR signal", "Diffusion", "Susceptibility",
            "Enhancement", "Mass effect",
        ),
    ),
    _template(
        "mammography",
        _("Mammography"),
        _headings("Views", "Density", "Masses", "Calcifications", "Asymmetry", "Axilla", "BI-RADS"),
    ),
    _template(
        "ultrasound",
        _("Ultrasound"),
        _headings("Probe and access", "Site", "Size", "Echo pattern", "Margin", "Doppler", "Compression"),
    ),
    _template(
        "microscopy",
        _("Microscopy"),
        _headings("Specimen and stain", "Low power", "High power", "Cells", "Stroma", "Special stains"),
        history=_headings("Site of the specimen", "Clinical question", "Previous findings"),
    ),
)  # fmt: skip


def choices() -> list[dict[str, object]]:
    """Templates as the form carries them: key, name in the reader's language, sections."""
    return [{"key": one.key, "name": str(one.name), "sections": one.sections} for one in TEMPLATES]
