"""What may be set is written down, and nothing else."""

import re

from ranportal.settings import BASE_DIR

READ = re.compile(r"""env\.(?:text|flag|number|words)\(\s*"([A-Z_]+)\"""")
SAID = re.compile(r"^([A-Z_]+)=", re.MULTILINE)


def test_each_variable_that_is_read_is_explained_in_the_example():
    read = set(READ.findall((BASE_DIR / "ranportal" / "settings.py").read_text()))
    said = set(SAID.findall((BASE_DIR / ".env.example").read_text()))
    assert read == said


def test_uploads_of_registrants_lie_in_no_public_place(settings):
    private = settings.STORAGES["private"]["OPTIONS"]
    assert settings.MEDIA_URL == "/"
    assert private["base_url"] is None
