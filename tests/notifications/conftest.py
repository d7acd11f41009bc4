"""Phones that really decrypt, and the office that tells them."""

from collections.abc import AsyncIterator

import msgspec
import pytest

from backend.notifications import service
from backend.notifications.delivery import DeliveryOffice
from backend.notifications.push import PushSender
from backend.settings import get_settings
from tests.fixtures.push_service import PushService


@pytest.fixture
async def push_service(api: object) -> AsyncIterator[PushService]:
    """The only push service this installation may reach, besides the real ones."""
    async with PushService() as push_service:
        origin = push_service.origin
        service.open_keys(msgspec.structs.replace(get_settings(), push_test_origin=origin))
        yield push_service
        service.open_keys(get_settings())


@pytest.fixture
async def sender(push_service: PushService) -> AsyncIterator[PushSender]:
    identity = service.push_identity()
    async with PushSender(
        identity.keys, contact=identity.contact, services=identity.services
    ) as sender:
        yield sender


@pytest.fixture
def office(sender: PushSender) -> DeliveryOffice:
    return DeliveryOffice(sender, stretch=lambda: 1.0)
