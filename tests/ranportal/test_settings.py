"""What may be set is written down, and nothing else."""

import re

from django.core.files.base import ContentFile
from django.core.files.storage import storages

from ranportal.settings import BASE_DIR, STORAGES

READ = re.compile(r"""env\.(?:choice|flag|number|text|words)\(\s*"([A-Z_]+)\"""")
SAID = re.compile(r"^([A-Z_]+)=", re.MULTILINE)


def test_each_variable_that_is_read_is_explained_in_the_example():
    read = set(READ.findall((BASE_DIR / "ranportal" / "settings.py").read_text()))
    said = set(SAID.findall((BASE_DIR / ".env.example").read_text()))
    assert read == said


def test_uploads_of_registrants_lie_in_no_public_place(settings):
    private = settings.STORAGES["private"]["OPTIONS"]
    assert settings.MEDIA_URL == "/"
    assert private["base_url"] is None


def test_static_files_can_be_read_by_another_account_than_the_one_that_installs(tmp_path, settings):
    own, plain = ("location", tmp_path), {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    ours = plain | {"OPTIONS": STORAGES["staticfiles"]["OPTIONS"] | dict([own])}
    mode = {}
    for name, storage in {"ours": ours, "without": plain | {"OPTIONS": dict([own])}}.items():
        settings.STORAGES = settings.STORAGES | {name: storage}
        storages[name].save(f"{name}.css", ContentFile(b""))
        mode[name] = (tmp_path / f"{name}.css").stat().st_mode & 0o777

    assert mode == {"ours": 0o644, "without": settings.FILE_UPLOAD_PERMISSIONS}
