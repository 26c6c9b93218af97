"""Markdown of case texts to HTML that may be shown."""

import re
from functools import lru_cache

import nh3
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from markdown_it import MarkdownIt

from cases.places import Images, link_images

LONGEST = 100_000
"""Characters of one field that are rendered; the model takes no more either."""
DEEPEST = 20
"""Quotes and lists inside one another: each level costs a pass over the text."""

_markdown = MarkdownIt("commonmark", {"html": False, "linkify": False, "maxNesting": DEEPEST}).enable(
    ["table", "strikethrough"]
)
_markdown.core.ruler.push("images", link_images)
_TAGS = {
    "p", "br", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "h3", "h4", "h5", "hr",
    "a", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href", "title", "data-series", "data-frame", "role", "aria-disabled", "tabindex"}}

_HEADING = re.compile(r"<(/?)h([1-6])>")
# A bullet or a number is followed by a blank: "2nd degree AV block" begins with neither.
_BULLET = re.compile(r"^\s*(?:[-*]|\d+[.)])\s+")


def to_html(text: str, images: Images | None = None) -> SafeString:
    """Render and sanitise; the highest heading used becomes level 3, below the section titles of the page.

    Kept by text: every reader of a case would otherwise pay for the same rendering, and a text made for it
    takes seconds.

    Parameters
    ----------
    text : str
        Markdown.
    images : Images, optional
        Images of the case; words such as "slice 23" then lead to them.
    """
    return _rendered((text or "")[:LONGEST], images, get_language() or "")


@lru_cache(maxsize=256)
def _rendered(text: str, images: Images | None, language: str) -> SafeString:
    # The language is part of the key alone: titles of links are in the reader's.
    html = _markdown.render(text, {"images": images} if images else {})
    levels = [int(level) for _slash, level in _HEADING.findall(html)]
    shift = 3 - min(levels, default=3)
    html = _HEADING.sub(lambda m: f"<{m[1]}h{min(int(m[2]) + shift, 5)}>", html)
    clean = nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    return mark_safe(clean)  # noqa: S308


def lines_of(text: str) -> list[str]:
    """Lines of an ordered differential, without the numbers an author may have typed."""
    lines = (_BULLET.sub("", line).strip() for line in text.splitlines())
    return [line for line in lines if line]
