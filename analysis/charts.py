"""Charts as SVG text, drawn on the server: no script, the same bytes for the same numbers.

Matplotlib is imported inside the functions: it takes longer to load than the rest of the web process.
"""

from __future__ import annotations

import hashlib
import io
import math
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import ArrayLike

from analysis.core.learn.evaluate import Curve, Evaluation

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Theme = Literal["light", "dark"]

# Okabe & Ito 2008, "Color Universal Design": told apart with every kind of colour blindness. Yellow and black
# are left out, since neither can be seen on both a light and a dark page.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
# The second sign beside colour, for print and for those who see no colour at all.
_DASHES = ("-", "--", "-.", ":")
# Matplotlib's settings belong to the process, not to the thread.
_LOCK = threading.Lock()
_TAG = re.compile(r"<[a-zA-Z][^<>]*>")
_STYLE = re.compile(r' style="([^"]*)"')
_ID = re.compile(r' id="([^"]*)"')
_REFERENCE = re.compile(r'(?:url\(|href=")#([^")]+)')
_VIEW = re.compile(r'viewBox="([^"]+)"')
_WIDTH = 6.4
_FONT = 12.0


@dataclass(frozen=True, slots=True)
class _Ink:
    text: str
    line: str
    faint: str


_THEMES = {
    "light": _Ink(text="#0f1720", line="#5b6673", faint="#d5dbe2"),
    "dark": _Ink(text="#e6edf3", line="#9aa7b4", faint="#39434d"),
}


def roc(evaluation: Evaluation, *, theme: Theme = "light") -> str:
    """Return the ROC curves of an evaluation, one for each class (one only when there are two).

    Parameters
    ----------
    evaluation : Evaluation
    theme : {"light", "dark"}
        Colour of the page the chart lies on; the background is transparent.

    Returns
    -------
    str
        An ``<svg>`` element with ``<title>`` and ``<desc>``.

    Raises
    ------
    ValueError
        For an unknown theme.
    """
    curves = _told_apart(evaluation.roc)
    figure, axes, ink = _canvas(theme, 4.8)
    axes.plot([0, 1], [0, 1], color=ink.line, linestyle=":", linewidth=1.2)
    _draw_curves(axes, curves, "AUC")
    axes.set_xlabel("False positives (1 − specificity)")
    axes.set_ylabel("True positives (sensitivity)")
    _legend(axes, "lower right", ink)
    return _svg(figure, "ROC curve", f"Area under the curve: {_areas(curves)}. The dotted line is chance.")


def precision_recall(evaluation: Evaluation, *, theme: Theme = "light") -> str:
    """Return the precision-recall curves of an evaluation, one for each class.

    Parameters, returned text and errors as :func:`roc`.
    """
    figure, axes, ink = _canvas(theme, 4.8)
    _draw_curves(axes, evaluation.precision_recall, "AP")
    axes.set_xlabel("Recall (sensitivity)")
    axes.set_ylabel("Precision (positive predictive value)")
    _legend(axes, "lower left", ink)
    return _svg(
        figure, "Precision-recall curve", f"Average precision: {_areas(evaluation.precision_recall)}."
    )


def confusion(evaluation: Evaluation, *, theme: Theme = "light") -> str:
    """Return the confusion matrix; shading is the share of each true class, numbers are rows.

    Parameters, returned text and errors as :func:`roc`.
    """
    counts = np.array(evaluation.confusion, dtype=np.float64)
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros_like(counts), where=totals > 0)
    size = len(evaluation.labels)
    figure, axes, ink = _canvas(theme, max(3.6, min(7.0, 1.6 + 0.9 * size)))
    from matplotlib.colors import to_rgb
    from matplotlib.patches import Rectangle

    colour = to_rgb(PALETTE[0])
    for row in range(size):
        for column in range(size):
            share = float(shares[row, column])
            axes.add_patch(
                Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=(*colour, share), edgecolor=ink.faint)
            )
            # Nearly all of the blue must be laid on before white reads better than dark on a light page.
            text = "#ffffff" if share > 0.85 else ink.text
            label = f"{int(counts[row, column])}\n{share:.0%}"
            axes.text(column, row, label, ha="center", va="center", color=text, fontsize=_FONT)
    names = [_short(label) for label in evaluation.labels]
    axes.set_xlim(-0.5, size - 0.5)
    axes.set_ylim(size - 0.5, -0.5)
    axes.set_xticks(range(size), names, rotation=30 if size > 3 else 0, ha="right" if size > 3 else "center")
    axes.set_yticks(range(size), names)
    axes.set_xlabel("Predicted")
    axes.set_ylabel("True")
    axes.grid(False)
    told = "; ".join(
        f"{label}: {int(counts[k, k])} of {int(totals[k, 0])} right"
        for k, label in enumerate(evaluation.labels)
    )
    return _svg(figure, "Confusion matrix", f"{told}.")


