"""Secrets people carry: invitation codes on paper, session tokens in cookies.

An invitation's code is derived from its id, so that asking again for the same invitation gives the
same paper, and nothing but a hash is stored.
"""

import hashlib
import hmac
import secrets
import uuid
from typing import Final

from backend.settings import Settings, get_settings

# Crockford's base 32: no I, L, O, U, so that a code survives handwriting.
ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH: Final = 20  # 100 bits
TRACKING_LENGTH: Final = 12  # 60 bits
_READ_AS: Final = str.maketrans({"I": "1", "L": "1", "O": "0", "U": "V"})


def load_secret(settings: Settings) -> bytes:
    """The server's secret: from the settings, else made once and kept under `var_dir` (0600)."""
    if settings.secret_key:
        return settings.secret_key.encode()
    path = settings.var_dir / "secret_key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"secret_key.{uuid.uuid4().hex}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_hex(32))
        try:
            path.hardlink_to(fresh)  # whoever is first wins; the other reads the winner's
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text().strip().encode()


def invitation_code(secret: bytes, invitation_id: uuid.UUID) -> str:
    """100 bits in 20 letters, in groups of five for reading: `7K2QF-…`."""
    digest = hmac.digest(secret, b"invitation:" + invitation_id.bytes, "sha256")
    number = int.from_bytes(digest[:13], "big") >> 4
    letters = ""
    for _ in range(CODE_LENGTH):
        number, place = divmod(number, 32)
        letters += ALPHABET[place]
    return "-".join(letters[start : start + 5] for start in range(0, CODE_LENGTH, 5))


def read_code(text: str) -> str:
    """What a person typed or scanned, without dashes, spaces, a link before, slips of O and I."""
    text = text.rpartition("#")[2]
    return "".join(c for c in text.upper() if c.isalnum()).translate(_READ_AS)


def hash_code(text: str) -> bytes:
    return hashlib.sha256(b"invitation:" + read_code(text).encode()).digest()


def hash_tracking_code(text: str) -> bytes | None:
    """The keyed hash of a tracking code as typed or linked; None for what cannot be one.

    Keyed, because 60 bits alone would not keep who holds the rows from trying them all.
    """
    code = read_code(text)
    if len(code) != TRACKING_LENGTH or any(letter not in ALPHABET for letter in code):
        return None
    return hmac.digest(load_secret(get_settings()), b"tracking:" + code.encode(), "sha256")


def new_token() -> str:
    """A session cookie's value: 256 random bits."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
