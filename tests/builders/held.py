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


def held(case: Case, *, seed: int = 1) -> Series:
    """A series of one picture that the detector has doubts about, attached by the normal intake."""
    outcome = intake.attach(case, [intake.prepare(picture_with_text(seed))])
    series = Series.objects.get(pk=outcome.series.pop())
    assert series.is_held
    return series
