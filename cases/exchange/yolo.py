"""YOLO text files: one line for each shape, in shares of the picture (https://docs.ultralytics.com/datasets/)."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence

from cases.exchange import archives
from cases.exchange.layers import UNLABELLED, Layer, Losses, Picture, Written, labels_of, tell_words_lost
from cases.exchange.outlines import outlines_of
from cases.geometry.shapes import Shape


def write(layers: Sequence[Layer]) -> Written:
    """Boxes for detection in ``detect/``, outlines for segmentation in ``segment/``, the names in YAML."""
    losses = Losses()
    names = labels_of(layers)
    lines: dict[str, list[str]] = defaultdict(list)
    for layer in layers:
        for shape in layer.shapes:
            if not shape.is_closed:
                losses.add("Points, lines, arrows and angles were left out: YOLO knows areas only.")
                continue
            tell_words_lost(losses, shape)
            picture = layer.pictures[shape.frame]
            number = names.index(shape.label or UNLABELLED)
            lines[f"detect/{picture.name}.txt"].append(_line(number, _box(shape, picture)))
            lines[f"segment/{picture.name}.txt"] += [
                _line(number, [n for x, y in ring for n in (x / picture.columns, y / picture.rows)])
                for ring in outlines_of(shape)
            ]
    # JSON is YAML; quotation marks and colons in labels need no further care.
    listed = "".join(f"  {n}: {json.dumps(name, ensure_ascii=False)}\n" for n, name in enumerate(names))
    texts = {"data.yaml": f"nc: {len(names)}\nnames:\n{listed}"}
    texts |= {name: "\n".join(found) + "\n" for name, found in sorted(lines.items())}
    members = {name: text.encode() for name, text in texts.items()}
    return Written(archives.packed(members), "application/zip", ".yolo.zip", losses.told())


def _box(shape: Shape, picture: Picture) -> list[float]:
    x0, y0, x1, y1 = shape.bounds
    width, height = picture.columns, picture.rows
    return [(x0 + x1) / 2 / width, (y0 + y1) / 2 / height, (x1 - x0) / width, (y1 - y0) / height]


def _line(number: int, values: list[float]) -> str:
    return " ".join([str(number), *(f"{value:.8f}" for value in values)])
