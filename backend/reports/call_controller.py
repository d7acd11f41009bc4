"""`/api/calls`, and whether a ward's callers get texts."""

from uuid import UUID

from litestar import Controller, Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from backend.actor import Actor
from backend.departments.policy import rule_keepers
from backend.reports import caller_words, calls, sms_switch
from backend.reports.call_schemas import (
    CallerWordsIn,
    CallIn,
    CallList,
    CallOut,
    CallReceipt,
    LookupOut,
    NumberIn,
    SmsSwitch,
)
from backend.reports.policy import operators
from backend.threads.schemas import MessageReceipt


class CallController(Controller):
    path = "/api/calls"
    tags = ("calls",)

    @post("/lookup", policy=operators, operation_id="findCallers", status_code=200)
    async def find_callers(
        self, actor: NamedDependency[Actor], data: JSONBody[NumberIn]
    ) -> LookupOut:
        return await calls.find_callers(actor, data.number)

    @get("", policy=operators, operation_id="listCalls")
    async def list_calls(self, actor: NamedDependency[Actor]) -> CallList:
        return await calls.list_calls(actor)

    @put("/{call_id:uuid}", policy=operators, operation_id="logCall")
    async def log_call(
        self, actor: NamedDependency[Actor], call_id: FromPath[UUID], data: JSONBody[CallIn]
    ) -> Response[CallReceipt]:
        receipt, fresh = await calls.log_call(actor, call_id, data)
        return Response(receipt, status_code=201 if fresh else 200)

    @get("/{call_id:uuid}", policy=operators, operation_id="getCall")
    async def get_call(self, actor: NamedDependency[Actor], call_id: FromPath[UUID]) -> CallOut:
        return await calls.read_call(actor, call_id)


class CallerWordsController(Controller):
    path = "/api/reports/{report_id:uuid}/caller-words"
    tags = ("calls",)

    @put("/{message_id:uuid}", policy=operators, operation_id="sayForCaller")
    async def say(
        self,
        actor: NamedDependency[Actor],
        report_id: FromPath[UUID],
        message_id: FromPath[UUID],
        data: JSONBody[CallerWordsIn],
    ) -> Response[MessageReceipt]:
        receipt, fresh = await caller_words.say_for_caller(actor, report_id, message_id, data)
        return Response(receipt, status_code=201 if fresh else 200)


class SmsSwitchController(Controller):
    path = "/api/wards/{ward_id:uuid}/sms"
    tags = ("rules",)

    @get("", policy=rule_keepers, operation_id="getSmsSwitch")
    async def get_switch(self, actor: NamedDependency[Actor], ward_id: FromPath[UUID]) -> SmsSwitch:
        return await sms_switch.read_switch(actor, ward_id)

    @put("", policy=rule_keepers, operation_id="switchSms")
    async def switch(
        self, actor: NamedDependency[Actor], ward_id: FromPath[UUID], data: JSONBody[SmsSwitch]
    ) -> SmsSwitch:
        return await sms_switch.switch(actor, ward_id, data.allowed)
