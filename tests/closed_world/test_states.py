"""The diagrams in the documentation are those of the code."""

from cases.enums import CaseStatus
from tests.states import FILE, diagram, text


def test_the_diagrams_are_those_of_the_code():
    assert FILE.read_text(encoding="utf-8") == text(), "run: python -m tests.states"


def test_a_move_that_is_gone_is_seen():
    moves = {state: frozenset() for state in CaseStatus.values}
    assert diagram("Case", CaseStatus, moves).count("-->") == 1
