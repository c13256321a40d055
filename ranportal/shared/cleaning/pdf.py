"""A PDF file, written anew: refused where it would act, and without who wrote it, when and with what."""

import io
import re
import sys
import zlib
from collections.abc import Iterator

import pikepdf
from limits import Refused, run

#: Bytes that all packed parts together may unfold to.
MOST_UNFOLDED = 400 * 1024 * 1024
_STEP = 1024 * 1024

PROTECTED = (
    "This PDF is protected, by a password or against changes, so nobody can check it. Please save it without "
    "protection and choose it again."
)
ACTIVE = (
    "This PDF does something when it is opened: it holds a script, a form that sends, a program or a film. Please "
    "print it to a new PDF and choose that one."
)
ATTACHED = "This PDF carries other files. Please take them out and choose it again."
MIXED = "This file is more than a PDF: there is something else before or behind it. Please save it anew as PDF."
BROKEN = "This PDF cannot be read. Please save it anew as PDF and choose it again."
SWELLS = "This PDF unfolds to far more than its size. Please save it anew as PDF."

#: What an action may do: lead to another page of the same file, or show a web address that a person clicks.
_MILD_ACTIONS = {"/GoTo", "/URI", "/Named", "/Thread", "/SetOCGState", "/Hide", "/Trans", "/GoToDp"}
_ACTIVE_KEYS = {"/JS", "/JavaScript", "/AA", "/XFA", "/RichMediaContent", "/RichMediaSettings", "/Rendition"}
_FILE_KEYS = {"/EmbeddedFiles", "/EmbeddedFile", "/EF", "/Collection", "/RF"}
_ACTIVE_NOTES = {"/RichMedia", "/Movie", "/Sound", "/Screen", "/3D"}
#: Who, when, with what, and the small pictures of former pages.
_TRACES = ("/Metadata", "/PieceInfo", "/LastModified", "/Thumb", "/SpiderInfo")
_OF_NOTES = ("/T", "/M", "/CreationDate", "/NM")
_OTHER_STARTS = re.compile(rb"<!doctype|<html|<script|<svg|<\?xml|<\?php|<body|<iframe", re.IGNORECASE)


def clean(content: bytes) -> bytes:
    """Return the same pages in a file of our own making. Raises Refused."""
    _look_around(content)
    try:
        with pikepdf.open(io.BytesIO(content), suppress_warnings=True) as pdf:
            if pdf.is_encrypted:
                raise Refused(PROTECTED)
            _refuse_what_acts(pdf)
            _refuse_what_swells(pdf)
            _forget_traces(pdf)
            out = io.BytesIO()
            pdf.save(out, deterministic_id=True, preserve_pdfa=False, fix_metadata_version=False)
            return out.getvalue()
    except pikepdf.PasswordError as protected:
        raise Refused(PROTECTED) from protected
    except MemoryError as swollen:
        raise Refused(SWELLS) from swollen
    except (pikepdf.PdfError, ValueError, KeyError, TypeError, RuntimeError, RecursionError) as broken:
        raise Refused(BROKEN) from broken


def _look_around(content: bytes) -> None:
    """What stands before the first part of a PDF and behind its end is for other programs than readers of PDF."""
    head, _, behind = content.rpartition(b"%%EOF")
    start = content[:1024].partition(b" obj")[0]
    if not head:
        raise Refused(BROKEN)
    if not content.startswith(b"%PDF-") or _OTHER_STARTS.search(start) or behind.strip(b"\0\t\n\r \x1a"):
        raise Refused(MIXED)


def _refuse_what_acts(pdf: pikepdf.Pdf) -> None:
    for part in _dictionaries(pdf):
        keys = set(part.keys())
        # A stream with /F lies elsewhere; what is seen of it changes there.
        if isinstance(part, pikepdf.Stream) and "/F" in keys:
            raise Refused(ATTACHED)
        if keys & _FILE_KEYS or part.get("/Subtype") == "/FileAttachment" or part.get("/Type") == "/EmbeddedFile":
            raise Refused(ATTACHED)
        if keys & _ACTIVE_KEYS or part.get("/Subtype") in _ACTIVE_NOTES:
            raise Refused(ACTIVE)
        if _is_action(part) and part.get("/S") not in _MILD_ACTIONS:
            raise Refused(ACTIVE)
        if part.get("/S") == "/URI" and not _leads_to_the_web(part):
            raise Refused(ACTIVE)
    opening = pdf.Root.get("/OpenAction")
    if isinstance(opening, pikepdf.Dictionary) and opening.get("/S") != "/GoTo":
        raise Refused(ACTIVE)