def importance(pairs: Sequence[tuple[str, float]], *, theme: Theme = "light", top: int = 15) -> str:
    """Return a bar for each of the first `top` (name, value) pairs; bars below zero point left.

    Parameters
    ----------
    pairs : sequence of (str, float)
        In the order to show.
    theme : {"light", "dark"}
    top : int

    Raises
    ------
    ValueError
        For an unknown theme, or no pair at all.
    """
    shown = list(pairs[:top])
    if not shown:
        raise ValueError("There is no feature to draw; give at least one (name, value) pair.")
    figure, axes, ink = _canvas(theme, max(2.4, 1.1 + 0.32 * len(shown)))
    values = [value for _, value in shown]
    colours = [PALETTE[0] if value >= 0 else PALETTE[1] for value in values]
    axes.barh(range(len(shown)), values, color=colours, height=0.7)
    axes.set_yticks(range(len(shown)), [_short(name, 28) for name, _ in shown])
    axes.invert_yaxis()
    axes.axvline(0.0, color=ink.line, linewidth=1.0)
    axes.set_xlabel("Importance")
    axes.grid(axis="y", visible=False)
    told = "; ".join(f"{name} {value:.3g}" for name, value in shown)
    return _svg(figure, "Most important features", f"{told}.")


def class_balance(counts: Mapping[str, int], *, theme: Theme = "light") -> str:
    """Return a bar for each class with its number of rows.

    Parameters
    ----------
    counts : mapping of str to int
    theme : {"light", "dark"}

    Raises
    ------
    ValueError
        For an unknown theme, or no class.
    """
    if not counts:
        raise ValueError("There is no class to draw; give at least one count.")
    figure, axes, ink = _canvas(theme, max(1.8, 0.9 + 0.45 * len(counts)))
    total = sum(counts.values())
    places = range(len(counts))
    axes.barh(places, list(counts.values()), color=PALETTE[0], height=0.7)
    for place, count in zip(places, counts.values(), strict=True):
        share = f" ({count / total:.0%})" if total else ""
        axes.text(count, place, f" {count}{share}", va="center", color=ink.text, fontsize=_FONT)
    axes.set_yticks(places, [_short(name, 28) for name in counts])
    axes.invert_yaxis()
    # Room to the right of the longest bar for its number.
    axes.set_xlim(0, max(1.0, 1.25 * max(counts.values())))
    axes.set_xlabel("Number of rows")
    axes.grid(axis="y", visible=False)
    return _svg(
        figure, "Class balance", "; ".join(f"{name}: {count}" for name, count in counts.items()) + "."
    )


def histogram(
    values: ArrayLike,
    *,
    theme: Theme = "light",
    bins: int = 32,
    title: str = "Histogram",
    unit: str = "",
) -> str:
    """Return a histogram; values that are not finite are left out and told in the description.

    Parameters
    ----------
    values : array-like of float
        Any shape.
    theme : {"light", "dark"}
    bins : int
    title, unit : str
        Name of the chart and of the horizontal axis.

    Raises
    ------
    ValueError
        For an unknown theme, no finite value, or fewer than one bin.
    """
    numbers = np.asarray(values, dtype=np.float64).ravel()
    known = numbers[np.isfinite(numbers)]
    if known.size == 0:
        raise ValueError("There is no finite value to draw; give at least one.")
    counts, edges = np.histogram(known, bins=bins)
    figure, axes, _ = _canvas(theme, 3.2)
    axes.bar(edges[:-1], counts, width=np.diff(edges), align="edge", color=PALETTE[0])
    axes.set_xlabel(unit or "Value")
    axes.set_ylabel("Count")
    axes.grid(axis="x", visible=False)
    left_out = numbers.size - known.size
    told = f"{known.size} values from {known.min():.4g} to {known.max():.4g}, mean {known.mean():.4g}"
    return _svg(figure, title, told + (f"; {left_out} undefined values left out." if left_out else "."))


