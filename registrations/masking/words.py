"""A text as words that can be compared: without case, accents and invisible characters, each with where it stands."""

import re
import unicodedata
from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache

_CYRILLIC = (
    "а a б b в v г g д d е e ж zh з z и i к k л l м m н n о o п p р r с s т t у u ф f х h ц c ч ch ш sh щ sht ъ a ы y "
    "э e ю yu я ya і i є e ј j љ lj њ nj ћ c ђ d џ dz"
)
_GREEK = "α a β v γ g δ d ε e ζ z η i θ th ι i κ k λ l μ m ν n ξ x ο o π p ρ r σ s ς s τ t υ u φ f χ ch ψ ps ω o"
_OTHER = "ł l đ d ø o ı i ŧ t ħ h æ ae œ oe ð d þ th"
_LETTERS = f"{_CYRILLIC} {_GREEK} {_OTHER}".split()
#: Letters that are no accented Latin ones, as they are usually written in Latin. A soft sign is not written.
_LATIN = str.maketrans({**dict(zip(_LETTERS[::2], _LETTERS[1::2], strict=True)), "ь": "", "’": "'", "ʼ": "'"})
_WORD = re.compile(r"[^\W\d_]+")


@lru_cache(maxsize=4096)
def _folded_character(character: str) -> str:
    apart = unicodedata.normalize("NFKD", character)
    kept = (part for part in apart if not unicodedata.combining(part) and unicodedata.category(part) != "Cf")
    return "".join(kept).casefold().translate(_LATIN)


def folded(text: str) -> str:
    """The text without case and accents, in Latin letters, without characters that nobody sees."""
    return "".join(map(_folded_character, text))


def words_of(text: str) -> tuple[str, ...]:
    """The folded words of a text: runs of letters."""
    return tuple(_WORD.findall(folded(text)))


@dataclass(frozen=True)
class Word:
    """One word of a text: folded, where it stands in the folded text, and whether it is written with a capital."""

    text: str
    start: int
    end: int
    is_capital: bool


class Reading:
    """A text and its folded form, with the way back from one to the other. `folded` is what is searched."""

    def __init__(self, text: str) -> None:
        self.text = text
        pieces = [_folded_character(character) for character in text]
        self.folded = "".join(pieces)
        self._origin = [place for place, piece in enumerate(pieces) for _ in piece]
        self.words = [self._word(found) for found in _WORD.finditer(self.folded)]

    def words_between(self, start: int, end: int) -> list[Word]:
        """The words that begin in this stretch of the folded text."""
        first, last = (bisect_left(self.words, place, key=lambda word: word.start) for place in (start, end))
        return self.words[first:last]

    def is_capital(self, place: int) -> bool:
        """Whether the character at this place of the folded text is a capital letter in the text."""
        return self.text[self._origin[place]].isupper()

    def original(self, start: int, end: int) -> tuple[int, int]:
        """From where to where a stretch of the folded text goes in the text, accents that stand apart included."""
        first, last = self._origin[start], self._origin[end - 1] + 1
        while last < len(self.text) and not _folded_character(self.text[last]):
            last += 1
        return first, last

    def _word(self, found: re.Match[str]) -> Word:
        return Word(found.group(), found.start(), found.end(), self.is_capital(found.start()))
