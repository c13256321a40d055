"""What reviewers must not read: whatever in a person's texts says who the person is. Pure; the stored text stays.

It masks more rather than less: a word too many costs a reviewer a guess, a name costs the applicant a fair reading.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import TypeGuard

from registrations.masking import patterns
from registrations.masking.affiliation import own_domain
from registrations.masking.call_names import call_names
from registrations.masking.names import Name, Names, beginning, is_inflected, joined, names_of, spellings_of
from registrations.masking.patterns import Span
from registrations.masking.stop_words import is_common
from registrations.masking.words import Reading, Word, folded, words_of

MASK = "▮▮▮"
#: Words of an organisation and of addresses are names from so many letters on.
_DISTINCTIVE = 4
#: Of an organisation of more words, parts are looked for in so many.
_LONGEST = 12
#: Initials stand as close as that to a name, and are no more than that on each side.
_NEAR, _MOST_INITIALS = 12, 6
_INITIAL_BEFORE = re.compile(r"(?<!\w)([^\W\d_])(?:\.[\s-]{0,9}|\s{1,9})$")
_INITIAL_AFTER = re.compile(r"[\s,]{0,9}([^\W\d_])(?:\.|(?!\w))")
_BETWEEN = re.compile(r"[\W_]{0,3}")
_SHORT = frozenset({"the", "of", "and", "for", "in"})
_SMALL = """
a al and as av da das de degli dei del della delle dello dem den der des di die do dos du e el en et for fur het i im
in ja l la las le les lo los na o och of og pro te ten the u und v van von voor w y z zu zum zur
"""
#: What the first letters of an organisation leave out, in its own language.
_LEFT_OUT = frozenset({"d", *_SMALL.split()})


@dataclass(frozen=True)
class Applicant:
    """What a form says about who somebody is."""

    given_name: str
    family_name: str
    display_name: str
    email: str
    organisation: str


def find_passage(text: str, passage: str) -> list[Span]:
    """Where a passage stands in a text, whatever its case, accents and white space; empty where it is gone."""
    reading = Reading(text)
    return [reading.original(*span) for span in _passages(reading, passage)]


class Masker:
    """Masks what gives one applicant away."""

    def __init__(self, applicant: Applicant) -> None:
        given, family = words_of(applicant.given_name), words_of(applicant.family_name)
        local, _, domain = folded(applicant.email.strip()).rpartition("@")
        self._domain = own_domain(applicant.email) and domain
        called = call_names(applicant.display_name)
        names = [
            *names_of(applicant.given_name),
            *names_of(applicant.family_name),
            *joined(given, family),
            *called,
            *_distinctive(applicant.organisation),
            *_distinctive(local, least=3),
            *_distinctive(" ".join(domain.split(".")[:-1]) if self._domain else "", least=3),
        ]
        names += [Name(word, is_strict=False) for word in _abbreviations(applicant.organisation)]
        self._names = Names(names)
        self._capitals = _first_letters(applicant.organisation)
        self._phrases = _by_beginning(_phrases(applicant))
        self._literals = [part for part in (local, self._domain) if len(part) >= _DISTINCTIVE and not is_common(part)]
        self._initials = {word[0] for word in (*given, *family, *(name.text for name in called))}
        self._family = family

    def mask(self, text: str, *, passages: Iterable[str] = ()) -> str:
        """The text with a mask in place of each string that gives the person away, and of each of these passages."""
        reading = Reading(text)
        spans = [*self._spans(reading)]
        for passage in passages:
            spans += _passages(reading, passage)
        return _covered(reading, spans)

    def _spans(self, reading: Reading) -> Iterator[Span]:
        yield from patterns.mail_addresses(reading.folded)
        yield from patterns.telephone_numbers(reading.folded)
        yield from self._web_addresses(reading)
        yield from self._dotted_initials(reading)
        for literal in self._literals:
            yield from _with_subdomains(literal, reading.folded)
        for place, word in enumerate(reading.words):
            if self._names.have(word):
                yield self._with_initials(reading, word)
            elif word.text in self._capitals and reading.is_capital(word.end - 1):
                yield word.start, word.end
            for phrase in self._phrases.get(beginning(word.text), ()):
                if _stands_at(phrase, reading.words, place):
                    yield word.start, reading.words[place + len(phrase) - 1].end

    def _web_addresses(self, reading: Reading) -> Iterator[Span]:
        for start, end in patterns.web_addresses(reading.folded):
            address = reading.folded[start:end]
            is_theirs = any(map(self._names.have, reading.words_between(start, end)))
            if is_theirs or patterns.is_personal(address) or (self._domain and self._domain in address):
                yield start, end

    def _with_initials(self, reading: Reading, word: Word) -> Span:
        """The word with the initials before and after it: J. Bērziņš, Bērziņš J."""
        start, end = _with_digits(reading.folded, word.start, word.end)
        for _ in range(_MOST_INITIALS):
            found = _INITIAL_BEFORE.search(reading.folded, max(0, start - _NEAR), start)
            if not self._is_initial(found, reading):
                break
            start = found.start()
        for _ in range(_MOST_INITIALS):
            found = _INITIAL_AFTER.match(reading.folded, end)
            if not self._is_initial(found, reading):
                break
            end = found.end()
        return start, end

    def _is_initial(self, found: re.Match[str] | None, reading: Reading) -> TypeGuard[re.Match[str]]:
        return found is not None and found.group(1) in self._initials and reading.is_capital(found.start(1))

    def _dotted_initials(self, reading: Reading) -> Iterator[Span]:
        for found in re.finditer(r"(?<!\w)(?:[^\W\d_]\.[\s-]?){2,4}", reading.folded):
            letters = [letter for letter in found.group() if letter.isalpha()]
            if self._initials and set(letters) <= self._initials and reading.is_capital(found.start()):
                yield found.start(), found.start() + len(found.group().rstrip())


def _with_digits(text: str, start: int, end: int) -> Span:
    """The stretch with the digits and underscores that stand close to it: jberzins_1980."""
    while start > 0 and (text[start - 1].isdigit() or text[start - 1] == "_"):
        start -= 1
    while end < len(text) and (text[end].isdigit() or text[end] == "_"):
        end += 1
    return start, end


def _with_subdomains(literal: str, text: str) -> Iterator[Span]:
    """Where it stands, each time with the parts of an address before it: mail.clinic.lv."""
    done = 0
    for found in re.finditer(rf"(?<!\w){re.escape(literal)}(?!\w)", text):
        start = found.start()
        while start > done and (text[start - 1].isalnum() or text[start - 1] in "_-."):
            start -= 1
        done = found.end()
        yield start, done


def _distinctive(text: str, *, least: int = _DISTINCTIVE) -> list[Name]:
    return [name for name in names_of(text, least=least) if not name.is_strict]


def _abbreviations(organisation: str) -> frozenset[str]:
    """What an organisation itself writes in capitals."""
    written = (folded(word) for word in re.findall(r"\b[^\W\d_]{3,8}\b", organisation) if word.isupper())
    return frozenset(word for word in written if not is_common(word))


def _first_letters(organisation: str) -> frozenset[str]:
    """How others call an organisation: by the first letters of its words, with and without the small ones."""
    words = words_of(organisation)
    kept = (words, *([word for word in words if word not in small] for small in (_SHORT, _LEFT_OUT)))
    firsts = {"".join(word[0] for word in these) for these in kept}
    return frozenset(letters for letters in firsts if len(letters) >= 3 and not is_common(letters))


def _phrases(applicant: Applicant) -> Iterator[tuple[str, ...]]:
    """Several words that give the person away together, though each alone may not."""
    given, family, organisation = applicant.given_name, applicant.family_name, applicant.organisation
    for texts in ((given,), (family,), (given, family), (applicant.display_name,), (organisation,)):
        yield from (words for words in spellings_of(*texts) if len(words) > 1)
    for words in spellings_of(family, given):
        if not all(map(is_common, words)):
            yield words
    # Red Cross of the German Red Cross, but not the prison service of Vienna Prison Service.
    words = words_of(organisation)
    for start, end in combinations(range(min(len(words), _LONGEST) + 1), 2):
        part = words[start:end]
        if len(part) > 1 and not _SHORT & {part[0], part[-1]} and not all(map(is_common, part)):
            yield part


def _by_beginning(phrases: Iterable[tuple[str, ...]]) -> dict[str, set[tuple[str, ...]]]:
    found: dict[str, set[tuple[str, ...]]] = {}
    for phrase in phrases:
        found.setdefault(beginning(phrase[0]), set()).add(phrase)
    return found


def _stands_at(phrase: tuple[str, ...], words: list[Word], place: int) -> bool:
    if place + len(phrase) > len(words):
        return False
    return all(
        word.text == part or is_inflected(word.text, part, is_capital=word.is_capital)
        for part, word in zip(phrase, words[place : place + len(phrase)], strict=True)
    )


def _passages(reading: Reading, passage: str) -> Iterator[Span]:
    chunks = [re.escape(chunk) for chunk in folded(passage).split()]
    if chunks:
        yield from _spans_of(r"\s++".join(chunks), reading.folded)


def _spans_of(pattern: str, text: str) -> Iterator[Span]:
    yield from (found.span() for found in re.finditer(pattern, text))


def _covered(reading: Reading, spans: Iterable[Span]) -> str:
    """The text with one mask for each stretch; stretches with nothing but punctuation between them are one."""
    pieces, done = [], 0
    for start, end in _merged(reading.folded, spans):
        first, last = reading.original(start, end)
        pieces += [reading.text[done:first], MASK]
        done = last
    return "".join([*pieces, reading.text[done:]])


def _merged(text: str, spans: Iterable[Span]) -> Iterator[Span]:
    current: Span | None = None
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if current is None:
            current = start, end
        elif start <= current[1] or _BETWEEN.fullmatch(text, current[1], start):
            current = current[0], max(current[1], end)
        else:
            yield current
            current = start, end
    if current is not None:
        yield current
