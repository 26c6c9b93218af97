"""Charts: fit for a page under the strict content policy, the same every time, readable by machines."""

import re

import numpy as np
import pytest
from defusedxml import ElementTree

from analysis import charts
from analysis.core.learn.evaluate import evaluate

SVG = "{http://www.w3.org/2000/svg}"
# Attributes that SVG knows; anything else on a shape would be ignored by a browser without a word.
KNOWN = {
    "class",
    "clip-path",
    "d",
    "dy",
    "fill",
    "fill-opacity",
    "font-family",
    "font-size",
    "font-weight",
    "height",
    "href",
    "id",
    "opacity",
    "role",
    "stroke",
    "stroke-dasharray",
    "stroke-dashoffset",
    "stroke-linecap",
    "stroke-linejoin",
    "stroke-miterlimit",
    "stroke-opacity",
    "stroke-width",
    "text-anchor",
    "transform",
    "viewBox",
    "width",
    "x",
    "y",
    "aria-labelledby",
    "letter-spacing",
}
NASTY = '$x_1$ <script>alert(1)</script> & "style=" style="fill:red" $'


def evaluation(labels: list[str]):
    generator = np.random.default_rng(0)
    y = [labels[i % len(labels)] for i in range(90)]
    p = generator.random((90, len(labels)))
    p[np.arange(90), [labels.index(v) for v in y]] += 0.5
    return evaluate(y, p / p.sum(axis=1, keepdims=True), labels, bootstraps=0)


def every(theme: str, labels: list[str]) -> dict[str, str]:
    judged = evaluation(labels)
    return {
        "roc": charts.roc(judged, theme=theme),
        "precision_recall": charts.precision_recall(judged, theme=theme),
        "confusion": charts.confusion(judged, theme=theme),
        "importance": charts.importance([(labels[0], 0.7), ("edges.sobel", -0.2)], theme=theme),
        "class_balance": charts.class_balance({label: k for k, label in enumerate(labels)}, theme=theme),
        "histogram": charts.histogram(np.random.default_rng(1).normal(size=200), theme=theme, unit=labels[0]),
    }


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("labels", [["NORMAL", "PNEUMONIA"], [NASTY, "b", "c", "d"]])
def test_nothing_that_the_content_policy_forbids(theme: str, labels: list[str]):
    for name, svg in every(theme, labels).items():
        root = ElementTree.fromstring(svg)
        elements = list(root.iter())
        tags = {element.tag for element in elements}
        assert not tags & {f"{SVG}script", f"{SVG}style", f"{SVG}metadata", f"{SVG}foreignObject"}, name
        attributes = {key for element in elements for key in element.attrib}
        assert attributes <= KNOWN, (name, attributes - KNOWN)
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", svg), name


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_charts_name_themselves_to_screen_readers(theme: str):
    for svg in every(theme, ["a", "b"]).values():
        root = ElementTree.fromstring(svg)
        assert root.get("role") == "img"
        title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
        assert root.get("aria-labelledby").split() == [title.get("id"), description.get("id")]
        assert title.text
        assert len(description.text) > 10


def test_description_carries_the_numbers():
    judged = evaluation(["sick", "well"])
    assert f"well {judged.roc[1].area:.3f}" in charts.roc(judged)
    assert f"sick: {judged.confusion[0][0]} of 45 right" in charts.confusion(judged)
    assert "sick: 3; well: 4" in charts.class_balance({"sick": 3, "well": 4})
    assert "1 undefined values left out" in charts.histogram([1.0, 2.0, float("nan")])


def test_the_same_numbers_give_the_same_bytes():
    assert every("light", ["a", "b"]) == every("light", ["a", "b"])


def test_ids_of_charts_on_one_page_do_not_meet_and_references_resolve():
    seen: set[str] = set()
    for theme in ("light", "dark"):
        for name, svg in every(theme, ["a", "b", "c"]).items():
            ids = re.findall(r' id="([^"]+)"', svg)
            assert len(ids) == len(set(ids)), name
            assert not seen & set(ids), name
            seen |= set(ids)
            assert set(re.findall(r'(?:url\(|href=")#([^")]+)', svg)) <= set(ids), name


def test_themes_differ_in_ink_and_backgrounds_are_clear():
    light, dark = (charts.class_balance({"a": 1, "b": 2}, theme=theme) for theme in ("light", "dark"))
    assert "#0f1720" in light
    assert "#0f1720" not in dark
    assert "#e6edf3" in dark
    assert "#ffffff" not in light


def test_text_stays_readable_at_480_pixels():
    for name, svg in every("light", ["NORMAL", "PNEUMONIA"]).items():
        width = float(re.search(r'viewBox="0 0 ([\d.]+)', svg)[1])
        sizes = [float(size) for size in re.findall(r'font-size="([\d.]+)px"', svg)]
        assert sizes, name
        assert min(sizes) * 480 / width >= 11, name


def test_labels_appear_as_they_are():
    texts = "".join(ElementTree.fromstring(charts.class_balance({"cost $5_a$ <b>": 2})).itertext())
    assert "cost $5_a$ <b>" in texts


def test_two_classes_have_one_roc_curve_and_undefined_ones_none():
    one = charts.roc(evaluation(["a", "b"]))
    assert one.count("(AUC") == 1
    alone = evaluate(["a"], np.array([[0.9, 0.1]]), ["a", "b"], bootstraps=0)
    assert "undefined" in charts.roc(alone)


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ValueError, match="theme"):
        charts.class_balance({"a": 1}, theme="sepia")
    with pytest.raises(ValueError, match="at least one"):
        charts.class_balance({})
    with pytest.raises(ValueError, match="at least one"):
        charts.importance([])
    with pytest.raises(ValueError, match="at least one"):
        charts.histogram([float("nan")])


def test_matplotlib_and_scikit_learn_stay_unloaded_until_needed():
    import subprocess
    import sys

    code = (
        "import sys, analysis.charts, analysis.core.features.registry, analysis.core.learn.train, "
        "analysis.core.learn.persist; "
        "print([m for m in ('matplotlib', 'sklearn', 'skops', 'scipy.stats') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
