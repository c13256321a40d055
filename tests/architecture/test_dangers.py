"""Dangerous tools lie in few places, each with its reason: where one is used anew, somebody explains it here first."""

import ast

import pytest

from tests.architecture import dangers
from tests.architecture.house import APPS, name_of, python_files, templates, tree

#: What each tool is allowed for, file by file.
ALLOWED: dict[dangers.Finder, dict[str, str]] = {
    dangers.markup: {
        "ranportal/shared/markdown.py": "what leaves the sanitiser",
        "registrations/admin/outbox.py": "the structure of a mail of ours, after the sanitiser",
        "registrations/pictures.py": "a picture whose labels the tree has escaped",
    },
    dangers.statements: {
        "ranportal/shared/free_space.py": "overwriting deleted rows; names of tables, quoted, from the models",
        "ranportal/shared/health.py": "one constant that asks whether the database answers",
        "ranportal/shared/keeping/database.py": "what a backup holds; names of tables, quoted, from the database",
        "ranportal/shared/keeping/postgresql.py": "backup and restore; names, quoted, from the database itself",
        "ranportal/shared/keeping/sqlite.py": "backup and restore; names, quoted, from the database itself",
        "registrations/mail/leases.py": "a prepared statement with parameters, for a thousand mails a minute",
        "registrations/services/addresses.py": "a lock on an address, by parameter",
        "registrations/management/commands/grant_run_time.py": "rights of a role, whose name is quoted",
        "registrations/services/looking.py": "cutting the access log by its owner's function, by parameter",
    },
    dangers.unprotected: {},
    dangers.runs_data: {
        "ranportal/web_server.py": "a constant: the library looks for its folder when it is loaded",
    },
    dangers.clients: {
        "accounts/views.py": "what OpenID Connect raises when the provider is away; the provider is a setting",
        "ranportal/shared/s3.py": "the store of files: a setting",
        "registrations/mail/mailboxes.py": "the mailbox of returned mails (IMAP): a setting",
        "registrations/mail/relay.py": "the mail relay (SMTP): a setting",
    },
}
#: Templates that may hold what others may not.
ALLOWED_TEMPLATES = {"templates/mail/base.txt": "plain text: an entity would be read as it stands"}


@pytest.mark.parametrize("find", ALLOWED, ids=lambda find: find.__name__)
def test_a_dangerous_tool_is_used_where_a_reason_stands_and_nowhere_else(find):
    found = {name_of(path) for path in python_files(*APPS) if find(tree(path))}

    assert found == set(ALLOWED[find])


def test_templates_escape_and_hold_neither_script_nor_style():
    found = {name_of(path) for path in templates() if dangers.in_template(path.read_text("utf-8"))}
    of_mails = {name for name in found if name.startswith("templates/mail/") and name.endswith(".html")}

    assert of_mails == set()
    assert found == set(ALLOWED_TEMPLATES)


EXAMPLES: dict[dangers.Finder, list[str]] = {
    dangers.markup: [
        "mark_safe(name)",
        "SafeString(name)",
        "format_html(template, name)",
        "format_html(f'<b>{name}</b>')",
        "format_html('<b>' + name + '</b>')",
        "format_html_join('', line, rows)",
    ],
    dangers.statements: [
        "Event.objects.raw(sql)",
        "Event.objects.extra(where=[sql])",
        "cursor.execute(sql)",
        "RawSQL(sql, [])",
    ],
    dangers.unprotected: ["from django.views.decorators.csrf import csrf_exempt", "view = csrf_exempt(view)"],
    dangers.runs_data: [
        "eval(text)",
        "exec(text)",
        "import pickle",
        "from marshal import loads",
        "yaml.load(text, Loader=yaml.Loader)",
        "subprocess.run(command, shell=True)",
        "os.system(command)",
        "import_module(name)",
    ],
    dangers.clients: [
        "import requests",
        "from urllib.request import urlopen",
        "import urllib.request",
        "from http import client\nimport http.client",
        "import socket",
        "from smtplib import SMTP",
    ],
}


@pytest.mark.parametrize(
    ("find", "snippet"), [(find, snippet) for find, snippets in EXAMPLES.items() for snippet in snippets]
)
def test_it_is_found(find, snippet):
    assert find(ast.parse(snippet))


@pytest.mark.parametrize(
    ("find", "snippet"),
    [
        (dangers.markup, "format_html('<b>{}</b>', name)"),
        (dangers.markup, "format_html_join('', '<b>{}</b>', rows)"),
        (dangers.statements, "Event.objects.filter(title=title)"),
        (dangers.runs_data, "yaml.safe_load(text)\nsubprocess.run([program], check=True)\nmodel.compile()"),
        (dangers.clients, "from urllib.parse import urlsplit\nfrom http import HTTPStatus"),
    ],
)
def test_what_is_harmless_is_not_found(find, snippet):
    assert find(ast.parse(snippet)) == []


@pytest.mark.parametrize(
    "line",
    [
        "{{ name|safe }}",
        "{{ names|safeseq }}",
        "{% autoescape off %}",
        "<script>run()</script>",
        '<p style="color: red">',
        "<p onclick='run()'>",
        '<a href="javascript:run()">',
    ],
)
def test_it_is_found_in_a_template(line):
    assert dangers.in_template(f"<p>\n{line}\n</p>") == [2]


def test_what_is_harmless_in_a_template_is_not_found():
    assert dangers.in_template('<script src="a.js"></script>\n{{ name|safer }} <p class="style">{{ on }}</p>') == []
