"""Small files of the kinds that people hand in, harmless and true: the portal stores them byte for byte as they are."""

import io
import random
from functools import cache

import pikepdf
from PIL import Image

from ranportal.shared import cleaning


@cache
def pdf(words: str = "One page.", *, kilobytes: int = 0) -> bytes:
    """A PDF of one page that says these words (plain letters), about so large."""
    with pikepdf.new() as made:
        page = made.add_blank_page(page_size=(595, 842))
        page.Contents = made.make_stream(f"BT /F1 12 Tf 72 720 Td ({words}) Tj ET".encode())
        # What nothing packs any further, as a photograph.
        page.Padding = made.make_stream(random.Random(1).randbytes(kilobytes * 1000))
        out = io.BytesIO()
        made.save(out)
    return cleaning.cleaned(out.getvalue(), "application/pdf")


@cache
def picture(kind: str = "PNG") -> bytes:
    """A small picture of this kind: PNG or JPEG."""
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "navy").save(out, kind)
    return cleaning.cleaned(out.getvalue(), f"image/{kind.lower()}")
