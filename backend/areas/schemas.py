"""Areas as phones see them."""

from typing import Literal
from uuid import UUID

from msgspec import Struct

Country = Literal["VN", "IR"]
Calendar = Literal["gregorian", "jalali"]


class EmergencyNumber(Struct, frozen=True):
    """A number to call, and what answers there in each language."""

    number: str
    names: dict[str, str]


class AreaOut(Struct, frozen=True):
    """One area of the tree. `outline` holds rings of [lat, lon], thinned to about 10 m."""

    id: UUID
    parent_id: UUID | None
    level: Literal["city", "ward", "neighbourhood"]
    code: str
    name: str
    country: Country
    time_zone: str
    calendar: Calendar
    emergency_numbers: list[EmergencyNumber]
    outline: list[list[tuple[float, float]]]
    lat: float | None
    lon: float | None


class CountryFacts(Struct, frozen=True):
    """What comes with the country, never with the language."""

    time_zone: str
    calendar: Calendar
    emergency_numbers: list[EmergencyNumber]


class Place(Struct, frozen=True):
    """Where a report is: its neighbourhood and what that lies in.

    `outside`: up to 200 m beyond every boundary, given to the nearest neighbourhood.
    """

    neighbourhood_id: UUID
    ward_id: UUID
    city_id: UUID
    outside: bool = False

    @property
    def path(self) -> list[UUID]:
        return [self.city_id, self.ward_id, self.neighbourhood_id]
