"""What the README names exists."""

import re
import subprocess
from pathlib import Path

from backend.cli import _parser
from backend.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")


def test_the_two_commands_stand_in_the_readme_and_ci_calls_the_second() -> None:
    command = "python3 -m venv .venv && .venv/bin/pip install -q uv rust-just && .venv/bin/just"
    assert f"{command} start" in README
    assert f"{command} test" in README
    assert f"{command} test" in (ROOT / ".ci/run").read_text()


def test_every_setting_it_names_exists_and_every_setting_is_named() -> None:
    named = set(re.findall(r"KHUPHO_([A-Z_]+)", README)) - {"CONFIG"}
    known = {name.upper() for name in Settings.__struct_fields__}
    assert named <= known
    hidden = {
        "VAR_DIR",
        "PWA_DIR",
        "DATABASE_URL",
        "DEFAULT_LANGUAGE",
        "PUSH_TEST_ORIGIN",
        "FAILPOINTS",
    }
    assert known - named <= hidden


def test_every_recipe_it_names_exists() -> None:
    recipes = set(re.findall(r"^([a-z0-9]+)(?: \*\w+)?:", (ROOT / "justfile").read_text(), re.M))
    named = set(re.findall(r"\bjust ([a-z0-9]+)\b", README))
    named |= set(re.findall(r"`(dev|check|test|i18n|openapi|screens|bench)`", README))
    assert named <= recipes


def test_every_folder_in_the_map_exists() -> None:
    for folder in re.findall(r"^\| `([a-z_/0-9]+/)` \|", README, re.M):
        assert (ROOT / folder).is_dir(), folder
    for picture in re.findall(r"!\[[^]]*\]\(([^)]+)\)", README):
        assert (ROOT / picture).exists(), picture
    for document in re.findall(r"[^!]\[[^]]*\]\((docs/[^)]+)\)", README):
        assert (ROOT / document).exists(), document


def test_every_command_it_names_is_one() -> None:
    documents = README + (ROOT / "docs" / "backup.md").read_text("utf-8")
    for words in re.findall(r"khupho ((?:areas import|people invite|[a-z]+))", documents):
        arguments = words.split()
        fill = {
            "areas": ["x.geojson", "--country", "VN"],
            "people": ["--area", "X"],
            "backup": ["x.tar"],
            "restore": ["x.tar"],
        }
        if arguments[0] in {
            "start",
            "serve",
            "worker",
            "migrate",
            "demo",
            "check",
            "backup",
            "restore",
            "areas",
            "people",
        }:
            _parser().parse_args([*arguments, *fill.get(arguments[0], [])])


def test_scripts_are_executable_and_sound() -> None:
    for script in (ROOT / "scripts").iterdir():
        assert script.stat().st_mode & 0o111, script
        subprocess.run(["bash", "-n", str(script)], check=True)
