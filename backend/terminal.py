"""What a command prints for a person to scan."""

import sys

import segno


def print_invitation(heading: str, url: str) -> None:
    """A heading, the link, and its QR code drawn in half blocks."""
    print(f"\n{heading}\n{url}")
    segno.make(url, error="l").terminal(out=sys.stdout, compact=True, border=2)
    sys.stdout.flush()
