"""Two treatments of text that people type: a search key, and what is stored.

`fold` makes the key under which a text is found (`L3`, `G2`); `clean_text` makes what is kept and
shown. Both have a twin in `pwa/src/lib/text.ts`; `tests/vectors/text.json` holds what both must
answer.
"""

from __future__ import annotations

import unicodedata

from backend.errors import InvalidField
from backend.i18n import N_

_LETTERS: dict[int, str] = {
    # Latin letters that NFKD does not take apart. People and old fonts mix up đ, ð and ɖ.
    ord("đ"): "d",
    ord("ð"): "d",
    ord("ɖ"): "d",
    ord("ß"): "ss",
    ord("ς"): "σ",
    # One form for the letters that Arabic and Persian keyboards write differently.
    # أ إ آ ؤ ئ ۀ come out of NFKD as their letter and a mark.
    ord("ك"): "ک",
    ord("ي"): "ی",
    ord("ى"): "ی",
    ord("ة"): "ه",
    ord("ە"): "ه",
    ord("ہ"): "ه",
    ord("ھ"): "ه",
    ord("ٱ"): "ا",
    **{0x0660 + digit: str(digit) for digit in range(10)},
    **{0x06F0 + digit: str(digit) for digit in range(10)},
}
_TATWEEL = 0x0640
# Formatting that can reorder what stands around it (UAX #9, section 2): embeddings, overrides and
# isolates. The plain marks LRM, RLM and ALM stay: Persian typists use them.
_BIDI_CONTROLS = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}
_BYTE_ORDER_MARK = 0xFEFF
_LINE_ENDS = {0x0085, 0x2028, 0x2029}


class TextTooLong(InvalidField):
    """A typed text is longer than allowed. `length` and `max_length` are counted in code points."""

    def __init__(self, length: int, max_length: int, field: str = "text") -> None:
        super().__init__(
            field,
            "too_long",
            N_("This text has {length} characters; at most {max_length} are possible."),
            length=length,
            max_length=max_length,
        )
        self.length = length
        self.max_length = max_length


class _FoldTable(dict[int, str | int | None]):
    """A `str.translate` table filled as characters are met; Unicode has 1.1 million of them."""

    def __missing__(self, code_point: int) -> str | int | None:
        character = chr(code_point)
        category = unicodedata.category(character)
        answer: str | int | None = code_point
        if code_point in _LETTERS:
            answer = _LETTERS[code_point]
        elif category[0] == "Z" or character in "\t\n\v\f\r\x85":
            answer = " "
        elif category in ("Mn", "Cf", "Cc", "Cs") or code_point == _TATWEEL:
            answer = None
        self[code_point] = answer
        return answer


class _CleanTable(dict[int, str | int | None]):
    """As `_FoldTable`, for what is stored."""

    def __missing__(self, code_point: int) -> str | int | None:
        category = unicodedata.category(chr(code_point))
        answer: str | int | None = code_point
        if code_point == 0x0A or code_point in _LINE_ENDS:
            answer = "\n"
        elif code_point == 0x09:
            answer = " "
        elif (
            category in ("Cc", "Cs")
            or code_point in _BIDI_CONTROLS
            or code_point == _BYTE_ORDER_MARK
        ):
            answer = None
        self[code_point] = answer
        return answer


_fold_table = _FoldTable()
_clean_table = _CleanTable()


def fold(text: str) -> str:
    """The key under which `text` is searched: "Đường  Lê Văn Việt" → "duong le van viet".

    Marks and diacritics go, letters become lower case, Arabic letters take their Persian form,
    every digit is ASCII, invisible characters go (ZWNJ joins: "می‌شود" → "میشود"), runs of white
    space become one space. Lower-casing is `str.lower` with ß and ς mended, not `str.casefold`,
    because browsers have no casefold and both sides must give the same key.
    Folding a folded text changes nothing.
    """
    lowered = unicodedata.normalize("NFKD", text).lower()
    return " ".join(word for word in lowered.translate(_fold_table).split(" ") if word)


def clean_text(text: str, max_length: int, *, field: str = "text") -> str:
    """What is stored of a text that a person typed: NFC, no control characters, trimmed.

    Line ends become `\\n` and stay; a tab becomes a space; bidirectional embeddings, overrides and
    isolates go (they can make a text read as another one); ZWNJ, ZWJ, LRM and RLM stay, being
    spelling. A text with nothing visible in it becomes "".

    Raises `TextTooLong`, naming `field`, when more than `max_length` code points remain.
    """
    unified = text.replace("\r\n", "\n").replace("\r", "\n").translate(_clean_table)
    cleaned = unicodedata.normalize("NFC", unified).strip()
    if all(character.isspace() or unicodedata.category(character) == "Cf" for character in cleaned):
        return ""
    if len(cleaned) > max_length:
        raise TextTooLong(len(cleaned), max_length, field)
    return cleaned
