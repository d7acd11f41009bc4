"""`python -m backend` is the `khupho` command."""

from backend.cli import main

main()
