"""Images that a text speaks of: "slice 23" and ``[the nodule](#series=2&image=23)`` lead to them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from cases.models import Case, Series

# Words of the languages that authors write in most; what stands for a series comes before its image.
_SERIES = r"series|serie|série"
_IMAGE = r"slices?|images?|frames?|pictures?|schicht|bild|coupe|corte|imagen|immagine"
_WORDS = re.compile(
    rf"\b(?:(?:{_SERIES})\s+(?P<series>\d{{1,5}})\s*[,:;/]?\s+)?"
    rf"(?:{_IMAGE})\s+(?:(?:no\.?|nr\.?|#)\s*)?(?P<image>\d{{1,5}})\b"
    # "image 3 weeks later" and "slice 5 mm thick" speak of something else.
    r"(?![.,]?\d|\s*(?:mm|cm|%|s|min|h|hours?|days?|weeks?|months?|years?|x|×|of\s+\d+)\b)",
    re.IGNORECASE,
)
_WRITTEN = re.compile(r"#(?:series=(?P<series>\d{1,5})&)?(?:image|slice)=(?P<image>\d{1,5})", re.IGNORECASE)


@dataclass(frozen=True)
class Stack:
    """A series as texts speak of it."""

    pk: int
    number: int
    count: int
    name: str
    is_localiser: bool = False


@dataclass(frozen=True)
class Images:
    """What texts of a case may lead to."""

    url: str
    stacks: tuple[Stack, ...] = ()

    def find(self, series: int | None, image: int) -> Stack | None:
        """The series that has this image; ``None`` where the case has no such one.

        Without a number the series with most images is meant. A number is that of the series in its files;
        where none or several have it, their place in the strip.
        """
        stack: Stack | None
        if series is None:
            plain = [one for one in self.stacks if not one.is_localiser] or self.stacks
            stack = max(plain, key=lambda one: one.count, default=None)
        else:
            called = [one for one in self.stacks if one.number == series]
            place = self.stacks[series - 1] if 0 < series <= len(self.stacks) else None
            stack = called[0] if len(called) == 1 else place
        return stack if stack is not None and 1 <= image <= stack.count else None


def images_of(case: Case, series: Iterable[Series] | None = None) -> Images:
    """Images of a case that may be shown.

    Parameters
    ----------
    case : Case
        Saved.
    series : iterable of Series, optional
        Those on the page, when they were read already.
    """
    rows = case.series.cleared().filter(frame_count__gt=0) if series is None else series
    stacks = (Stack(row.pk, row.number, row.frame_count, str(row), row.is_localiser) for row in rows)
    return Images(reverse("cases:case", args=[case.pk]), tuple(stacks))


def link_images(state: StateCore) -> None:
    """Rule of markdown-it: make links of what names an image; needs ``images`` in the environment."""
    images: Images | None = state.env.get("images")
    if images is None:
        return
    for block in state.tokens:
        if block.type == "inline" and block.children:
            block.children = _linked(block.children, images)


def _linked(tokens: list[Token], images: Images) -> list[Token]:
    found: list[Token] = []
    inside = 0
    for token in tokens:
        if token.type == "link_open":
            inside += 1
            written = _WRITTEN.fullmatch(str(token.attrGet("href") or "").replace("&amp;", "&"))
            if written:
                token.attrs = _attributes(written, images)
        elif token.type == "link_close":
            inside -= 1
        elif token.type == "text" and not inside:
            found += _words(token, images)
            continue
        found.append(token)
    return found


def _words(token: Token, images: Images) -> list[Token]:
    made: list[Token] = []
    end = 0
    for match in _WORDS.finditer(token.content):
        made.append(Token("text", "", 0, content=token.content[end : match.start()]))
        made.append(Token("link_open", "a", 1, attrs=_attributes(match, images)))
        made.append(Token("text", "", 0, content=match.group(0)))
        made.append(Token("link_close", "a", -1))
        end = match.end()
    return [*made, Token("text", "", 0, content=token.content[end:])] if made else [token]


def _attributes(match: re.Match[str], images: Images) -> dict[str, Any]:
    series = int(match["series"]) if match["series"] else None
    image = int(match["image"])
    stack = images.find(series, image)
    if stack is None:
        told = _("This case has no image %(image)d there that can be shown.") % {"image": image}
        if images.stacks and series is None:
            most = max(one.count for one in images.stacks)
            told = _("There is no image %(image)d: the largest series has %(most)d.") % {
                "image": image,
                "most": most,
            }
        # In the order of the keyboard, or nobody without a mouse learns why it leads nowhere.
        return {"role": "link", "aria-disabled": "true", "tabindex": "0", "title": told}
    return {
        "href": f"{images.url}?series={stack.pk}&image={image}#pictures",
        "data-series": str(stack.pk),
        "data-frame": str(image - 1),
        "title": _("Show image %(image)d of %(series)s") % {"image": image, "series": stack.name},
    }
