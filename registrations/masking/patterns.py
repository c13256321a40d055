"""What gives anybody away, whoever it is: mail addresses, telephone numbers, web addresses that lead to a person."""

import re
from collections.abc import Iterator

Span = tuple[int, int]

# People send texts of any length: each pattern begins once in a run of its characters, and gives nothing back of it.
_LOCAL = r"(?<![\w.+%'-])[\w.+%'-]++"
_AT = r"(?:@|\(\s*+at\s*+\)|\[\s*+at\s*+\]|\{\s*+at\s*+\}|<\s*+at\s*+>|＠)"
_DOT = r"(?:\s*+(?:\.|\(\s*+dot\s*+\)|\[\s*+dot\s*+\])\s*+|\s++dot\s++)"
#: What hangs on an address, be it another address: nothing can begin inside it.
_MORE = r"[\w-]*+(?:[.+%'@]++[\w-]++)*"
_MAIL = re.compile(
    rf"{_LOCAL}@[\w-]++{_MORE}"  # janis@clinic.lv
    rf"|{_LOCAL}\s*+{_AT}\s*+[\w-]++(?:{_DOT}[\w-]++)+{_MORE}"  # janis.berzins (at) clinic [dot] lv
    rf"|{_LOCAL}\s++at\s++[\w-]++(?:\s++dot\s++[a-z]{{2,}})+{_MORE}"  # janis at clinic dot lv
    rf"|{_LOCAL}\s++at\s++(?:[\w-]++\.)+[a-z]{{2,}}{_MORE}"  # janis at clinic.lv
    rf"|(?<!\w)@\w{{2,}}{_MORE}"  # @janis
)
_URL = re.compile(
    r"(?:\b[a-z][a-z0-9+.-]{0,20}://|(?<=\w)://|\bwww\.)[^\s<>\"“”]+"
    r"|(?<![a-z0-9.-])[.-]*+(?:[a-z0-9-]++\.++)+[a-z]{2,}[:/][^\s<>\"“”]*"
)
_PERSONAL_HOSTS = re.compile(
    r"(?:^|[/.@])(?:linkedin|facebook|fb|twitter|x|instagram|tiktok|threads|bsky|mastodon|youtube|github|gitlab|orcid"
    r"|researchgate|academia|xing|medium|substack|t|telegram|wa|vk|snapchat|skype)\.(?:com|org|net|me|social|app|edu|be|io)"
    r"(?:[/:?#]|$)"
)
_PERSONAL_PATHS = re.compile(
    r"@|~|/(?:in|u|user|users|people|person|persons|staff|team|profile|profiles|author|authors|member|members|mitarbeiter"
    r"|employee|employees|expert|experts|cv)(?:/|\?|$)"
)
_PHONE = re.compile(r"(?<![\w.,-])(?:\+\s?|\(\+?)?\d(?:[\s().\-/–]{0,3}\d){5,16}(?!\w)")
_PHONE_WORDS = re.compile(
    r"(?<!\w)(?:tel|phone|telephone|telefon|telefons|mob|mobile|mobil|handy|gsm|fax|whatsapp|signal|call|t)\W{0,10}$"
)
#: The longest of these words and what may stand between it and the number.
_ANNOUNCEMENT = 20
_NO_PHONE = re.compile(
    r"\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\s?\d{1,2}[-./]\s?\d{2,4}"  # days
    r"|(?:19|20)\d\d\s?[-–/]\s?(?:19|20)\d\d"  # years
    r"|\d{1,3}(?:[ .]000)+"  # round numbers
)


def mail_addresses(text: str) -> Iterator[Span]:
    """Where mail addresses and what looks like one stand in a folded text."""
    yield from (found.span() for found in _MAIL.finditer(text))


def web_addresses(text: str) -> Iterator[Span]:
    """Where web addresses stand in a folded text, without the punctuation after them."""
    for found in _URL.finditer(text):
        yield found.start(), found.start() + len(found.group().rstrip(".,;:!?)]}'"))


def is_personal(address: str) -> bool:
    """Whether a folded web address has a user part, or leads to where people have pages of their own."""
    return bool(_PERSONAL_HOSTS.search(address) or _PERSONAL_PATHS.search(address))


def telephone_numbers(text: str) -> Iterator[Span]:
    """Where telephone numbers stand: seven digits or more, or six after a plus or a word that announces one."""
    for found in _PHONE.finditer(text):
        number = found.group()
        is_announced = number[0] in "+(" or number.startswith("00") or _is_announced(text, found.start())
        if is_announced or (sum(map(str.isdigit, number)) > 6 and not _NO_PHONE.fullmatch(number.strip())):
            yield found.span()


def _is_announced(text: str, start: int) -> bool:
    return bool(_PHONE_WORDS.search(text, max(0, start - _ANNOUNCEMENT), start))
