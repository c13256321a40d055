"""People read plain words: no screen and no mail speaks as a program does."""

import ast

import pytest

from tests.architecture import words
from tests.architecture.house import name_of, python_files, templates, tree


def test_no_template_uses_a_word_of_programs():
    found = {
        name_of(path): words.in_template(path.read_text("utf-8"), is_html=path.suffix == ".html")
        for path in templates()
    }

    assert {name: uses for name, uses in found.items() if uses} == {}


def test_no_label_and_no_message_uses_a_word_of_programs():
    found = {name_of(path): words.in_code(tree(path)) for path in python_files("accounts", "events", "registrations")}

    assert {name: uses for name, uses in found.items() if uses} == {}


@pytest.mark.parametrize(
    ("template", "word"),
    [
        ("<p>Please verify your address.</p>", "verify"),
        ("<h1>{{ title }}</h1><p>Invalid value</p>", "Invalid"),
        ('<input type="submit" value="Submit">', "Submit"),
        ('<img alt="Error">', "Error"),
        ('{% notification "error" "An error has occurred" %}', "error"),
        ("<option value='x'>Rejected</option>", "Rejected"),
        ("{% if form.errors %}Error: {% endif %}", "Error"),
    ],
)
def test_a_word_of_programs_in_a_template_is_found(template, word):
    assert words.in_template(template, is_html=True) == [word]


@pytest.mark.parametrize(
    "template",
    [
        '<button type="submit" class="ecl-button--error" id="token">Send registration</button>',
        '<input type="hidden" name="token" value="submit">',
        '{% if form.errors %}{% icon "error" %}{% endif %}',
        "{# the token is filled in later #}<p>Received.</p>",
        "<script>invalid()</script>",
        "{{ form.errors }}",
    ],
)
def test_words_that_nobody_reads_are_fine(template):
    assert words.in_template(template, is_html=True) == []


def test_a_word_of_programs_in_a_mail_is_found():
    assert words.in_template("Your submission {{ reference }}", is_html=False) == ["submission"]


@pytest.mark.parametrize(
    "snippet",
    [
        "raise Refused('This token is over.')",
        "raise Refused(f'Invalid: {value}')",
        "field = CharField(label='Submit here')",
        "field = CharField(help_text='Must be verified')",
        "self.message_user(request, 'Rejected 3 people.')",
        "messages.warning(request, 'An error')",
        "field = CharField(error_messages={'required': 'Invalid.'})",
        "class State(models.TextChoices):\n    LAPSED = 'lapsed', 'Lapsed'",
    ],
)
def test_a_word_of_programs_in_a_text_of_code_is_found(snippet):
    assert len(words.in_code(ast.parse(snippet))) == 1


@pytest.mark.parametrize(
    "snippet",
    [
        "class State(models.TextChoices):\n    LAPSED = 'lapsed', 'Place given on'",
        "log.warning('token %s', 3)",
        "field = CharField(error_messages={'invalid': 'Enter a day.'})",
        "raise ValidationError(self.error_messages['invalid'], code='invalid')",
        "token = links.token_of(link)",
    ],
)
def test_names_of_code_are_no_words_of_people(snippet):
    assert words.in_code(ast.parse(snippet)) == []
