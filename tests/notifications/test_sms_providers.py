"""How a text leaves: into a file, or by a gateway that answers in every way gateways do."""

import json
import stat
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from backend.notifications.sms_providers import (
    FileSms,
    HttpSms,
    Later,
    NobodyThere,
    Refused,
    Sent,
    SmsOutcome,
    provider_from,
)
from backend.settings import SettingsError, get_settings, load_settings
from tests.fixtures.sms_gateway import Answer, SmsGateway

NUMBER, TEXT, KEY = "+84912345678", "K7P-2QF-9: đã tiếp nhận.", uuid.UUID(int=7)


@pytest.fixture
async def gateway() -> AsyncIterator[SmsGateway]:
    async with SmsGateway() as gateway:
        yield gateway


async def ask(gateway: SmsGateway, timeout_seconds: float = 5) -> SmsOutcome:
    provider = HttpSms(gateway.url, "s3cret", "KhuPho", timeout_seconds)
    try:
        return await provider.send(NUMBER, TEXT, KEY)
    finally:
        await provider.aclose()


async def test_a_file_gets_one_line_a_text_that_only_its_owner_reads(tmp_path: Path) -> None:
    provider = FileSms(tmp_path / "sms")
    assert await provider.send(NUMBER, TEXT, KEY) == Sent(str(KEY))
    await provider.send(NUMBER, "hai\ndòng", uuid.uuid4())
    (file,) = (tmp_path / "sms").iterdir()
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert [line["text"] for line in lines] == [TEXT, "hai\ndòng"]
    assert (lines[0]["to"], lines[0]["id"]) == (NUMBER, str(KEY))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_a_gateway_is_told_everything_and_its_receipt_kept(gateway: SmsGateway) -> None:
    assert await ask(gateway) == Sent("4711")
    (asked,) = gateway.asked
    assert asked.path == "/v1/texts"
    assert asked.body == {"to": NUMBER, "text": TEXT, "sender": "KhuPho"}
    assert asked.headers["authorization"] == "bearer s3cret"
    assert asked.headers["idempotency-key"] == str(KEY)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Answer(202), Sent("4711")),
        (Answer(200, body=b"OK"), Sent(None)),
        (Answer(200, body=b"x" * 100_000), Sent(None)),
        (Answer(400), Refused("status_400")),
        (Answer(413), Refused("status_413")),
        (Answer(422), Refused("status_422")),
        (Answer(302, {"Location": "http://127.0.0.1:1/"}), Refused("status_302")),
        (Answer(404), NobodyThere()),
        (Answer(410), NobodyThere()),
        (Answer(401), Later("status_401")),
        (Answer(500), Later("status_500")),
        (Answer(503, {"Retry-After": "120"}), Later("status_503", timedelta(seconds=120))),
        (Answer(429, {"Retry-After": "90"}), Later("status_429", timedelta(seconds=90))),
        (Answer(429, {"Retry-After": "next week"}), Later("status_429", timedelta(seconds=30))),
    ],
)
async def test_every_answer_means_something(
    gateway: SmsGateway, answer: Answer, outcome: SmsOutcome
) -> None:
    gateway.answers = [answer]
    assert await ask(gateway) == outcome
    assert len(gateway.asked) == 1


async def test_silence_ends(gateway: SmsGateway) -> None:
    gateway.answers = [Answer(silent=True)]
    assert await ask(gateway, timeout_seconds=0.2) == Later("timeout")


async def test_nobody_at_the_address_is_no_verdict_on_the_text() -> None:
    provider = HttpSms("http://127.0.0.1:1/", None, "", 5)
    assert await provider.send(NUMBER, TEXT, KEY) == Later("network")
    await provider.aclose()


async def test_the_settings_choose(tmp_path: Path) -> None:
    settings = msgspec.structs.replace(get_settings(), var_dir=tmp_path)
    assert isinstance(provider_from(settings), FileSms)
    assert provider_from(msgspec.structs.replace(settings, sms="off")) is None
    http = msgspec.structs.replace(settings, sms="http", sms_url="https://sms.example/")
    provider = provider_from(http)
    assert isinstance(provider, HttpSms)
    await provider.aclose()


@pytest.mark.parametrize(
    "address", [None, "", "http://sms.example/", "ftp://127.0.0.1/", "sms.example"]
)
def test_a_key_never_travels_in_the_open(address: str | None) -> None:
    environment = {"KHUPHO_SMS": "http", "KHUPHO_SMS_KEY": "s3cret"}
    if address is not None:
        environment["KHUPHO_SMS_URL"] = address
    with pytest.raises(SettingsError, match="KHUPHO_SMS_URL") as caught:
        load_settings(environment)
    assert "s3cret" not in str(caught.value)


def test_a_gateway_on_this_machine_may_speak_http() -> None:
    address = "http://127.0.0.1:9000/"
    settings = load_settings({"KHUPHO_SMS": "http", "KHUPHO_SMS_URL": address})
    assert settings.sms_url == address
