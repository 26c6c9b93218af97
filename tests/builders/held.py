"""Series that wait at the desk."""

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from cases.models import Case, Series
from cases.services import intake

WORDS = "SCHMIDT, Anna 03.04.1971"


def picture_with_text(seed: int = 1, *, rows: int = 160, columns: int = 240, words: str = WORDS) -> bytes:
    """A grey PNG with a name written into its pixels, white, from (8, 10) on."""
    noise = np.random.default_rng(seed).normal(90, 4, (rows, columns))
    image = Image.fromarray(noise.clip(0, 255).astype(np.uint8))
    ImageDraw.Draw(image).text((8, 10), words, fill=255, font=ImageFont.load_default(14))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def pages_with_text(pages: int) -> bytes:
    """A TIFF of several pages with the same name on each."""
    images = [Image.open(io.BytesIO(picture_with_text(seed))) for seed in range(1, pages + 1)]
    out = io.BytesIO()
    images[0].save(out, "TIFF", save_all=True, append_images=images[1:])
    return out.getvalue()


def held(case: Case, *, seed: int = 1, pages: int = 1) -> Series:
    """A series of one object that the detector has doubts about, attached by the normal intake."""
    data = picture_with_text(seed) if pages == 1 else pages_with_text(pages)
    outcome = intake.attach(case, [intake.prepare(data)])
    series = Series.objects.get(pk=outcome.series.pop())
    assert series.is_held
    return series
