"""What differs between two revisions of a layer."""

from collections.abc import Iterable
from dataclasses import dataclass

from cases.geometry.shapes import Shape


@dataclass(frozen=True)
class Changes:
    """Shapes that came, went or were changed, by their ids.

    Attributes
    ----------
    added, removed : tuple of Shape
    changed : tuple of (before, after)
    kept : tuple of Shape
        As they were.
    """

    added: tuple[Shape, ...]
    removed: tuple[Shape, ...]
    changed: tuple[tuple[Shape, Shape], ...]
    kept: tuple[Shape, ...]

    @property
    def frames(self) -> dict[int, int]:
        """How much changed on which frame; the frame with the most first, then in order."""
        counts: dict[int, int] = {}
        for shape in (*self.added, *self.removed, *(after for _before, after in self.changed)):
            counts[shape.frame] = counts.get(shape.frame, 0) + 1
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def changes(before: Iterable[Shape], after: Iterable[Shape]) -> Changes:
    """Compare two lists of shapes.

    Parameters
    ----------
    before, after : iterable of Shape
        Ids are unique within each.

    Returns
    -------
    Changes
        In the order of ``after``; what was removed in that of ``before``.

    Examples
    --------
    >>> here = Shape("6f1c7f52-0c55-4d0e-9a53-1f4f3f4b7f11", "point", 0, ((3.0, 4.0),))
    >>> changes([], [here]).added == (here,)
    True
    """
    old = {shape.id: shape for shape in before}
    new = {shape.id: shape for shape in after}
    both = [(old[key], shape) for key, shape in new.items() if key in old]
    return Changes(
        added=tuple(shape for key, shape in new.items() if key not in old),
        removed=tuple(shape for key, shape in old.items() if key not in new),
        changed=tuple((one, other) for one, other in both if one != other),
        kept=tuple(other for one, other in both if one == other),
    )