def _canvas(theme: str, height: float) -> tuple[Figure, Axes, _Ink]:
    """Return an empty transparent figure without pyplot, whose global state is not safe between threads."""
    from matplotlib.figure import Figure

    if theme not in _THEMES:
        raise ValueError(f"theme is {theme!r}; choose one of {', '.join(_THEMES)}.")
    ink = _THEMES[theme]
    figure = Figure(figsize=(_WIDTH, height), layout="constrained")
    figure.patch.set_alpha(0.0)
    axes = figure.subplots()
    axes.patch.set_alpha(0.0)
    axes.tick_params(colors=ink.text, labelsize=_FONT)
    axes.xaxis.label.set(color=ink.text, fontsize=_FONT)
    axes.yaxis.label.set(color=ink.text, fontsize=_FONT)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(ink.line)
    axes.grid(True, color=ink.faint, linewidth=0.8)
    axes.set_axisbelow(True)
    return figure, axes, ink


def _draw_curves(axes: Axes, curves: Sequence[Curve], name: str) -> None:
    for number, curve in enumerate(curves):
        if not curve.x:
            continue
        axes.plot(
            curve.x,
            curve.y,
            color=PALETTE[number % len(PALETTE)],
            linestyle=_DASHES[number % len(_DASHES)],
            linewidth=2.2,
            label=f"{_short(curve.label)} ({name} {curve.area:.3f})",
        )
    axes.set_xlim(-0.01, 1.01)
    axes.set_ylim(-0.01, 1.02)


def _legend(axes: Axes, place: Literal["lower left", "lower right"], ink: _Ink) -> None:
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc=place, frameon=False, labelcolor=ink.text, fontsize=_FONT)


def _told_apart(curves: Sequence[Curve]) -> Sequence[Curve]:
    """Return one of two classes' curves: the other is its mirror image and says nothing new."""
    return curves[1:] if len(curves) == 2 and curves[1].x else curves


def _areas(curves: Sequence[Curve]) -> str:
    return "; ".join(
        f"{curve.label} {'undefined' if math.isnan(curve.area) else format(curve.area, '.3f')}"
        for curve in curves
    )


def _short(label: str, longest: int = 20) -> str:
    # Matplotlib reads text between dollar signs as a formula; a label of that kind would fail to draw.
    text = label if len(label) <= longest else label[: longest - 1] + "…"
    return text.replace("$", r"\$")


def _svg(figure: Figure, title: str, description: str) -> str:
    """Return the figure as an ``<svg>`` element that names itself to screen readers."""
    import matplotlib as mpl

    buffer = io.StringIO()
    with _LOCK, mpl.rc_context({"svg.hashsalt": "medweb", "svg.fonttype": "none"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return _for_page(buffer.getvalue(), title, description)


def _for_page(document: str, title: str, description: str) -> str:
    """Return Matplotlib's document as an element that may stand in a page under the strict content policy.

    The policy forbids ``<style>`` and ``style=""``: every declaration becomes the SVG attribute of the same
    name. Ids are global to a page: those that nothing refers to go, others get a prefix made of the content,
    or two charts would use each other's shapes.
    """
    prefix = "c" + hashlib.sha256(document.encode()).hexdigest()[:10]
    used = set(_REFERENCE.findall(document))

    def rewrite(tag: re.Match[str]) -> str:
        text = _STYLE.sub(lambda found: _attributes(found[1]), tag[0])
        text = _ID.sub(lambda found: f' id="{prefix}{found[1]}"' if found[1] in used else "", text)
        text = text.replace("xlink:href=", "href=")
        return _REFERENCE.sub(lambda found: found[0].replace("#", f"#{prefix}"), text)

    view = _VIEW.search(document)
    start = document.find("<g id=")
    if view is None or start < 0:
        raise RuntimeError(
            "Matplotlib wrote an SVG of unknown form; check its version against the pinned one."
        )
    body = _TAG.sub(rewrite, document[start : document.rindex("</svg>")])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" viewBox="{view[1]}" '
        f'aria-labelledby="{prefix}t {prefix}d" font-family="system-ui, sans-serif" '
        'stroke-linejoin="round" stroke-linecap="butt">'
        f'<title id="{prefix}t">{escape(title)}</title><desc id="{prefix}d">{escape(description)}</desc>'
        f"{body.strip()}</svg>"
    )


def _attributes(style: str) -> str:
    """Return CSS declarations as SVG attributes; the font is set once, on the whole chart."""
    pairs = (part.partition(":") for part in style.split(";") if part.strip())
    named = ((name.strip(), value.strip()) for name, _, value in pairs)
    return "".join(f' {name}="{value}"' for name, value in named if name != "font-family")
