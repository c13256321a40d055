"""What may hurt where words of people come in: markup made by hand, statements to the database, other machines, code
that runs from data. Each finding is a line of a file; `test_dangers` says where which of them is allowed, and why.
"""

import ast
import re
from collections.abc import Callable, Iterator

Finder = Callable[[ast.Module], list[int]]

_HTML = {"mark_safe", "SafeString", "SafeText", "safe"}
_STATEMENTS = {"raw", "extra", "RawSQL", "execute", "executemany", "executescript", "copy_expert", "RunSQL"}
_RUNS = {"eval", "exec", "compile", "__import__", "import_string", "import_module"}
_CARRIERS = {"pickle", "marshal", "shelve", "dill", "jsonpickle", "cPickle"}
_CLIENTS = {
    "aiohttp", "boto3", "botocore", "ftplib", "http.client", "httpx", "imaplib", "poplib", "pycurl", "requests",
    "smtplib", "socket", "ssl", "storages", "telnetlib", "urllib.request", "urllib3", "xmlrpc",
}  # fmt: skip
_TEMPLATE = re.compile(
    r"""\|\s*safe(seq)?\b|\{%\s*autoescape off|<script(?![^>]*\s(?:src=|type="application/json"))"""
    r"""|\sstyle=["']|\son[a-z]+=["']|javascript:"""
)


def markup(module: ast.Module) -> list[int]:
    """Lines that call a text safe by hand, or put words into HTML before it is escaped."""
    found = []
    for call in _calls(module):
        name = _last(call.func)
        is_word_in_form = name in {"format_html", "format_html_join"} and not _is_constant(call, name)
        if name in _HTML or is_word_in_form:
            found.append(call.lineno)
    return found


def statements(module: ast.Module) -> list[int]:
    """Lines that speak SQL to the database."""
    return [call.lineno for call in _calls(module) if _last(call.func) in _STATEMENTS]


def unprotected(module: ast.Module) -> list[int]:
    """Lines that open an address to forms of other sites."""
    names = (node for node in ast.walk(module) if isinstance(node, ast.Name | ast.Attribute | ast.alias))
    return [node.lineno for node in names if _name(node) in {"csrf_exempt", "_dont_enforce_csrf_checks"}]


def runs_data(module: ast.Module) -> list[int]:
    """Lines that make code of data, or hand words to a shell."""
    found = [call.lineno for call in _calls(module) if _runs_data(call)]
    return found + [line for line, name in imports(module) if name.partition(".")[0] in _CARRIERS]


def clients(module: ast.Module) -> list[int]:
    """Lines that import what speaks to other machines."""
    return [line for line, name in imports(module) if any(_is_of(name, client) for client in _CLIENTS)]


def in_template(text: str) -> list[int]:
    """Lines of a template that escape nothing, or hold a script, a style or a handler of their own."""
    return [number for number, line in enumerate(text.splitlines(), start=1) if _TEMPLATE.search(line)]


def imports(module: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and full name of each imported module; of `from a import b` both a and a.b."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def _runs_data(call: ast.Call) -> bool:
    name, given = _last(call.func), {word.arg: word.value for word in call.keywords}
    is_builtin = isinstance(call.func, ast.Name) and name in _RUNS
    is_shell = isinstance(given.get("shell"), ast.Constant) and given["shell"].value is True  # type: ignore[union-attr]
    is_yaml = name in {"load", "load_all", "unsafe_load", "full_load"} and ast.unparse(call.func).startswith("yaml.")
    return is_builtin or is_shell or is_yaml or ast.unparse(call.func) in {"os.system", "os.popen"}


def _is_constant(call: ast.Call, name: str) -> bool:
    place = 1 if name == "format_html_join" else 0
    return len(call.args) > place and isinstance(call.args[place], ast.Constant)


def _is_of(name: str, client: str) -> bool:
    return name == client or name.startswith(f"{client}.")


def _calls(module: ast.Module) -> Iterator[ast.Call]:
    return (node for node in ast.walk(module) if isinstance(node, ast.Call))


def _last(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _name(node: ast.AST) -> str:
    return str(getattr(node, "attr", None) or getattr(node, "id", None) or getattr(node, "name", ""))
