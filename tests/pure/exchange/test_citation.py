"""Cases as references: what comes back from a reader of the format is what was cited."""

from dataclasses import replace
from datetime import date

import pytest
import rispy
from hypothesis import given
from hypothesis import strategies as st
from pybtex.database import parse_string

from cases.exchange.citation import Work, to_bibtex, to_ris, to_text

WORK = Work(
    number=7,
    title="Round opacity & a cough: 50 % of HER2+",
    authors=(
        "Ina Instructor",
        "Department of Radiology, Pathology, Surgery, and Others",
        "José Peña",
        "王伟",
    ),
    publisher="MedWeb",
    url="https://school.example/cases/7/",
    version=3,
    published=date(2025, 1, 2),
    seen=date(2026, 11, 23),
)
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=40)


def test_as_text() -> None:
    assert to_text(replace(WORK, authors=("A. Doe", "B. Poe"))) == (
        "A. Doe, B. Poe. Round opacity & a cough: 50 % of HER2+. MedWeb, 2025, case 7, version 3. "
        "https://school.example/cases/7/ (accessed 2026-11-23)."
    )


def test_a_draft_has_no_year() -> None:
    draft = replace(WORK, published=None)
    assert "MedWeb, case 7" in to_text(draft)
    assert "year" not in to_bibtex(draft)
    assert "PY  -" not in to_ris(draft)


def test_bibtex_is_read_back() -> None:
    (entry,) = parse_string(to_bibtex(WORK), "bibtex").entries.values()
    assert entry.fields["title"] == "{" + WORK.title.replace("&", r"\&").replace("%", r"\%") + "}"
    assert entry.fields["url"] == WORK.url
    assert (entry.fields["year"], entry.fields["urldate"]) == ("2025", "2026-11-23")
    names = [str(person) for person in entry.persons["author"]]
    assert names[0] == "Instructor, Ina"
    assert names[1] == "{Department of Radiology, Pathology, Surgery, and Others}"
    assert names[3] == "王伟"


def test_ris_is_read_back() -> None:
    (found,) = rispy.loads(to_ris(WORK))
    assert found["type_of_reference"] == "ELEC"
    assert found["title"] == WORK.title
    assert tuple(found["authors"]) == WORK.authors
    assert found["urls"] == [WORK.url]
    assert found["year"] == "2025"


@given(title=NAMES, authors=st.lists(NAMES, min_size=1, max_size=3))
def test_whatever_people_write_stays_one_reference(title: str, authors: list[str]) -> None:
    work = replace(WORK, title=title, authors=tuple(authors))
    assert len(parse_string(to_bibtex(work), "bibtex").entries) == 1
    (found,) = rispy.loads(to_ris(work))
    assert found["urls"] == [WORK.url]
    assert "\n" not in to_text(work)


@pytest.mark.parametrize("title", ["A\nTY  - JOUR\nER  - ", "}\n@misc{x, title={y}", "{", "}}}"])
def test_nobody_smuggles_a_second_reference_in(title: str) -> None:
    work = replace(WORK, title=title, authors=(title,))
    assert len(parse_string(to_bibtex(work), "bibtex").entries) == 1
    assert len(rispy.loads(to_ris(work))) == 1
