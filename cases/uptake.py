"""Uptake (SUVbw) of a series for people: why it is not known, and windows in its unit."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from cases.models import Frame
from cases.presets import UPTAKE_PRESETS

# By the codes of cases.imaging.suv.Uptake.
SENTENCES = {
    "units": gettext_noop("its unit is neither Bq/ml nor g/ml"),
    "kind": gettext_noop("its uptake is not by body weight"),
    "corrections": gettext_noop("it is not corrected for attenuation"),
    "decay": gettext_noop("the header does not say to which time its decay is corrected"),
    "counts": gettext_noop("it holds counts without the maker's factor"),
    "weight": gettext_noop("the header names no weight of the patient"),
    "dose": gettext_noop("the header names no usable dose"),
    "half-life": gettext_noop("the header names no half-life"),
    "injection": gettext_noop("the header names no time of injection"),
    "scan": gettext_noop("the header names no time of the scan"),
    "times": gettext_noop("the times of injection and scan contradict each other"),
}


def sentence_of(problem: str) -> str:
    """Why uptake is not known, in words; empty without a problem."""
    if not problem:
        return ""
    return _("SUV is not known: %(reason)s.") % {"reason": _(SENTENCES.get(problem, SENTENCES["units"]))}


def uptake_presets(frames: Sequence[Frame]) -> list[dict[str, str | float]]:
    """Windows in g/ml, where every frame has its factor."""
    if not frames or any(not frame.uptake_factor for frame in frames):
        return []
    return [{"name": _(name), "center": center, "width": width} for name, center, width in UPTAKE_PRESETS]
