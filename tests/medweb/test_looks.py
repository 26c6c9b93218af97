"""What holds the looks together: strict CSP in templates, names that exist, colours that can be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SCRIPTS = sorted((ROOT / "static" / "js" / "behaviours").glob("*.js"))
TOKENS = (ROOT / "static" / "css" / "tokens.css").read_text(encoding="utf-8")
SPRITE = frozenset(re.findall(r'<symbol id="([\w-]+)"', (ROOT / "static/img/icons.svg").read_text("utf-8")))
PHRASES = frozenset(
    re.findall(r"\bdata-([\w-]+)=", (ROOT / "templates" / "_phrases.html").read_text(encoding="utf-8"))
)

# A script block is data only when it says so; anything else inline is refused by the browser.
INLINE = re.compile(
    r"""(<style\b
        |\sstyle\s*=
        |\son[a-z]+\s*=
        |\shx-on[:a-z-]*\s*=
        |href\s*=\s*["']javascript:
        |<script(?![^>]*\bsrc=)(?![^>]*type="application/json")[^>]*>)""",
    re.VERBOSE | re.IGNORECASE,
)
COMMENT = re.compile(r"\{#.*?#\}|\{%\s*comment\s*%\}.*?\{%\s*endcomment\s*%\}", re.DOTALL)


def inline_code(text: str) -> list[str]:
    """Find what the Content-Security-Policy would refuse."""
    return [match.group(0).strip() for match in INLINE.finditer(COMMENT.sub("", text))]


def colours(theme: int) -> dict[str, tuple[float, float, float]]:
    """Read the colour pairs of tokens.css: theme 0 is light, 1 is dark; channels 0..1."""
    found = {}
    for name, *pair in re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", TOKENS):
        value = pair[theme]
        red, green, blue = (int(value[at : at + 2], 16) / 255 for at in (1, 3, 5))
        found[name] = (red, green, blue)
    return found


def contrast(one: tuple[float, float, float], other: tuple[float, float, float]) -> float:
    """Contrast ratio 1..21 (WCAG 2.2, "contrast ratio" and "relative luminance")."""

    def luminance(colour: tuple[float, float, float]) -> float:
        red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


SURFACES = ("page", "surface", "surface-2", "overlay")
READ = [(text, surface) for text in ("text", "muted", "accent", "danger") for surface in SURFACES] + [
    ("text", "surface-3"),
    ("accent-text", "accent"),
    ("accent-text", "accent-hover"),
    ("danger-text", "danger"),
    *((f"{kind}-soft-text", f"{kind}-soft") for kind in ("accent", "danger", "warning", "success")),
    *(("text", f"{kind}-soft") for kind in ("accent", "danger", "warning", "success")),
]
SEEN = [
    (edge, surface) for edge in ("border-strong", "focus") for surface in ("page", "surface", "overlay")
] + [
    *((f"series-{n}", "surface") for n in range(1, 6)),
]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), READ)
def test_words_can_be_read(theme: int, text: str, ground: str) -> None:
    palette = colours(theme)
    assert contrast(palette[text], palette[ground]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("edge", "ground"), SEEN)
def test_edges_and_series_can_be_seen(theme: int, edge: str, ground: str) -> None:
    palette = colours(theme)
    assert contrast(palette[edge], palette[ground]) >= 3.0


def test_contrast_of_black_on_white_is_21() -> None:
    assert contrast((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)) == pytest.approx(21.0)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_template_has_no_inline_code(path: Path) -> None:
    assert inline_code(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        '<p style="color: red">',
        "<style>p {}</style>",
        '<button onclick="go()">',
        "<script>go()</script>",
        '<a href="javascript:go()">',
        '<div hx-on:click="go()">',
    ],
)
def test_the_inline_check_fires(text: str) -> None:
    assert inline_code(text)


def test_data_blocks_and_files_are_not_inline_code() -> None:
    assert (
        inline_code('<script type="application/json" id="a">{}</script><script src="/a.js"></script>') == []
    )


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_icons_of_a_template_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    named = set(re.findall(r'"_icon\.html" with (?:[^%]*?\s)?name="([\w-]+)"', text))
    named |= set(re.findall(r'"_empty\.html" with (?:[^%]*?\s)?icon="([\w-]+)"', text))
    assert named <= SPRITE


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda p: p.name)
def test_phrases_of_a_script_exist(path: Path) -> None:
    used = set(re.findall(r'\bphrase\(\s*"([\w-]+)"', path.read_text(encoding="utf-8")))
    assert used <= PHRASES


def test_states_of_an_upload_have_phrases() -> None:
    row = (ROOT / "static/js/behaviours/upload-row.js").read_text(encoding="utf-8")
    icons = re.search(r"const ICONS = \{(.*?)\};", row, re.DOTALL)
    assert icons is not None
    pairs = re.findall(r'(\w+): "([\w-]+)"', icons.group(1))
    assert pairs
    assert {f"upload-{state}" for state, _ in pairs} <= PHRASES
    assert {name for _, name in pairs} <= SPRITE
