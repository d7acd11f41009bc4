"""Seeds that once found something, with what it was. They are played in every run of the tests."""

from typing import Final

KEPT: Final[dict[int, str]] = {
    56: "a wait written by a clock three years ahead was kept when the clock was set right",
    89: "COMMIT failed while notifying: the transaction stayed open, its connection was lost",
    116: "under load: Chromium gave the lock of a page that had gone to nobody, and no pull began",
    133: "an edit whose answer was lost was called refused when the phone could not look for it",
    135: "a head who lost the grant never got the receipt of a message with photos",
    187: "the same",
}
