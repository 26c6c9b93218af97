"""The sample library: texts agree with the truth, slugs are stable, files can be read."""

import re
from io import BytesIO

import numpy as np
import pydicom
import pytest
from PIL import Image

from cases.imaging.simulated import library, texts
from cases.imaging.simulated.breast_ultrasound import breast_ultrasound
from cases.imaging.simulated.library import teaching_sets, to_png


def written():
    return [
        pytest.param(entry, id=slug)
        for name in ("flagship", "wheel")
        for slug, entry in texts.written_cases(name).items()
    ]


@pytest.mark.parametrize("entry", written())
def test_every_written_case_is_complete(entry):
    text = texts.written_text(entry)
    assert 3 <= len(text.differential) <= 5
    assert all(name and reason for name, reason in text.differential)
    assert text.diagnosis_system in ("radlex", "local")
    assert (text.diagnosis_system == "radlex") == bool(re.fullmatch(r"RID\d+", text.diagnosis_code))
    assert text.level in ("beginner", "intermediate", "advanced")
    assert "### " in text.discussion
    assert len(text.findings) > 80
    assert text.management
    assert text.keywords


@pytest.mark.parametrize("entry", written())
def test_titles_do_not_tell_the_diagnosis(entry):
    said = entry["title"].lower() + entry["history"].lower()
    if entry["slug"].startswith("sim-"):
        assert entry["diagnosis_display"].lower() not in said
        assert "SIMULATED" in entry["history"]
    else:
        assert "no clinical information" in entry["history"]


def test_every_simulated_text_has_its_picture():
    assert set(texts.written_cases("flagship")) == set(library._SERIES) | set(library._PICTURES)


def test_radiograph_texts_agree_with_the_pictures():
    pneumonia = library._PICTURES["sim-radiograph-lobar-pneumonia"]()
    assert (pneumonia.facts["side"], pneumonia.facts["zone"], pneumonia.facts["strength"]) == (
        "right",
        "lower",
        "dense",
    )
    effusion = library._PICTURES["sim-radiograph-pleural-effusion"]()
    assert effusion.facts["side"] == "right"
    assert library._PICTURES["sim-radiograph-normal"]().regions == ()


@pytest.mark.parametrize("slug", ["sim-breast-ultrasound-benign", "sim-breast-ultrasound-malignant"])
def test_ultrasound_texts_state_the_measured_size(slug):
    facts = library._PICTURES[slug]().facts
    findings = texts.written_cases("flagship")[slug]["findings"]
    assert f"{facts['width_mm']} x {facts['height_mm']} mm" in findings
    assert {"enhancement": "enhancement", "shadowing": "shadow"}[facts["posterior"]] in findings


@pytest.mark.parametrize("slug", ["sim-thorax-ct-spiculated-nodule", "sim-thorax-ct-two-nodules"])
def test_ct_texts_state_size_and_side(slug):
    findings = texts.written_cases("flagship")[slug]["findings"]
    for _, diameter, (x, _, _) in library._SERIES[slug].keywords["nodules"]:
        assert f"{diameter:.0f} mm" in findings
        side = ("right", "middle lobe") if x < 0 else ("left",)
        assert any(word in findings for word in side)


def test_wheel_files_can_be_read():
    for entry in texts.written_cases("wheel").values():
        (content,) = library._wheel_file(entry["file"])
        assert pydicom.dcmread(BytesIO(content)).Modality == entry["modality"]


def test_a_file_missing_from_the_wheel_is_named():
    with pytest.raises(FileNotFoundError, match="no_such_file"):
        library._wheel_file("no_such_file.dcm")


@pytest.mark.parametrize("sizes", [{"radiographs": 24, "ultrasounds": 6}])
def test_sets_yield_what_they_promise(sizes):
    for found in teaching_sets(**sizes):
        cases = list(found.cases)
        assert len(cases) == found.count
        assert len({c.slug for c in cases}) == found.count
        assert len({c.label for c in cases}) >= 2
        for case in cases:
            assert "SIMULATED" in case.text.history
            assert "{" not in case.text.findings + case.text.history + case.text.title + case.text.discussion
            assert bool(case.regions) == (case.label in ("opacity", "benign", "malignant"))
            assert case.label not in case.text.title.lower()


def test_set_members_are_stable():
    first, again = (next(next(teaching_sets()).cases) for _ in range(2))
    assert first.slug == again.slug == "sim-chest-radiographs-001"
    assert first.text == again.text
    assert first.load() == again.load()


def test_member_texts_name_the_drawn_side():
    seen = set()
    for case in next(teaching_sets(radiographs=40)).cases:
        if case.label == "opacity":
            centre = np.mean([p for r in case.regions for p in r.points], axis=0)[0]
            side = "right" if centre < 192 else "left"
            assert side in case.text.findings or "both" in case.text.findings
            seen.add(side)
    assert seen == {"left", "right"}


def test_png_keeps_pixels_spacing_and_mark():
    picture = breast_ultrasound(1, kind="normal", size=(200, 256))
    image = Image.open(BytesIO(to_png(picture)))
    assert np.array_equal(np.asarray(image), picture.pixels)
    assert "SIMULATED" in image.text["Comment"]
    assert image.info["dpi"][0] == pytest.approx(25.4 / picture.spacing_mm[1], rel=0.01)
