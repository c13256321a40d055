"""From the bytes of a file to YAML nodes that know their lines."""

import yaml

from registrations.call_files.problems import CallFileRefused, Problem

LARGEST_FILE = 1024 * 1024


class _Alias(Exception):
    """A file points back to a part of itself."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line


def compose(raw: bytes, *, file: str) -> yaml.MappingNode:
    """Return the mapping that the file holds. Raises CallFileRefused where it is no YAML, or another kind of YAML."""
    text = _decoded(raw, file)
    try:
        node = _compose_plainly(text)
    except _Alias as error:
        raise CallFileRefused([Problem(file, error.line, "an alias (*name) cannot be used here.")]) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        words = f"the character #x{error.character:04x} may not stand here."
        raise CallFileRefused([Problem(file, line, words)]) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise CallFileRefused([Problem(file, line, f"this is not valid YAML: {error.problem}.")]) from error
    if not isinstance(node, yaml.MappingNode):
        raise CallFileRefused([Problem(file, 1, "a call file starts with “event:”.")])
    return node


def _decoded(raw: bytes, file: str) -> str:
    if len(raw) > LARGEST_FILE:
        raise CallFileRefused([Problem(file, 1, "the file is larger than 1 MB.")])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise CallFileRefused([Problem(file, line, "the file is not written in UTF-8.")]) from error


def _compose_plainly(text: str) -> yaml.Node | None:
    # Aliases can make a small file expand without end, and a call file needs none.
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise _Alias(event.start_mark.line + 1 if event.start_mark else 1)
    return yaml.compose(text, Loader=yaml.SafeLoader)
