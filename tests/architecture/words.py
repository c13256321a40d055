"""The words of people and the words of programs: what templates, labels and messages show to a reader."""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser

#: Words that tell a reader nothing, or the wrong thing.
FORBIDDEN = re.compile(
    r"\b(verif\w*|unverified|token\w*|submit\w*|submission\w*|reject\w*|unsuccessful\w*|declined|lapsed|invalid|errors?)\b",
    re.IGNORECASE,
)

_COMMENT = re.compile(r"\{#.*?#\}|\{%\s*comment.*?endcomment\s*%\}", re.DOTALL)
_TAG = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_READ_ALOUD = {"alt", "aria-label", "aria-description", "content", "placeholder", "title", "value"}
_UNREAD = {"script", "style"}

#: Keywords, and positions, of calls whose text a reader sees.
_SHOWN_KEYWORDS = {
    "error_messages",
    "help_text",
    "label",
    "message",
    "short_description",
    "verbose_name",
    "verbose_name_plural",
    "violation_error_message",
    "description",
    "empty_label",
}


class _Shown(HTMLParser):
    """Collects the text between tags and the attributes that are shown or read aloud."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._unread = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unread += tag in _UNREAD
        kind = dict(attrs).get("type")
        shown = _READ_ALOUD - ({"value"} if tag == "option" or kind in {"hidden", "radio", "checkbox"} else set())
        self.texts += [value for name, value in attrs if name in shown and value]

    def handle_endtag(self, tag: str) -> None:
        self._unread -= tag in _UNREAD

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self.texts.append(data)


def in_template(source: str, *, is_html: bool) -> list[str]:
    """The forbidden words that a template shows, in its text, in attributes that are read, and in its tags."""
    text = _COMMENT.sub(" ", source)
    # Sentences handed to tags, as {% notification "info" "Please look again" %}; single words there name a kind.
    handed = [quoted[1:-1] for tag in _TAG.findall(text) for quoted in _QUOTED.findall(tag) if " " in quoted]
    bare = _TAG.sub(" ", text)
    return _found([*handed, *(_texts_of_html(bare) if is_html else [bare])])


def _texts_of_html(bare: str) -> list[str]:
    parser = _Shown()
    parser.feed(bare)
    parser.close()
    return parser.texts


def in_code(module: ast.Module) -> list[str]:
    """The forbidden words in what code shows: labels, help texts, choices, refusals and messages."""
    return _found([text for node in ast.walk(module) for text in _shown(node)])


def _shown(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
        yield from (text for argument in node.exc.args for text in _strings(argument))
    elif isinstance(node, ast.Call):
        shown = [keyword.value for keyword in node.keywords if keyword.arg in _SHOWN_KEYWORDS]
        if _is_message(node.func):
            shown += node.args
        yield from (text for value in shown for text in _strings(value))
    elif isinstance(node, ast.ClassDef) and any(_name(base).endswith("Choices") for base in node.bases):
        yield from _labels(node)


def _is_message(function: ast.expr) -> bool:
    """self.message_user(…), messages.success(…) and their like; a line of a log is for operators."""
    return isinstance(function, ast.Attribute) and (
        function.attr == "message_user" or _name(function.value) == "messages"
    )


def _labels(choices: ast.ClassDef) -> Iterator[str]:
    for line in choices.body:
        if isinstance(line, ast.Assign) and isinstance(line.value, ast.Tuple):
            yield from _strings(line.value.elts[-1])


def _strings(value: ast.expr) -> Iterator[str]:
    """The strings of an expression, without those that only name something: keys of dictionaries and of look-ups."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    shown: list[ast.AST] = list(ast.iter_child_nodes(value))
    if isinstance(value, ast.Dict):
        shown = list(value.values)
    elif isinstance(value, ast.Subscript):
        shown = [value.value]
    for part in shown:
        inner = part.value if isinstance(part, ast.keyword) else part
        if isinstance(inner, ast.expr):
            yield from _strings(inner)


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _found(texts: list[str]) -> list[str]:
    return [match.group() for text in texts for match in FORBIDDEN.finditer(text)]
