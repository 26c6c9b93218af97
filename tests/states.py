"""``python -m tests.states``: write docs/states.md, the diagrams of what can become what, from the code.

A diagram that is drawn by hand tells what was once meant; a test compares the file with what this makes.
"""

import os
import sys
from pathlib import Path
from typing import Any

import django

FILE = Path(__file__).resolve().parent.parent / "docs" / "states.md"
HEAD = """# States

What can become what. Made by `python -m tests.states` from the enumerations and moves in `cases/enums.py`;
change those, then run it again. A dot marks where a row begins.
"""


def diagram(title: str, states: Any, moves: dict[Any, Any]) -> str:
    """One enumeration as a Mermaid diagram, in the order in which its members stand."""
    names = {state.value: f"s{n}" for n, state in enumerate(states)}
    lines = [f"\n## {title}\n", "```mermaid", "stateDiagram-v2"]
    lines += [f'    state "{state.label}" as {names[state.value]}' for state in states]
    lines.append(f"    [*] --> {names[next(iter(states)).value]}")
    for state in states:
        ends = {getattr(end, "value", end) for end in moves[state.value]}
        lines += [f"    {names[state.value]} --> {names[end]}" for end in names if end in ends]
    return "\n".join([*lines, "```", ""])


def text() -> str:
    """The whole file."""
    from django.utils import translation

    from cases import enums

    with translation.override("en"):
        return HEAD + "".join(
            [
                diagram("Case", enums.CaseStatus, enums.CASE_MOVES),
                diagram("Round of review of a case", enums.CaseReviewState, enums.CASE_REVIEW_MOVES),
                diagram("Reading of an unknown", enums.ReadingStage, enums.READING_MOVES),
                diagram("Layer", enums.AnnotationStatus, enums.ANNOTATION_MOVES),
                diagram("Upload", enums.UploadState, enums.UPLOAD_MOVES),
                diagram("Review of a held series", enums.ReviewState, enums.REVIEW_MOVES),
            ]
        )


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "medweb.settings")
    django.setup()
    FILE.write_text(text(), encoding="utf-8")
    sys.stdout.write(f"{FILE.name} is written.\n")


if __name__ == "__main__":
    main()
