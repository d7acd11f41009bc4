"""Where Piccolo finds our migrations: one line of them for the whole database."""

from pathlib import Path

from piccolo.conf.apps import AppConfig

APP_CONFIG = AppConfig(
    app_name="khupho",
    migrations_folder_path=str(Path(__file__).parent / "migrations"),
    table_classes=[],
)
