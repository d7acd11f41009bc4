"""Every screen of every role. Whose screens are imported first walks first."""

from tests.e2e.tour import residents, heads, desks, wards, crises  # noqa: F401, I001 - for what they add
from tests.e2e.tour.visits import (
    LANGUAGES,
    Role,
    Screen,
    Visit,
    guests,
    screens_of,
    still,
    visiting,
)

__all__ = [
    "LANGUAGES",
    "Role",
    "Screen",
    "Visit",
    "guests",
    "screens_of",
    "still",
    "visiting",
]
