"""The short code people read out on the telephone: `K7P-2QF-9`.

Six letters of Crockford's base 32 (no I, L, O, U) give 10⁹ codes; the seventh checks them. It finds
every single wrong letter and every two letters swapped: the letters are digits in GF(32), each
place has its own power of two as weight (ISO/IEC 7064 does the same with a prime modulus).
"""

import secrets
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH: Final = 6
_READ_AS: Final = str.maketrans({"I": "1", "L": "1", "O": "0", "U": "V"})
_POLYNOMIAL: Final = 0b100101  # x⁵ + x² + 1, primitive over GF(2)


def new_code() -> str:
    """A random code with its check letter, grouped for reading."""
    places = [secrets.randbelow(32) for _ in range(LENGTH)]
    letters = "".join(ALPHABET[place] for place in [*places, _check(places)])
    return f"{letters[:3]}-{letters[3:6]}-{letters[6:]}"


def read_code(text: str) -> str | None:
    """The code that `text` means, as stored; None if it is not one, or misread."""
    letters = "".join(c for c in text.upper() if c not in "- \u00a0").translate(_READ_AS)
    if len(letters) != LENGTH + 1 or any(letter not in ALPHABET for letter in letters):
        return None
    places = [ALPHABET.index(letter) for letter in letters]
    if _check(places[:-1]) != places[-1]:
        return None
    return f"{letters[:3]}-{letters[3:6]}-{letters[6:]}"


def _check(places: list[int]) -> int:
    check = 0
    for place in places:
        check = (check ^ place) << 1
        if check & 32:
            check ^= _POLYNOMIAL
    return check
