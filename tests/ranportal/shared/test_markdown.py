"""Staff's Markdown: what it makes, and that nothing in it can act in a reader's browser."""

from html.parser import HTMLParser

import pytest

from ranportal.shared.markdown import first_words, plain, render

HARMLESS_TAGS = {
    "a", "blockquote", "br", "code", "em", "h2", "h3", "h4", "h5", "h6", "hr",
    "img", "li", "ol", "p", "pre", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
HARMLESS_ATTRIBUTES = {"href", "title", "rel", "src", "alt", "start", "scope"}

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "<iframe src='https://evil.example'></iframe>",
    "<style>body{display:none}</style>",
    "<a href='javascript:alert(1)'>x</a>",
    "<form action='https://evil.example'><button>Go</button></form>",
    "<p style='position:fixed'>x</p>",
    "<base href='https://evil.example'>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<object data='x'></object><embed src='x'>",
    "<math><mtext></mtext><mglyph><style><img src=x onerror=alert(1)></style></mglyph></math>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](java&#10;script:alert(1))",
    "[x]( javascript:alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](file:///etc/passwd)",
    "[x](//evil.example)",
    "[x](/\\evil.example)",
    "[x](http:evil)",
    "[x](https://)",
    "[x](http://[::1)",
    "<javascript:alert(1)>",
    "[x]: javascript:alert(1)\n\n[x]",
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    "![x](https://tracker.example/pixel.png)",
    "![x](//tracker.example/pixel.png)",
    "![x](/static/../admin/logout/)",
    '![x"onerror="alert(1)](/static/x.png)',
    '[x](https://example.org "title\\" onmouseover=\\"alert(1)")',
    '[x](https://example.org/"onmouseover="alert(1))',
    "```\n</code></pre><script>alert(1)</script>\n```",
    "`</code><script>alert(1)</script>`",
    "|a|\n|-|\n|<script>alert(1)</script>|",
    "# <script>alert(1)</script>",
    "- <img src=x onerror=alert(1)>",
    "<!-- --><script>alert(1)</script>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
]


class Elements(HTMLParser):
    """Every element with its attributes, as a browser would find them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))


def is_harmless(html: str) -> bool:
    return all(
        tag in HARMLESS_TAGS
        and attributes.keys() <= HARMLESS_ATTRIBUTES
        and attributes.get("href", "#").startswith(("https://", "http://", "mailto:", "/", "#"))
        and not attributes.get("href", "#").startswith(("//", "/\\"))
        and attributes.get("src", "/static/").startswith("/static/")
        and ".." not in attributes.get("src", "")
        for tag, attributes in Elements(html).found
    )


@pytest.mark.parametrize("text", ATTACKS)
def test_render_makes_nothing_that_acts(text):
    assert is_harmless(render(text))


def test_the_judge_of_these_tests_sees_an_attack():
    assert not is_harmless("<p onclick='alert(1)'>x</p>")
    assert not is_harmless("<a href='javascript:alert(1)'>x</a>")
    assert not is_harmless("<img src='https://tracker.example/pixel.png'>")


@pytest.mark.parametrize("target", ["https://example.org/a?b=1&c=2", "http://example.org", "mailto:a@example.org"])
def test_links_to_the_web_and_to_mailboxes_are_kept(target):
    found = Elements(render(f"[words]({target})")).found
    assert found == [("p", {}), ("a", {"href": target, "rel": "noopener noreferrer"})]


@pytest.mark.parametrize("target", ["/events/", "#programme"])
def test_links_inside_the_site_are_kept(target):
    assert f'href="{target}"' in render(f"[words]({target})")


def test_a_link_that_is_not_allowed_stays_readable_text():
    assert render("[words](javascript:x)") == "<p>[words](javascript:x)</p>\n"


def test_our_own_images_are_shown():
    assert '<img src="/static/map.png" alt="A map">' in render("![A map](/static/map.png)")


def test_a_foreign_image_leaves_its_description():
    assert render("![A map](https://example.org/map.png)") == "<p>A map</p>\n"


def test_html_stays_text():
    assert render("a <b>bold</b> word") == "<p>a &lt;b&gt;bold&lt;/b&gt; word</p>\n"


@pytest.mark.parametrize(
    ("text", "top", "tags"),
    [
        ("# One\n\n## Two\n\n### Three", 2, ["h2", "h3", "h4"]),
        ("## One\n\n## Two", 2, ["h2", "h2"]),
        ("## One\n\n##### Deep", 3, ["h3", "h4"]),
        ("#### One\n\n# Two", 2, ["h3", "h2"]),
        ("# a\n\n## b\n\n### c\n\n#### d\n\n##### e\n\n###### f", 3, ["h3", "h4", "h5", "h6", "h6", "h6"]),
    ],
)
def test_headings_start_below_the_page_title_and_leave_no_gap(text, top, tags):
    assert [tag for tag, _ in Elements(render(text, top=top)).found] == tags


def test_a_table_names_its_columns():
    found = Elements(render("|Day|What|\n|-|-|\n|One|Talk|")).found
    assert [attributes for tag, attributes in found if tag == "th"] == [{"scope": "col"}, {"scope": "col"}]


def test_plain_leaves_the_words():
    text = "# Title\n\nSome **bold**\nwords, `code` and a [link](https://example.org).\n\n- one\n- two\n\n    block"
    assert plain(text) == "Title Some bold words, code and a link. one two block"


def test_first_words_cut_between_words():
    assert first_words("one two three, four", 15) == "one two three…"
    assert first_words("one two", 15) == "one two"


def test_an_empty_text_makes_nothing():
    assert (render(""), plain(""), first_words("", 10)) == ("", "", "")
