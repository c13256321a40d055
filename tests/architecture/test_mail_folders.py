"""One mail is one folder: subject, text and HTML."""

from pathlib import Path

from registrations.enums import MailKind
from tests.architecture.house import ROOT

FILES = {"subject.txt", "body.txt", "body.html"}


def wrong_folders(folder: Path, kinds: set[str]) -> list[str]:
    """Name each kind without exactly its three files, and each folder that is no kind."""
    found = {path.name: {file.name for file in path.iterdir()} for path in folder.iterdir() if path.is_dir()}
    missing = [f"{kind} has no folder" for kind in sorted(kinds - set(found))]
    extra = [f"{name} is no kind of mail" for name in sorted(set(found) - kinds)]
    wrong = [f"{kind} holds {sorted(found[kind])}" for kind in sorted(kinds & set(found)) if found[kind] != FILES]
    return missing + extra + wrong


def test_each_kind_of_mail_has_its_three_files_and_no_other_folder_exists():
    assert wrong_folders(ROOT / "templates" / "mail", set(MailKind.values)) == []


def test_a_missing_file_a_missing_folder_and_a_strange_folder_are_found(tmp_path):
    for folder, files in {"whole": FILES, "half": {"subject.txt"}, "strange": FILES}.items():
        (tmp_path / folder).mkdir()
        for file in files:
            (tmp_path / folder / file).touch()

    assert wrong_folders(tmp_path, {"whole", "half", "absent"}) == [
        "absent has no folder",
        "strange is no kind of mail",
        "half holds ['subject.txt']",
    ]
