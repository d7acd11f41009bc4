"""`/api/wards/{id}/…`: the rules of a ward, for its dispatchers and administrators."""

from uuid import UUID

from litestar import Controller, Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from backend.actor import Actor
from backend.answers import made
from backend.departments import catalogue, examples, guest_rules, hour_rules, rules
from backend.departments.catalogue_schemas import (
    CatalogueOut,
    CategoryIn,
    DepartmentIn,
    ExampleIn,
    ExampleOut,
    OrderIn,
    WardsOut,
)
from backend.departments.policy import rule_keepers, rule_readers
from backend.departments.rule_schemas import (
    ChangeReceipt,
    ClocksIn,
    ClocksOut,
    ClosureIn,
    ClosureOut,
    DaysOffOut,
    GuestRuleIn,
    GuestRuleOut,
    HoursIn,
    RoutingIn,
    RoutingOut,
    RuleChangesOut,
    Subject,
    WardHoursOut,
)


class WardController(Controller):
    path = "/api/wards"
    tags = ("rules",)

    @get("", policy=rule_readers, operation_id="listWards")
    async def list_wards(self, actor: NamedDependency[Actor]) -> WardsOut:
        return await catalogue.read_wards(actor)


class CatalogueController(Controller):
    path = "/api/wards/{ward_id:uuid}"
    tags = ("rules",)

    @get("/catalogue", policy=rule_readers, operation_id="getCatalogue")
    async def get_catalogue(
        self, actor: NamedDependency[Actor], ward_id: FromPath[UUID]
    ) -> CatalogueOut:
        return await catalogue.read_catalogue(actor, ward_id)

    @put("/departments/{change_id:uuid}", policy=rule_keepers, operation_id="changeDepartment")
    async def change_department(
        self,
        actor: NamedDependency[Actor],
        ward_id: FromPath[UUID],
        change_id: FromPath[UUID],
        data: JSONBody[DepartmentIn],
    ) -> Response[ChangeReceipt]:
        return made(await catalogue.change_department(actor, ward_id, change_id, data))

    @put("/categories/{change_id:uuid}", policy=rule_keepers, operation_id="changeCategory")
    async def change_category(
        self,
        actor: NamedDependency[Actor],
        ward_id: FromPath[UUID],
        change_id: FromPath[UUID],
        data: JSONBody[CategoryIn],
    ) -> Response[ChangeReceipt]:
        return made(await catalogue.change_category(actor, ward_id, change_id, data))

    @put("/category-order/{change_id:uuid}", policy=rule_keepers, operation_id="orderCategories")
    async def order_categories(
        self,
        actor: NamedDependency[Actor],
        ward_id: FromPath[UUID],
        change_id: FromPath[UUID],
        data: JSONBody[OrderIn],
    ) -> Response[ChangeReceipt]:
        return made(await catalogue.order_categories(actor, ward_id, change_id, data))

    @post("/clocks/example", policy=rule_readers, operation_id="tryClocks", status_code=200)
    async def give_example(
        self,
        actor: NamedDependency[Actor],
        ward_id: FromPath[UUID],
        data: JSONBody[ExampleIn],
    ) -> ExampleOut:
        return await examples.give_example(actor, ward_id, data)


class RuleController(Controller):
    path = "/api/wards/{ward_id:uuid}"
    tags = ("rules",)

    @get("/routing", policy=rule_readers, operation_id="getRouting")
    async def get_routing(
        self, actor: NamedDependency[Actor], ward_id: FromPath[UUID]
    ) -> RoutingOut:
        return await rules.read_routing(actor, ward_id)

    @put("/routing/{change_id:uuid}", policy=rule_keepers, operation_id="changeRouting")
    async def change_routing(
        self,
        actor: NamedDependency[Actor],
        ward_id: FromPath[UUID],
        change_id: FromPath[UUID],
        data: JSONBody[RoutingIn],
    ) -> Response[ChangeReceipt]:
        return made(await rules.change_routing(actor, ward_id, change_id, data))

    @get("/clocks", policy=rule_readers, operation_id="getClocks")
    async def get_clocks(self, actor: NamedDependency[Actor], ward_id: FromPath[UUID]) -> ClocksOut:
        return await rules.read_clocks(actor, ward_id)

    @put("/clocks/{change_id:uuid}", policy=rule_keepers, operation_id="changeClocks")
    async def change_clocks(
        self,
        actor: NamedDependency[Actor],
        ward_id: FromPath[UUID],
        change_id: FromPath[UUID],
        data: JSONBody[ClocksIn],
    ) -> Response[ChangeReceipt]:
        return made(await rules.change_clocks(actor, ward_id, change_id, data))

    @get("/hours", policy=rule_readers, operation_id="getHours")
    async def get_hours(
        self, actor: NamedDependency[Actor], ward_id: FromPath[UUID]
    ) -> WardHoursOut:
        return await hour_rules.read_ward_hours(actor, ward_id)

    @put("/hours/{change_id:uuid}", policy=rule_keepers, operation_id="changeHours")
    async def change_hours(
        self,
        actor: NamedDependency[Actor],
        ward_id: FromPath[UUID],
        change_id: FromPath[UUID],
        data: JSONBody[HoursIn],
    ) -> Response[ChangeReceipt]:
        return made(await hour_rules.change_hours(actor, ward_id, change_id, data))

    @get("/days-off", policy=rule_readers, operation_id="getDaysOff")
    async def get_days_off(
        self, actor: NamedDependency[Actor], ward_id: FromPath[UUID], year: FromQuery[int]
    ) -> DaysOffOut:
        return await hour_rules.read_days_off(actor, ward_id, year)

    @put("/closures/{closure_id:uuid}", policy=rule_keepers, operation_id="declareClosure")
    async def declare_closure(
        self,
        actor: NamedDependency[Actor],
        ward_id: FromPath[UUID],
        closure_id: FromPath[UUID],
        data: JSONBody[ClosureIn],
    ) -> Response[ClosureOut]:
        return made(await hour_rules.declare_closure(actor, ward_id, closure_id, data))

    @delete("/closures/{closure_id:uuid}", policy=rule_keepers, operation_id="takeBackClosure")
    async def take_back_closure(
        self, actor: NamedDependency[Actor], ward_id: FromPath[UUID], closure_id: FromPath[UUID]
    ) -> None:
        await hour_rules.take_back_closure(actor, ward_id, closure_id)

    @get("/guests", policy=rule_readers, operation_id="getGuestRule")
    async def get_guest_rule(
        self, actor: NamedDependency[Actor], ward_id: FromPath[UUID]
    ) -> GuestRuleOut:
        return await guest_rules.read_guest_rule(actor, ward_id)

    @put("/guests/{change_id:uuid}", policy=rule_keepers, operation_id="changeGuestRule")
    async def change_guest_rule(
        self,
        actor: NamedDependency[Actor],
        ward_id: FromPath[UUID],
        change_id: FromPath[UUID],
        data: JSONBody[GuestRuleIn],
    ) -> Response[ChangeReceipt]:
        return made(await guest_rules.change_guest_rule(actor, ward_id, change_id, data))

    @get("/rule-changes", policy=rule_readers, operation_id="listRuleChanges")
    async def list_changes(
        self,
        actor: NamedDependency[Actor],
        ward_id: FromPath[UUID],
        subject: FromQuery[Subject | None] = None,
        cursor: FromQuery[UUID | None] = None,
    ) -> RuleChangesOut:
        return await rules.read_changes(actor, ward_id, subject, cursor)
