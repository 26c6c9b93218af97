"""Markdown of case texts to HTML that may be shown."""

import re
from functools import lru_cache

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

LONGEST = 100_000
"""Characters of one field that are rendered; the model takes no more either."""
DEEPEST = 20
"""Quotes and lists inside one another: each level costs a pass over the text."""

_markdown = MarkdownIt("commonmark", {"html": False, "linkify": False, "maxNesting": DEEPEST}).enable(
    ["table", "strikethrough"]
)
_TAGS = {
    "p", "br", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "h3", "h4", "h5", "hr",
    "a", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip


_HEADING = re.compile(r"<(/?)h([1-6])>")


def to_html(text: str) -> SafeString:
    """Render and sanitise; the highest heading used becomes level 3, below the section titles of the page.

    Kept by text: every reader of a case would otherwise pay for the same rendering, and a text made for it
    takes seconds.
    """
    return _rendered((text or "")[:LONGEST])


@lru_cache(maxsize=256)
def _rendered(text: str) -> SafeString:
    html = _markdown.render(text)
    levels = [int(level) for _slash, level in _HEADING.findall(html)]
    shift = 3 - min(levels, default=3)
    html = _HEADING.sub(lambda m: f"<{m[1]}h{min(int(m[2]) + shift, 5)}>", html)
    clean = nh3.clean(
        html,
        tags=_TAGS,
        attributes={"a": {"href", "title"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    return mark_safe(clean)  # noqa: S308
