"""Names and numbers of people leave free text in every spelling; words of the trade and findings stay."""

from pathlib import Path

import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.imaging.deidentify import deidentify
from cases.imaging.identity import Identity, clean_text
from cases.imaging.reader import handled, read_dicom
from cases.imaging.spelling import fold
from tests.support import shared

from .build import SECRET, image, item, sequence, to_file


def _identity(**attributes: object) -> Identity:
    ds = image(**attributes)
    ds.SpecificCharacterSet = "ISO_IR 192"
    return Identity.of(ds)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        # As it stands, in any case, reversed, joined, shortened, with digits and signs at it.
        ("Doe^John", "CT of John Doe", "CT of [removed] [removed]"),
        ("Doe^John", "DOE, JOHN chest", "[removed], [removed] chest"),
        ("Doe^John", "doe_john/T2", "[removed]_[removed]/T2"),
        ("Meier^Anna", "MEIERANNA T1", "[removed] T1"),
        ("Meier^Anna", "annameier2 T1", "[removed]2 T1"),
        ("Meier^Anna", "AMeier T1", "[removed] T1"),
        ("Meier^Anna", "Meier's knee", "[removed] knee"),
        ("Meier^Anna", "Obermeier, Annabelle", "Obermeier, Annabelle"),
        # Hyphens and apostrophes.
        ("Brown-Smith^Jo", "Brown Smith, BROWNSMITH, Brown-Smith", "[removed], [removed], [removed]"),
        ("O'Brien^Pat", "OBrien, O’BRIEN, o brien, O`Brien", "[removed], [removed], [removed], [removed]"),
        ("D’Angelo^Ada", "D'ANGELO dangelo", "[removed] [removed]"),
        # Accents and transliterations.
        ("Müller^Jörg", "MUELLER JOERG, Muller Jorg", "[removed] [removed], [removed] [removed]"),
        ("Mueller^Joerg", "Müller Jörg", "[removed] [removed]"),
        ("Sørensen^Åse", "SORENSEN Soerensen Aase", "[removed] [removed] [removed]"),
        ("Łukasz^Żółć", "Lukasz zolc", "[removed] [removed]"),
        ("Weiß^Uwe", "WEISS weiß", "[removed] [removed]"),
        ("Иванов^Пётр", "Ivanov ИВАНОВ", "[removed] [removed]"),
        ("Παπαδόπουλος^Νίκος", "Παπαδόπουλος, papadopoylos", "[removed], [removed]"),
        # All three groups of a name, and scripts without blanks.
        (
            "Yamada^Tarou=山田^太郎=やまだ^たろう",
            "山田太郎 YAMADA やまだ",
            "[removed][removed] [removed] [removed]",
        ),
        ("Hong^Gildong=洪^吉洞=홍^길동", "홍길동 hong", "[removed][removed] [removed]"),
        # Initials: with dots, as capitals; not where the letters mean something else.
        ("Doe^John^Quincy", "J.D. and J. Q. D. and JQD", "[removed] and [removed] and [removed]"),
        ("Ray^Carl", "CR chest, C.R.", "CR chest, [removed]"),
        ("Doe^John", "adjust jd", "adjust jd"),
        # Titles and fillers are no names.
        ("Doe^John^^Mr", "MR of Doe", "MR of [removed]"),
        ("Anonymous", "Anonymous CT", "Anonymous CT"),
    ],
)
def test_a_name_leaves_text_in_all_its_spellings(name: str, text: str, expected: str) -> None:
    assert _identity(PatientName=name).scrub(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Hodgkin lymphoma staging", "HODGKIN LYMPHOMA", "Non-Hodgkin lymphoma", "Morbus Hodgkin",
        "M. Parkinson", "Parkinson's disease", "Parkinson syndrome", "Baker cyst", "Baker's cyst, left",
        "Cushing disease", "Cushing's syndrome", "Crohn disease", "Ewing sarcoma", "Colles fracture",
        "Wilms tumour",
    ],
)  # fmt: skip
@pytest.mark.parametrize("patient", ["Doe^John", "same"])
def test_eponyms_stay_even_when_the_patient_is_called_so(text: str, patient: str) -> None:
    surname = next(
        word
        for word in ("Hodgkin", "Parkinson", "Baker", "Cushing", "Crohn", "Ewing", "Colles", "Wilms")
        if fold(word) in fold(text)
    )
    identity = _identity(PatientName=f"{surname}^Thomas" if patient == "same" else patient)
    assert identity.scrub(text) == text


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("Hodgkin^Thomas", "CT of Thomas Hodgkin disease", "CT of [removed] [removed] disease"),
        ("Hodgkin^Thomas", "Hodgkin, T. Hodgkin lymphoma", "[removed], T. [removed] lymphoma"),
        ("Parkinson^James", "chest of Parkinson", "chest of [removed]"),
        # Not the name of a finding, whatever noun follows.
        ("Meier^Anna", "Meier position 2, Meier view", "[removed] position 2, [removed] view"),
        ("Park^Ann", "Parkinson, Park", "Parkinson, [removed]"),
    ],
)
def test_a_surname_that_may_be_a_finding_goes_where_it_is_the_patients(
    name: str, text: str, expected: str
) -> None:
    assert _identity(PatientName=name).scrub(text) == expected


