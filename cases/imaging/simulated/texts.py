"""Written teaching texts: read from ``cases/sample_texts`` and, for set members, filled from templates."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from .records import SampleText, SimulatedPicture
from .shading import generator

FOLDER = Path(__file__).resolve().parents[2] / "sample_texts"
SIMULATED = "SIMULATED CASE - NOT A PATIENT."


@lru_cache(maxsize=8)
def _document(name: str) -> Mapping[str, Any]:
    path = FOLDER / f"{name}.toml"
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise FileNotFoundError(f"The sample text {path} is missing; restore cases/sample_texts.") from error


def written_cases(name: str) -> dict[str, Mapping[str, Any]]:
    """The hand-written cases of one file by slug, in the order of the file.

    Parameters
    ----------
    name : {"flagship", "wheel"}
    """
    return {entry["slug"]: entry for entry in _document(name)["case"]}


def written_text(entry: Mapping[str, Any]) -> SampleText:
    """The text of a hand-written case."""
    return SampleText(
        title=entry["title"],
        history=entry["history"].strip(),
        findings=entry["findings"].strip(),
        differential=tuple((name, reason) for name, reason in entry["differential"]),
        diagnosis_system=entry["diagnosis_system"],
        diagnosis_code=entry["diagnosis_code"],
        diagnosis_display=entry["diagnosis_display"],
        discussion=entry["discussion"].strip(),
        management=entry["management"].strip(),
        modality=entry["modality"],
        body_region=entry["body_region"],
        level=entry["level"],
        keywords=tuple(entry["keywords"]),
    )


def member_text(set_name: str, number: int, picture: SimulatedPicture) -> SampleText:
    """Fill the template of a set member from its simulated truth.

    Parameters
    ----------
    set_name : {"radiograph", "ultrasound"}
    number : int
        Place in the set, counted from one.
    picture : SimulatedPicture
        ``facts["kind"]`` chooses the template, "none" the normal one.

    Returns
    -------
    SampleText
        Title and history are drawn without regard to the label.
    """
    shared = _document("templates")[set_name]
    kind = picture.facts["kind"]
    own = shared["normal" if kind == "none" else kind]
    chance = generator(picture.seed, f"text {set_name}")
    years = int(chance.integers(28, 86))
    days = int(chance.integers(3, 15))
    strength = picture.facts.get("strength", "")
    side = picture.facts.get("side", "")
    words = {
        **picture.facts,
        "number": f"{number:03d}",
        "age": str(years),
        "person": f"{('Man', 'Woman')[int(chance.integers(2))]} of {years} years",
        "days": str(days),
        "Strength": strength.capitalize(),
        "lungs": "both lungs" if side == "both" else f"{side} lung",
    }

    def chosen(lines: list[str]) -> str:
        return str(lines[int(chance.integers(len(lines)))]).format(**words)

    system, code, display = own["diagnosis"]
    return SampleText(
        title=str(shared["title"]).format(**words),
        history=f"{SIMULATED} {chosen(shared['history'])}",
        findings=chosen(own["findings"]),
        differential=tuple((name, reason) for name, reason in own["differential"]),
        diagnosis_system=system,
        diagnosis_code=code,
        diagnosis_display=display,
        discussion=chosen(own["discussion"]),
        management=chosen(own["management"]),
        modality=shared["modality"],
        body_region=shared["body_region"],
        level=shared["level"],
        keywords=tuple(own["keywords"]),
    )
