"""A picture, drawn anew: what was beside its points (place, camera, notes, another file) is not in the copy."""

import io
import sys
import warnings

from limits import Refused, run
from PIL import Image, ImageOps, UnidentifiedImageError

#: Points. A scan of a page in fine quality has nine million.
MOST_POINTS = 50_000_000
#: Of the longer side.
MOST_ACROSS = 20_000
_MODES = {"PNG": {"1", "L", "LA", "P", "RGB", "RGBA", "I;16"}, "JPEG": {"L", "RGB", "CMYK"}}


def clean(content: bytes) -> bytes:
    """Return the picture, upright, with nothing but its points; a moving one with its first. Raises Refused."""
    # What is said of odd notes beside the points is of no use: they do not get into the copy.
    warnings.simplefilter("ignore")
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = MOST_POINTS
    try:
        with Image.open(io.BytesIO(content), formats=["PNG", "JPEG"]) as picture:
            # Many telephones put a second, smaller picture behind the first: MPO. The first is a JPEG as any other.
            kind = "PNG" if picture.format == "PNG" else "JPEG"
            if max(picture.size) > MOST_ACROSS or picture.width * picture.height > MOST_POINTS:
                raise Refused("This picture is too large. Please make it smaller: 20,000 points across at most.")
            return _drawn(picture, kind)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError) as broken:
        raise Refused("This picture cannot be read. Please save it anew and choose it again.") from broken
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError) as bomb:
        raise Refused("This picture is too large. Please make it smaller: 20,000 points across at most.") from bomb


def _drawn(picture: Image.Image, kind: str) -> bytes:
    upright = ImageOps.exif_transpose(picture)
    upright.load()
    if upright.mode not in _MODES[kind]:
        upright = upright.convert("RGB")
    copy = Image.new(upright.mode, upright.size)
    if upright.mode == "P":
        copy.putpalette(upright.getpalette() or [])
    copy.paste(upright)
    out = io.BytesIO()
    if kind == "JPEG":
        copy.save(out, "JPEG", quality=90)
    else:
        copy.save(out, "PNG")
    return out.getvalue()


if __name__ == "__main__":
    sys.exit(run(clean))
