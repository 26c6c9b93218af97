"""References as they are typed."""

import pytest
from django.core.exceptions import ValidationError

from cases.references import Reference, line_of, parse, parse_all, url_of


@pytest.mark.parametrize(
    "typed",
    [
        "10.1148/rg.230034",
        "doi:10.1148/rg.230034",
        "DOI: 10.1148/RG.230034",
        "doi 10.1148/rg.230034.",
        "https://doi.org/10.1148/rg.230034",
        "http://dx.doi.org/10.1148/rg.230034",
        "doi.org/10.1148/rg.230034",
        "<https://doi.org/10.1148/rg.230034>",
        "https://doi.org/10.1148%2Frg.230034",
        "3. (doi:10.1148/rg.230034)",
        "[3] 10.1148/rg.230034,",
    ],
)
def test_every_spelling_is_the_same_doi(typed):
    assert parse(typed) == Reference("", "10.1148/rg.230034")


@pytest.mark.parametrize(
    ("typed", "text", "doi"),
    [
        ("Ann A. Signs. 1999. https://doi.org/10.1000/182.", "Ann A. Signs. 1999.", "10.1000/182"),
        ("See (doi: 10.1000/182), p. 3", "See, p. 3", "10.1000/182"),
        ("Lancet 10.1016/S0140-6736(05)67394-1", "Lancet", "10.1016/s0140-6736(05)67394-1"),
        (
            "MRM. doi:10.1002/(SICI)1522-2594(199911)42:5<952::AID-MRM16>3.0.CO;2-S", "MRM.",
            "10.1002/(sici)1522-2594(199911)42:5<952::aid-mrm16>3.0.co;2-s",
        ),
        ("A book of 1999, chapter 10", "A book of 1999, chapter 10", ""),
        ("doi: forthcoming", "doi: forthcoming", ""),
    ],
)  # fmt: skip
def test_words_and_doi_are_parted(typed, text, doi):
    assert parse(typed) == Reference(text, doi)


@pytest.mark.parametrize("typed", ["doi:11.1148/rg", "https://doi.org/12", "DOI 10.1/x"])
def test_what_calls_itself_a_doi_must_be_one(typed):
    with pytest.raises(ValidationError, match="is no DOI"):
        parse(typed)


def test_lines_are_named_and_doubles_told():
    with pytest.raises(ValidationError) as caught:
        parse_all(["10.1000/182", "", "doi:9/x", "DOI:10.1000/182", "Same words.", "same words"])
    assert [message.split(" “")[0] for message in caught.value.messages] == [
        "Reference 2:",
        "References 1 and 3 are the same. Remove one of them.",
        "References 4 and 5 are the same. Remove one of them.",
    ]


def test_too_long_ones_are_told():
    with pytest.raises(ValidationError, match="at most 600 characters"):
        parse("x" * 601)


@pytest.mark.parametrize(
    "reference", [Reference("Ann. Signs.", "10.1000/182"), Reference("", "10.1000/182"), Reference("A")]
)
def test_a_line_says_the_same_again(reference):
    assert parse(line_of(reference.text, reference.doi)) == reference


def test_addresses_are_escaped():
    assert url_of("10.1002/a<b>#c") == "https://doi.org/10.1002/a%3Cb%3E%23c"
