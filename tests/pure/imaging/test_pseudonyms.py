"""Pseudonyms: stable, keyed, inside the rules of DICOM."""

import uuid
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.imaging import pseudonyms
from cases.imaging.pseudonyms import date_shift, patient_key, shift_date, shift_datetime, uid

from .build import SECRET


@given(st.text(max_size=70))
def test_uids_are_valid_uuids_below_the_root(original: str) -> None:
    made = uid(SECRET, original)
    value = uuid.UUID(int=int(made.removeprefix("2.25.")))
    assert len(made) <= 64
    assert value.version == 8
    assert value.variant == uuid.RFC_4122


def test_uids_depend_on_secret_and_original_only() -> None:
    assert uid(SECRET, "1.2.3") == uid(SECRET, "1.2.3\0") == uid(SECRET, " 1.2.3")
    assert len({uid(SECRET, "1.2.3"), uid(SECRET, "1.2.4"), uid(SECRET[::-1], "1.2.3")}) == 3


def test_patient_keys_tell_issuers_apart() -> None:
    keys = {patient_key(SECRET, "1"), patient_key(SECRET, "1", "A"), patient_key(SECRET, "", "1")}
    assert len(keys) == 3
    assert all(len(key) == 16 and int(key, 16) >= 0 for key in keys)


@given(st.text(max_size=20))
def test_shifts_are_at_least_a_year_into_the_past(key: str) -> None:
    assert -3650 <= date_shift(SECRET, key) <= -365


@given(
    st.dates(min_value=date(1900, 1, 1), max_value=date(2100, 1, 1)),
    st.integers(0, 4000),
    st.integers(-3650, -365),
)
def test_shifting_keeps_intervals(start: date, days: int, shift: int) -> None:
    end = start + timedelta(days=days)
    first, last = (datetime.strptime(shift_date(f"{d:%Y%m%d}", shift), "%Y%m%d") for d in (start, end))
    assert last - first == end - start


@pytest.mark.parametrize(
    ("value", "days", "expected"),
    [
        ("20240229", -365, "20230301"),
        ("20240229", -366, "20230228"),
        ("20240301", -1, "20240229"),
        ("2024.02.29", -1, "20240228"),
        ("00010103", -2, "00010101"),
    ],
)
def test_dates_by_hand(value: str, days: int, expected: str) -> None:
    assert shift_date(value, days) == expected


@pytest.mark.parametrize(
    "value", ["", "99999999", "20230229", "2024022", "2024-02-29", "٢٠٢٤٠٢٢٩", "00010101"]
)
def test_no_dates(value: str) -> None:
    with pytest.raises(ValueError):
        shift_date(value, -365)


@pytest.mark.parametrize(
    ("value", "days", "expected"),
    [
        ("2024", -366, "2022"),
        ("202402", -31, "202401"),
        ("20240229", -1, "20240228"),
        ("2024022923", -1, "2024022823"),
        ("2024-0500", -366, "2022-0500"),
        ("20240229-20240301", -1, "20240228-20240229"),
        ("-20240301", -1, "-20240229"),
        ("20240229101112.5+0100-", -1, "20240228101112.5+0100-"),
    ],
)
def test_date_times_of_any_precision_and_ranges(value: str, days: int, expected: str) -> None:
    assert shift_datetime(value, days) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [("20240229-20240301", "20240228-20240229"), ("20240301-", "20240229-")]
)
def test_ranges_of_dates(value: str, expected: str) -> None:
    assert shift_date(value, -1) == expected


@given(st.integers(-3650, -365), st.sampled_from([1904, 1996, 2000, 2020, 2024]))
def test_the_leap_day_is_never_lost(shift: int, year: int) -> None:
    """It becomes another day of the calendar, whose distance to its neighbours is what it was."""
    before, day, behind = (shift_date(f"{year}{text}", shift) for text in ("0228", "0229", "0301"))
    dates = [datetime.strptime(text, "%Y%m%d") for text in (before, day, behind)]
    assert [(dates[1] - dates[0]).days, (dates[2] - dates[1]).days] == [1, 1]
    assert shift_datetime(f"{year}0229101112", shift) == f"{day}101112"


def test_time_of_day_and_zone_stay() -> None:
    assert shift_datetime("20240229235959.123456-0500", -1) == "20240228235959.123456-0500"
    with pytest.raises(ValueError):
        shift_datetime("20240229-123456789", -1)


def test_a_short_secret_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(ValueError, match="set a longer one"):
        pseudonyms.uid(b"short", "1.2")
