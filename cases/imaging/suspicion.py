"""Which objects a person should look at before readers do, and where a scanner put its picture."""

from __future__ import annotations

from collections.abc import Sequence

from pydicom.dataset import Dataset

from .burned import SURE, SURE_OF_SLICES, SURE_OF_SUSPECTS, Box, TextBox
from .elements import plain_text
from .errors import UNREADABLE

_SOP = "1.2.840.10008.5.1.4.1.1."
# Of devices that write on their pictures, and whatever was photographed or captured: prefixes of classes.
_CLASSES = tuple(
    f"{_SOP}{end}."
    for end in (
        "3.1", "6.1", "6.2",  # ultrasound
        "7",  # secondary capture
        "12.1", "12.2", "12.3",  # angiography and fluoroscopy
        "77.1.1", "77.1.4", "77.1.5.1", "77.1.5.2",  # endoscopy, photographs, ophthalmic photographs
    )
)  # fmt: skip
_MODALITIES = frozenset({"US", "IVUS", "XA", "RF", "ES", "XC", "GM", "DMS", "OP", "SC"})
FLAG, KIND, TEXT = "burned-in-flag", "kind", "text"


def suspicion_of(ds: Dataset | None, boxes: Sequence[TextBox]) -> tuple[str, ...]:
    """Codes of why a person should look at the pixels; empty when nobody needs to.

    Parameters
    ----------
    ds : pydicom.Dataset or None
        The header as it came, before de-identification; ``None`` for files that have none.
    boxes : sequence of TextBox
        What the detector found.

    Returns
    -------
    tuple of str
        ``"burned-in-flag"``: Burned In Annotation (0028,0301) is YES. ``"kind"``: ultrasound, angiography,
        endoscopy, photograph or screen capture whose header does not say NO there. ``"text"``: see `boxes`.
    """
    found = []
    if ds is not None:
        flag = _word(ds, "BurnedInAnnotation")
        if flag == "YES":
            found.append(FLAG)
        elif flag != "NO" and (
            f"{_word(ds, 'SOPClassUID')}.".startswith(_CLASSES) or _word(ds, "Modality") in _MODALITIES
        ):
            found.append(KIND)
    if boxes:
        found.append(TEXT)
    return tuple(found)


def sureness_for(ds: Dataset) -> float:
    """How sure the detector has to be of text in an object: see the constants of `burned`."""
    if suspicion_of(ds, ()):
        return SURE_OF_SUSPECTS
    return SURE_OF_SLICES if _word(ds, "Modality") in ("CT", "MR", "PT", "NM") else SURE


def scans_of(ds: Dataset) -> tuple[Box, ...]:
    """Where an ultrasound scanner put its scans: left, top, right and bottom in pixels.

    Empty when the header does not tell, or tells of places that are not in the picture.

    Notes
    -----
    Sequence of Ultrasound Regions (0018,6011), DICOM PS3.3 C.8.5.5.1.
    """
    found = []
    try:
        rows, columns = int(ds.get("Rows") or 0), int(ds.get("Columns") or 0)
        for region in ds.get("SequenceOfUltrasoundRegions") or ():
            left, top = int(region.RegionLocationMinX0), int(region.RegionLocationMinY0)
            right, bottom = int(region.RegionLocationMaxX1) + 1, int(region.RegionLocationMaxY1) + 1
            if not (0 <= left < right <= columns + 1 and 0 <= top < bottom <= rows + 1):
                return ()
            found.append((left, top, right, bottom))
    except UNREADABLE:
        return ()
    return tuple(found)


def _word(ds: Dataset, keyword: str) -> str:
    plain = plain_text(ds, keyword)
    if plain is not None:
        return plain.upper()
    try:
        return str(ds.get(keyword) or "").strip().upper()
    except UNREADABLE:
        return ""
