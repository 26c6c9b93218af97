"""The rules decide as the standard's table does, and the unknown by removal."""

import json
import re

from cases.imaging import rules
from tests.support import shared


def test_rules_decide_the_unknown_by_removal() -> None:
    assert rules.rule_for(0x00091001).reason == "private"
    assert rules.rule_for(0x00080000).reason == "group-length"
    assert rules.rule_for(0x60020010).reason == "overlay"
    assert rules.rule_for(0x00089999).reason == "unknown"
    assert rules.rule_for(0x00020003).reason == "outside"
    assert rules.rule_for(0x00104000).action is rules.Action.REMOVE
    assert rules.rule_for(0x00280010).action is rules.Action.KEEP


def test_table_equals_the_reference() -> None:
    with shared("security/deid/ps3.15_basic_profile.json").open(encoding="utf-8") as stream:
        reference = json.load(stream)["attributes"]
    expected = {re.sub(r"[(),]", "", row["tag"]).upper().replace("X", "x"): row for row in reference}
    expected["private"] = expected.pop("GGGGEEEE WHERE GGGG IS ODD")
    assert expected.keys() == rules.table().keys()
    for tag, row in rules.table().items():
        theirs = expected[tag]
        assert row.basic == theirs["basic"], tag
        assert row.clean_desc == theirs.get("cleanDescOpt", ""), tag
        assert row.modified_dates == theirs.get("rtnLongModifDatesOpt", ""), tag
        assert row.patient_chars == theirs.get("rtnPatCharsOpt", ""), tag


def test_nothing_the_table_removes_is_kept_without_an_option() -> None:
    for tag, row in rules.table().items():
        if "x" in tag or tag == "private" or row.clean_desc or row.modified_dates or row.patient_chars:
            continue
        action = rules.rule_for(int(tag, 16)).action
        if row.basic == "X":
            assert action is rules.Action.REMOVE, tag
        elif row.basic != "X/Z/U*":
            assert action in set(rules.Action) - {
                rules.Action.KEEP,
                rules.Action.TEXT,
                rules.Action.DESCEND,
            }, tag


def test_without_characteristics_the_table_is_followed_there_too() -> None:
    for tag, row in rules.table().items():
        if not row.patient_chars or "x" in tag:
            continue
        action = rules.rule_for(int(tag, 16), characteristics=False).action
        assert action in (rules.Action.REMOVE, rules.Action.EMPTY, rules.Action.DUMMY), tag
