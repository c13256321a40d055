"""Whether a word of a text is a name in one of its forms: Bērziņš, Bērziņa and Bērziņam are one."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from registrations.masking.stop_words import COMMON, is_common
from registrations.masking.words import Word, folded, words_of

#: Endings of Baltic, Slavic, Hungarian, Finnish and Estonian names, folded.
_ALL_ENDINGS = """
a ai aite aja al am ams an as at ba ban be bel ben bol bul ca cem ci cu e ego ei ej ek ekkal el em emu en ene
ert es et ev eva hez hoz i ia iai ie iem iems iene ig im imi in ina ins io is iu iui ius j jal jam je ju k ka
kal kat ke kent ki ko ku lla lle lta m mi n na nak nal ne nek nel ni o oj ok okat okkal ol om on ont os osi ot
ou ov ova ove ovej ovi ovo ovou ovym owa owi oz ra re rol s ska skeho ski skiej skim skou sky ssa sta t ta te
tel tol u ui um us ute uv va val ve vel vi vo y ych ym ymi yte z zu
"""
_ENDINGS = frozenset(_ALL_ENDINGS.split())
#: Of these a stem of three letters, written with a capital, takes another: Jānis, Jāņa, Jānim.
_SHORT_ENDINGS = frozenset({"a", "ai", "am", "as", "i", "iem", "im", "is", "os", "s", "u", "um", "us"})
#: And these are taken by names that are common words too, written with a capital: Wolfs, Markem.
_SURE_ENDINGS = frozenset({"s", "a", "u", "em", "om", "am", "ovi", "owi", "ova", "ove", "ovej"})
#: Finnish names in -nen: Virtanen, Virtasen, Virtaselle.
_NEN_ENDINGS = "een eksi ella elle elta en ena essa esta et etta ia illa ille ilta ta ten"
_AFTER_NEN = frozenset(_NEN_ENDINGS.split())
_FLEETING = frozenset({"a", "u", "i", "y", "e", "em", "iem", "ovi", "owi", "om", "ov", "ova", "ka", "ku"})
_STEM, _LONG_STEM, _INSIDE = 4, 6, 6


@dataclass(frozen=True)
class Name:
    """One folded word that gives somebody away. A `strict` one counts only where it is written with a capital."""

    text: str
    is_strict: bool

    def is_in(self, word: Word) -> bool:
        """Whether the word is this name, inflected or as part of a longer word."""
        if word.text == self.text:
            return word.is_capital or not self.is_strict
        if self.is_strict:
            return word.is_capital and self._is_surely_in(word.text)
        if is_common(word.text):
            return False
        if self.may_be_inside and self.text in word.text:
            return True
        return is_inflected(word.text, self.text, is_capital=word.is_capital)

    def _is_surely_in(self, word: str) -> bool:
        is_longer = len(self.text) >= _STEM - 1 and word.startswith(self.text) and word not in COMMON
        return is_longer and word[len(self.text) :] in _SURE_ENDINGS

    @property
    def may_be_inside(self) -> bool:
        """Whether it is long enough to be told from chance in the middle of a longer word."""
        return not self.is_strict and len(self.text) >= _INSIDE


class Names:
    """Many names at once. A text may have a hundred thousand words: each is compared with those that begin alike."""

    def __init__(self, names: Collection[Name]) -> None:
        self._by_beginning: dict[str, set[Name]] = {}
        for name in names:
            self._by_beginning.setdefault(beginning(name.text), set()).add(name)
        everywhere = {name for name in names if name.may_be_inside}
        self._everywhere = sorted(everywhere, key=lambda name: name.text)

    def have(self, word: Word) -> bool:
        """Whether one of the names is in the word."""
        alike = self._by_beginning.get(beginning(word.text), ())
        return any(name.is_in(word) for name in alike) or any(
            name.text in word.text and name.is_in(word) for name in self._everywhere
        )


def beginning(word: str) -> str:
    """The letters that a folded word has in common with each of its inflected forms."""
    return word[: _STEM - 1]


def is_inflected(word: str, name: str, *, is_capital: bool) -> bool:
    """Whether two folded words have a stem in common and differ in an ending that names take."""
    if _is_finnish(word, name):
        return True
    stem = _common_length(word, name)
    of_word, of_name = word[stem:], name[stem:]
    if stem >= _LONG_STEM and len(of_name) <= 3 and len(of_word) <= 5:
        return True
    if stem >= _STEM:
        return _is_ending(of_word, _ENDINGS) and len(of_name) <= 3 and _is_ending(of_name, _ENDINGS)
    if stem == _STEM - 1 and is_capital and _is_ending(of_word, _SHORT_ENDINGS) and _is_ending(of_name, _SHORT_ENDINGS):
        return True
    return _loses_vowel(word, name)


def names_of(text: str, *, least: int = 1) -> list[Name]:
    """The words of a name, of at least so many letters, each with its other spellings (Müller, Mueller)."""
    spellings = [text, _with_umlauts_apart(text), _with_umlauts_joined(text)]
    found = {word for spelling in spellings for word in words_of(spelling) if len(word) >= least}
    return [Name(word, is_strict=len(word) <= 2 or is_common(word)) for word in sorted(found)]


def spellings_of(*texts: str) -> Iterator[tuple[str, ...]]:
    """The words of these texts one after another, as they are written and with umlauts as two letters."""
    whole = " ".join(texts)
    yield from {words_of(whole), words_of(_with_umlauts_apart(whole))} - {()}


def joined(given: Iterable[str], family: Iterable[str]) -> list[Name]:
    """Names written as one: berzinsjanis, jberzins, janisb."""
    first, last = "".join(given), "".join(family)
    if not first or not last:
        return []
    together = {first + last, last + first, first[0] + last, last + first[0], first + last[0], last[0] + first}
    return [Name(word, is_strict=False) for word in sorted(together) if len(word) > _STEM and not is_common(word)]


def _is_ending(ending: str, endings: frozenset[str]) -> bool:
    return not ending or ending in endings


def _common_length(one: str, other: str) -> int:
    shared = 0
    for letter, counterpart in zip(one, other, strict=False):
        if letter != counterpart:
            break
        shared += 1
    return shared


def _loses_vowel(word: str, name: str) -> bool:
    # Marek, Marka, Markiem; Pavel, Pavla.
    if len(name) < _STEM + 1 or name[-2] not in "eo" or name[-1] in "aeiouy":
        return False
    stem = name[:-2] + name[-1]
    return word.startswith(stem) and word[len(stem) :] in _FLEETING


def _is_finnish(word: str, name: str) -> bool:
    stem = name.removesuffix("nen") + "s"
    return name.endswith("nen") and len(stem) >= _STEM and word.startswith(stem) and word[len(stem) :] in _AFTER_NEN


def _with_umlauts_apart(text: str) -> str:
    lower = text.lower()
    for letter, pair in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ø", "oe"), ("å", "aa"), ("æ", "ae")):
        lower = lower.replace(letter, pair)
    return lower


def _with_umlauts_joined(text: str) -> str:
    plain = folded(text)
    for pair, letter in (("ae", "a"), ("oe", "o"), ("ue", "u"), ("aa", "a")):
        plain = plain.replace(pair, letter)
    return plain
