"""`/api/departments/{id}/templates`: the ready-made replies of a department."""

from uuid import UUID

from litestar import Controller, Response, delete, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from backend.actor import Actor, staff
from backend.answers import made
from backend.departments import templates
from backend.departments.template_schemas import (
    TemplateIn,
    TemplateOut,
    TemplatesOut,
    TemplateVersions,
)


class TemplateController(Controller):
    path = "/api/departments/{department_id:uuid}/templates"
    tags = ("templates",)

    @get("", policy=staff, operation_id="listTemplates")
    async def list_templates(
        self, actor: NamedDependency[Actor], department_id: FromPath[UUID]
    ) -> TemplatesOut:
        return await templates.read_templates(actor, department_id)

    @put("/{template_id:uuid}", policy=staff, operation_id="saveTemplate")
    async def save(
        self,
        actor: NamedDependency[Actor],
        department_id: FromPath[UUID],
        template_id: FromPath[UUID],
        data: JSONBody[TemplateIn],
    ) -> Response[TemplateOut]:
        return made(await templates.save_template(actor, department_id, template_id, data))

    @delete("/{template_id:uuid}", policy=staff, operation_id="removeTemplate")
    async def remove(
        self,
        actor: NamedDependency[Actor],
        department_id: FromPath[UUID],
        template_id: FromPath[UUID],
    ) -> None:
        await templates.remove_template(actor, department_id, template_id)

    @get("/{template_id:uuid}/versions", policy=staff, operation_id="listTemplateVersions")
    async def versions(
        self,
        actor: NamedDependency[Actor],
        department_id: FromPath[UUID],
        template_id: FromPath[UUID],
    ) -> TemplateVersions:
        return await templates.read_versions(actor, department_id, template_id)
