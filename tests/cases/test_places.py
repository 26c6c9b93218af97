"""Words of a text that lead to images."""

import re

import pytest

from cases.places import Images, Stack
from cases.text import to_html

IMAGES = Images(
    "/cases/7/", (Stack(30, 2, 40, "Lung"), Stack(31, 5, 5, "Scout", True), Stack(32, 6, 12, "Bone"))
)


def links(text, images=IMAGES):
    """Words of links, each with where it leads; nothing for those that are switched off."""
    found = re.findall(r"<a ([^>]*)>(.*?)</a>", to_html(text, images))
    return {words: tuple(re.findall(r'data-(?:series|frame)="(\d+)"', attrs)) for attrs, words in found}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("See slice 23.", {"slice 23": ("30", "22")}),
        ("See Image 1, and image 40", {"Image 1": ("30", "0"), "image 40": ("30", "39")}),
        ("series 6 image 12", {"series 6 image 12": ("32", "11")}),
        ("Series 6, slice 1", {"Series 6, slice 1": ("32", "0")}),
        # No series has the number 1 or 3: they are counted as they lie in the strip.
        ("series 3 image 2", {"series 3 image 2": ("32", "1")}),
        ("series 5, image 5", {"series 5, image 5": ("31", "4")}),
        ("Serie 6, Bild 3", {"Serie 6, Bild 3": ("32", "2")}),
        ("[the nodule](#series=6&image=3)", {"the nodule": ("32", "2")}),
        ("[it](#image=23) and [it too](#slice=2)", {"it": ("30", "22"), "it too": ("30", "1")}),
        ("slice 41 and image 0", {"slice 41": (), "image 0": ()}),
        ("series 9 image 1", {"series 9 image 1": ()}),
        ("[gone](#image=99)", {"gone": ()}),
    ],
)
def test_what_names_an_image_leads_to_it(text, found):
    assert links(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "slice 5 mm thick", "image 3 weeks later", "slice 2.5 mm", "image 7 of 30", "the sliced 3 apples",
        "`slice 3`", "[slice 3](https://example.org)", "image quality 3",
    ],
)  # fmt: skip
def test_what_only_looks_like_it_does_not(text):
    assert "data-frame" not in to_html(text, IMAGES)


def test_a_link_that_leads_nowhere_says_why_and_can_be_reached():
    html = to_html("slice 41", IMAGES)
    assert 'title="There is no image 41: the largest series has 40."' in html
    assert 'aria-disabled="true"' in html
    assert 'tabindex="0"' in html
    assert "href" not in html
    assert "no image 2" in to_html("slice 2", Images("/cases/8/"))


def test_a_link_works_without_scripts():
    assert 'href="/cases/7/?series=30&amp;image=23#pictures"' in to_html("slice 23", IMAGES)


def test_texts_of_other_things_have_no_such_links():
    assert to_html("slice 23") == "<p>slice 23</p>\n"


def test_names_of_series_are_no_markup():
    images = Images("/cases/7/", (Stack(1, 1, 5, '"><script>alert(1)</script>'),))
    html = to_html("slice 2 and [x](#image=3)", images)
    assert "<script" not in html
    assert html.count("<a ") == 2
