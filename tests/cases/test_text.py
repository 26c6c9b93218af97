"""Texts people type, as the page shows them."""

import pytest

from cases import text


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("1. Pneumonia\n2) Abscess\n- Cyst\n* Scar", ["Pneumonia", "Abscess", "Cyst", "Scar"]),
        ("2nd degree AV block\n3.5 cm cyst\n-1 SD", ["2nd degree AV block", "3.5 cm cyst", "-1 SD"]),
        ("  10.  18q deletion \n\n1.\n", ["18q deletion", "1."]),
    ],
)
def test_only_numbering_is_taken_off_a_differential(typed, shown):
    assert text.lines_of(typed) == shown


def test_a_text_is_rendered_once_however_many_read_it(monkeypatch):
    rendered = []
    usual = text._markdown.render
    monkeypatch.setattr(
        text._markdown, "render", lambda source, env: rendered.append(source) or usual(source, env)
    )
    shown = [text.to_html("Read by *many*, rendered once.") for _reader in range(3)]
    assert set(shown) == {"<p>Read by <em>many</em>, rendered once.</p>\n"}
    assert len(rendered) == 1


def test_what_rendering_costs_is_bounded():
    assert text.to_html(">" * 500 + " deep").count("<blockquote>") <= text.DEEPEST
    assert "tail" not in text.to_html("x" * text.LONGEST + "tail")
    assert text.to_html("") == text.to_html(None) == ""
