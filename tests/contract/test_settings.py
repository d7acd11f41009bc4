"""A wrong setting stops the program, and is named."""

from pathlib import Path

import pytest

from backend.settings import SettingsError, load_settings


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"KHUPHO_PORT": "ninety"}, "KHUPHO_PORT='ninety'"),
        ({"KHUPHO_PORT": "70000"}, "KHUPHO_PORT='70000'"),
        ({"KHUPHO_CONNECTIONS": "1"}, "KHUPHO_CONNECTIONS='1'"),
        ({"KHUPHO_REQUESTS_AT_ONCE": "0"}, "KHUPHO_REQUESTS_AT_ONCE='0'"),
        ({"KHUPHO_RETRY_AFTER_SECONDS": "soon"}, "KHUPHO_RETRY_AFTER_SECONDS='soon'"),
        ({"KHUPHO_PUBLIC_URL": "khupho.example"}, "KHUPHO_PUBLIC_URL"),
        ({"KHUPHO_TILES": "raster"}, "KHUPHO_TILES_URL"),
        ({"KHUPHO_TILES": "moon"}, "KHUPHO_TILES='moon'"),
        ({"KHUPHO_LOG_LEVEL": "loud"}, "KHUPHO_LOG_LEVEL"),
        ({"KHUPHO_COLOUR": "red"}, "KHUPHO_COLOUR: there is no such setting"),
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL"),
        ({"KHUPHO_MEDIA_URL": "ftp://x"}, "KHUPHO_MEDIA_URL"),
        ({"KHUPHO_CONFIG": "/nowhere/khupho.toml"}, "KHUPHO_CONFIG"),
    ],
)
def test_a_wrong_setting_is_named(environment: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError, match=r"(?s).*") as caught:
        load_settings(environment)
    assert words in str(caught.value)


def test_a_secret_is_not_repeated_in_the_error() -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({"KHUPHO_SECRET_KEY": "tooshort"})
    assert "KHUPHO_SECRET_KEY" in str(caught.value)
    assert "tooshort" not in str(caught.value)


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "khupho.toml"
    file.write_text('port = 9000\nhost = "0.0.0.0"\npush_hosts = ["push.example"]\n')
    settings = load_settings({"KHUPHO_CONFIG": str(file), "KHUPHO_PORT": "9001"})
    assert (settings.port, settings.host) == (9001, "0.0.0.0")
    assert settings.push_hosts == ("push.example",)
    assert settings.secure is False


def test_https_makes_cookies_secure_and_fixes_the_origin() -> None:
    settings = load_settings({"KHUPHO_PUBLIC_URL": "https://khupho.example/"})
    assert settings.secure
    assert settings.origin == "https://khupho.example"


def test_another_port_is_another_address() -> None:
    assert load_settings({"KHUPHO_PORT": "8123"}).public_url == "http://localhost:8123"
    both = {"KHUPHO_PORT": "8123", "KHUPHO_PUBLIC_URL": "https://khupho.example"}
    assert load_settings(both).public_url == "https://khupho.example"
