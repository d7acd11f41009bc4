"""What can go wrong with a backup, in words for the administrator at the terminal."""


class BackupError(Exception):
    """The text says what to do. Nothing was changed unless it says so."""


class ArchiveDamaged(BackupError):
    """The backup is not whole. `findings` names each file and what is wrong with it."""

    def __init__(self, findings: list[str]) -> None:
        self.findings = findings
        super().__init__("; ".join(findings))
