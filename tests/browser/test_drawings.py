"""Drawings leave as files, and come back."""

import json
import zipfile
from pathlib import Path

import pydicom
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.steps import Api, Screen, make_case


def test_what_is_drawn_leaves_as_files_and_comes_to_another_reader(
    visit: Visit, api: Api, tmp_path: Path
) -> None:
    case = make_case(api, "There and back", images=3)
    page = visit("instructor", f"/cases/{case['id']}/")
    screen = Screen(page)
    screen.tool("Box")
    screen.drag((0.4, 0.3), (0.6, 0.5))
    screen.has(1)
    series = case["series"][0]
    page.goto(f"/series/{series}/drawings/")
    saved = {}
    for form, suffix in (("COCO", ".json"), ("DICOM SEG", ".dcm"), ("NIfTI", ".zip")):
        with page.expect_download() as waiting:
            page.get_by_role("link", name=f"Download {form}", exact=True).click()
        assert waiting.value.suggested_filename.endswith(suffix)
        saved[form] = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(saved[form])
    assert pydicom.dcmread(saved["DICOM SEG"]).Modality == "SEG"
    assert sorted(zipfile.ZipFile(saved["NIfTI"]).namelist()) == ["labels.json", "labels.nii.gz"]
    assert len(json.loads(saved["COCO"].read_text())["annotations"]) == 1

    other = visit("student", f"/series/{series}/drawings/", width=390, touch=True)
    other.get_by_label("Format").select_option("COCO")
    other.get_by_label("File", exact=True).set_input_files(saved["COCO"])
    other.get_by_role("button", name="Add to my layer").click()
    expect(other.get_by_text("1 shape was added to your layer.")).to_be_visible()
    expect(other.get_by_role("link", name="Download COCO", exact=True)).to_be_visible()
    other.get_by_label("Format").select_option("DICOM SEG")
    other.get_by_label("File", exact=True).set_input_files(saved["DICOM SEG"])
    other.get_by_role("button", name="Add to my layer").click()
    # The box as it is, and the mask that the segmentation made of it.
    expect(other.get_by_role("listitem").filter(has_text="2 shapes")).to_be_visible()
    other.goto(f"/cases/{case['id']}/")
    Screen(other).has(2)


def test_a_file_that_is_no_drawing_says_so(visit: Visit, api: Api, tmp_path: Path) -> None:
    case = make_case(api, "Wrong file")
    page = visit("student", f"/series/{case['series'][0]}/drawings/")
    wrong = tmp_path / "wrong.json"
    wrong.write_text("{}")
    page.get_by_label("Format").select_option("COCO")
    page.get_by_label("File", exact=True).set_input_files(wrong)
    page.get_by_role("button", name="Add to my layer").click()
    expect(page.get_by_text("not COCO JSON")).to_be_visible()
    expect(page.get_by_role("heading", name="No drawings yet")).to_be_visible()
