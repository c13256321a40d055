"""Markdown of staff to HTML that is safe on any page. Registrants' text never comes here: it stays text.

Two fences: the renderer takes no HTML at all, and what it makes passes a sanitiser that knows few tags.
"""

from collections.abc import Sequence
from copy import deepcopy

import nh3
from django.conf import settings
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

from ranportal.shared.links import LINK_SCHEMES, is_allowed


class _Parser(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802  # the library's name
        return is_allowed(url)


_PARSER = _Parser("commonmark", {"html": False, "linkify": False, "typographer": False}).enable("table")

_TAGS = {
    "a", "blockquote", "br", "code", "em", "h2", "h3", "h4", "h5", "h6", "hr", "img", "li", "ol", "p", "pre", "strong",
    "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "title"}, "ol": {"start"}, "th": {"scope"}}
_REL = "noopener noreferrer"


def render(text: str, *, top: int = 2) -> SafeString:
    """Return the text as HTML. Its highest heading becomes an h`top`, the next one below it, without a gap.

    Links lead to http, https, mailto or this site; images are shown from our static files only, others by their
    description.
    """
    tokens = _PARSER.parse(text)
    _shift_headings(tokens, top)
    _name_columns(tokens)
    _describe_foreign_images(tokens)
    html = _PARSER.renderer.render(tokens, _PARSER.options, {})
    return mark_safe(  # noqa: S308  # what leaves the sanitiser is safe by its very purpose
        nh3.clean(
            html,
            tags=_TAGS,
            clean_content_tags={"script", "style"},
            attributes=deepcopy(_ATTRIBUTES),
            attribute_filter=_filter_attribute,
            url_schemes=set(LINK_SCHEMES),
            link_rel=_REL,
        )
    )


def plain(text: str) -> str:
    """Return the words of the text in one line, without markup: for lists, feeds and calendars. Not safe as HTML."""
    words: list[str] = []
    for token in _PARSER.parse(text):
        if token.type == "inline":
            words += [_plain_inline(token)]
        elif token.type in ("fence", "code_block"):
            words += [token.content]
    return " ".join(" ".join(words).split())


def first_words(text: str, limit: int) -> str:
    """Return the start of the text without markup, at most `limit` characters, cut between words."""
    words = plain(text)
    if len(words) <= limit:
        return words
    return f"{words[:limit].rpartition(' ')[0].rstrip(',;:–-')}…"


def _plain_inline(token: Token) -> str:
    return "".join(
        " " if child.type in ("softbreak", "hardbreak") else child.content
        for child in token.children or []
        if child.type in ("text", "code_inline", "softbreak", "hardbreak", "image")
    )


def _shift_headings(tokens: Sequence[Token], top: int) -> None:
    """Make the levels used follow each other from `top` on: pages have one h1, and none skips a level."""
    headings = [token for token in tokens if token.type in ("heading_open", "heading_close")]
    used = sorted({token.tag for token in headings})
    for token in headings:
        token.tag = f"h{min(6, top + used.index(token.tag))}"


def _name_columns(tokens: Sequence[Token]) -> None:
    for token in tokens:
        if token.type == "th_open":
            token.attrSet("scope", "col")


def _describe_foreign_images(tokens: Sequence[Token]) -> None:
    """Leave of an image that is not ours its description: an address elsewhere would tell who reads the page."""
    for token in tokens:
        for child in token.children or []:
            if child.type == "image" and not _is_our_image(str(child.attrGet("src") or "")):
                child.type, child.tag, child.attrs = "text", "", {}


def _is_our_image(url: str) -> bool:
    return url.startswith(f"/{settings.STATIC_URL.strip('/')}/") and ".." not in url


def _filter_attribute(tag: str, attribute: str, value: str) -> str | None:
    if tag == "img" and attribute == "src":
        return value if _is_our_image(value) else None
    if tag == "a" and attribute == "href":
        return value if is_allowed(value) else None
    return value