def _is_action(part: pikepdf.Object) -> bool:
    acts = {
        "/Launch",
        "/JavaScript",
        "/SubmitForm",
        "/ImportData",
        "/GoToR",
        "/GoToE",
        "/Movie",
        "/Sound",
        "/Rendition",
    }
    acts |= {"/ResetForm", "/GoTo3DView", "/RichMediaExecute"}
    return part.get("/Type") == "/Action" or part.get("/S") in acts


def _leads_to_the_web(part: pikepdf.Object) -> bool:
    return bool(re.match(rb"(?i)(https?:|mailto:|[a-z0-9/#.][^:]*$)", bytes(part.get("/URI", b""))))


def _dictionaries(pdf: pikepdf.Pdf) -> Iterator[pikepdf.Object]:
    """Every dictionary of the file, those inside of others, too, and those of streams."""
    waiting = [*pdf.objects, pdf.trailer]
    while waiting:
        part = waiting.pop()
        if isinstance(part, pikepdf.Array):
            waiting += [one for one in part if _is_inside(one)]
        elif isinstance(part, pikepdf.Dictionary | pikepdf.Stream):
            yield part
            waiting += [one for _, one in part.items() if _is_inside(one)]


def _is_inside(part: object) -> bool:
    """Whether it stands here and not elsewhere in the file, where it is met by itself."""
    is_container = isinstance(part, pikepdf.Array | pikepdf.Dictionary)
    return is_container and not getattr(part, "is_indirect", False)


def _refuse_what_swells(pdf: pikepdf.Pdf) -> None:
    left = MOST_UNFOLDED
    for stream in _streams(pdf):
        packed = stream.get("/Filter")
        names = [str(name) for name in packed] if isinstance(packed, pikepdf.Array) else [str(packed)]
        if names.count("/FlateDecode") + names.count("/LZWDecode") > 1:
            raise Refused(SWELLS)
        if names[0] == "/FlateDecode":
            left -= _unfolded(stream.read_raw_bytes(), left)
        if left <= 0:
            raise Refused(SWELLS)


def _unfolded(packed: bytes, most: int) -> int:
    """How many bytes it unfolds to, at most about `most`; nothing is kept."""
    reader, size = zlib.decompressobj(), 0
    try:
        while packed and size < most:
            size += len(reader.decompress(packed, _STEP))
            packed = reader.unconsumed_tail
    except zlib.error:
        # A reader of PDF shows what comes before the damage.
        return size
    return size


def _streams(pdf: pikepdf.Pdf) -> Iterator[pikepdf.Stream]:
    return (part for part in pdf.objects if isinstance(part, pikepdf.Stream))


def _forget_traces(pdf: pikepdf.Pdf) -> None:
    if "/Info" in pdf.trailer:
        del pdf.trailer["/Info"]
    for part in _dictionaries(pdf):
        for key in (*_TRACES, *(_OF_NOTES if part.get("/Type") == "/Annot" else ())):
            if key in part:
                del part[key]
    for stream in _streams(pdf):
        if stream.get("/Filter") == "/DCTDecode":
            stream.write(_without_notes(stream.read_raw_bytes()), filter=pikepdf.Name.DCTDecode)


def _without_notes(jpeg: bytes) -> bytes:
    """A JPEG picture without what cameras write beside it; its points stay as they are."""
    kept, place = [jpeg[:2]], 2
    while place + 4 <= len(jpeg) and jpeg[place] == 0xFF:
        mark = jpeg[place + 1]
        if mark == 0xDA:
            break
        length = 2 + int.from_bytes(jpeg[place + 2 : place + 4], "big")
        # 0xE0 says that it is JPEG, 0xE2 what its colours are, 0xEE how they are stored.
        is_note = mark == 0xFE or (0xE0 <= mark <= 0xEF and mark not in (0xE0, 0xE2, 0xEE))
        kept += [] if is_note else [jpeg[place : place + length]]
        place += length
    # Its end; what is behind that is no picture. Among the points these two bytes never stand together.
    points = jpeg[place:].partition(b"\xff\xd9")[0]
    return b"".join([*kept, points, b"\xff\xd9"])


if __name__ == "__main__":
    sys.exit(run(clean))