def test_people_beside_the_patient_are_people_too() -> None:
    identity = _identity(
        ReferringPhysicianName="Quax^Ulf", OperatorsName=["Zorn^Eva", "CT^Tech"],
        PerformingPhysicianName="Ox^Ed",
        AnatomicRegionSequence=sequence(item(PersonName="Nagy^Ila", PhysiciansOfRecord="Pohl^Uta")),
    )  # fmt: skip
    text = "CT chest for Dr Quax by Zorn, Ox, Nagy and Pohl; technique of the tech"
    kept = "CT chest for Dr [removed] by [removed], [removed], [removed] and [removed]; technique of the tech"
    assert identity.scrub(text) == kept


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("PANCREAS_0001", "Pancreas CT"),
        ("Modality LUT", "Modality LUT test"),
        ("PHANTOM^HEAD", "head phantom"),
    ],
)
def test_labels_of_data_sets_are_no_names(name: str, text: str) -> None:
    assert _identity(PatientName=name).scrub(text) == text


def test_ordinary_words_are_names_when_a_person_has_them() -> None:
    assert _identity(PatientName="Head^John").scrub("CT of Head, John") == "CT of [removed], [removed]"


def test_the_maker_of_the_device_is_no_hospital() -> None:
    identity = _identity(
        Manufacturer="ACME Imaging", InstitutionName="ACME Imaging", StationName="ACME Ward 7"
    )
    assert identity.scrub("ACME Imaging at ACME Ward 7") == "ACME Imaging at [removed]"


def test_values_of_coding_schemes_stay_unless_they_are_the_patients() -> None:
    identity = _identity(PatientID="4711471147")
    assert identity.scrub_code("433466003") == "433466003"
    assert identity.scrub_code("4711471147") == "[removed]"
    out = _clean_codes("12738006", "4711471147")
    assert out == ["12738006", "[removed]"]


def _clean_codes(*values: str) -> list[str]:
    codes = sequence(*(item(CodeValue=value, CodingSchemeDesignator="SCT") for value in values))
    ds = read_dicom(to_file(image(PatientID="4711471147", AnatomicRegionSequence=codes)))
    found = deidentify(ds, secret=SECRET).dataset
    return [code.CodeValue for code in found.AnatomicRegionSequence]


def test_names_in_private_blocks_are_known() -> None:
    ds = image()
    ds.private_block(0x0009, "ACME", create=True).add_new(0x01, "PN", "Hidden^Ann")
    assert "hidden" in Identity.of(ds).words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ID-4711-77 chest", "[removed] chest"),
        ("id 4711 77, ID471177", "[removed], [removed]"),
        ("acc 000AB99x, 0AB 99x", "acc [removed], [removed]"),
        ("47117 and 99", "47117 and 99"),
        ("at General Hospital Ulm", "at [removed]"),
        ("General view", "General view"),
        ("born 2 Jan 1961, Feb 3rd, 1999", "born [removed], [removed]"),
        ("93 y/o, 45 y, 101 years", "[removed], 45 y, [removed]"),
        ("tel 030 12345 678, x@y.org", "tel [removed], [removed]"),
        ("T2 TSE 512x512 5.0mm 120kV 1.25/3.75", "T2 TSE 512x512 5.0mm 120kV 1.25/3.75"),
    ],
)
def test_numbers_places_dates_and_ages_leave_text(text: str, expected: str) -> None:
    identity = _identity(
        PatientID="ID-4711-77", AccessionNumber="AB99x", InstitutionName="General Hospital Ulm"
    )
    assert identity.scrub(text) == expected


def test_region_names_are_cleaned_on_one_line() -> None:
    identity = _identity(PatientName="Doe^John")
    assert (
        clean_text("GTV Doe\n\nJohn  " + "x" * 200, identity)
        == ("GTV [removed] [removed] " + "x" * 200)[:120].strip()
    )


def test_names_in_other_character_sets() -> None:
    """Every name of the files in other character sets is found again in a sentence."""
    folder: Path = shared("data/08_dicom_odd_cases/charsets")
    files = sorted(folder.glob("*.dcm"))
    assert len(files) > 5
    for path in files:
        with handled():
            ds = pydicom.dcmread(path, force=True)
            name = ds.get("PatientName", pydicom.valuerep.PersonName(""))
            groups = [str(part) for part in (name.alphabetic, name.ideographic, name.phonetic) if part]
        identity = Identity.of(ds)
        for group in groups:
            words = [word for word in group.replace("^", " ").split() if len(word) > 1]
            text = " ; ".join(words)
            assert not [word for word in words if fold(word) in fold(identity.scrub(text))], path.name


@settings(max_examples=200, deadline=None)
@given(st.text(min_size=3, max_size=14), st.text(max_size=30), st.text(max_size=30))
def test_whatever_the_name_it_is_not_left(name: str, before: str, behind: str) -> None:
    """For any word of letters; what is no word, such as a digit or a filler, names nobody."""
    identity = _identity(PatientName=f"{name}^Ann")
    folded = {word for word in identity.words if len(word) > 2}
    left = fold(identity.scrub(f"{before} {name} {behind}"))
    plain = fold(name)
    if plain in folded and plain.isalpha():
        assert f" {plain} " not in f" {left} ".replace(fold(before), "").replace(fold(behind), "")
