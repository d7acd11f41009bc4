"""Backups: the database, the photos it names and the secrets, as one file or a set that grows."""
