"""`/api/uploads`: tus 1.0."""

from uuid import UUID

from litestar import Controller, Response, delete, head, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from backend.actor import Actor, signed_in
from backend.errors import DomainError
from backend.media import tus, uploads
from backend.media.schemas import UploadState
from backend.problems import MethodNotAllowed


class UploadController(Controller):
    """OPTIONS is answered by the framework; `TusAnswers` adds what we can do."""

    path = "/api/uploads"
    tags = ("uploads",)
    middleware = (tus.TusAnswers,)

    @post(policy=signed_in, guests=True, operation_id="createUpload", status_code=201)
    async def create(
        self, actor: NamedDependency[Actor], request: tus.UploadRequest
    ) -> Response[None]:
        tus.require_version(request)
        asked = tus.read_creation(request)
        body = tus.Body(request)
        if tus.has_body(request):
            tus.require_chunk_type(request)
        checksum = tus.read_checksum(request)
        state = await uploads.create_upload(actor, asked)
        if tus.has_body(request) and state.offset == 0:
            state = await _append(actor, state.upload.id, 0, body, checksum)
        else:
            # An upload that stands further on: the answer says from where to send.
            await body.swallow()
        return Response(
            None,
            status_code=201,
            headers={"Location": f"{self.path}/{state.upload.id}", **tus.headers_of(state)},
        )

    @head(
        "/{upload_id:uuid}",
        policy=signed_in,
        guests=True,
        operation_id="getUpload",
        status_code=200,
    )
    async def get_upload(
        self,
        actor: NamedDependency[Actor],
        request: tus.UploadRequest,
        upload_id: FromPath[UUID],
    ) -> Response[None]:
        tus.require_version(request)
        state = await uploads.get_upload(actor, upload_id)
        return Response(
            None,
            headers={
                "Upload-Length": str(state.upload.length),
                "Upload-Metadata": tus.metadata_of(state.upload),
                **tus.headers_of(state),
            },
        )

    @patch(
        "/{upload_id:uuid}",
        policy=signed_in,
        guests=True,
        operation_id="appendToUpload",
        status_code=204,
    )
    async def append(
        self,
        actor: NamedDependency[Actor],
        request: tus.UploadRequest,
        upload_id: FromPath[UUID],
    ) -> Response[None]:
        return await _patch(actor, upload_id, request)

    @delete(
        "/{upload_id:uuid}",
        policy=signed_in,
        guests=True,
        operation_id="deleteUpload",
        status_code=204,
    )
    async def remove(
        self,
        actor: NamedDependency[Actor],
        request: tus.UploadRequest,
        upload_id: FromPath[UUID],
    ) -> Response[None]:
        return await _delete(actor, upload_id, request)

    @post(
        "/{upload_id:uuid}",
        policy=signed_in,
        guests=True,
        operation_id="tunnelToUpload",
        status_code=204,
        include_in_schema=False,
    )
    async def tunnel(
        self,
        actor: NamedDependency[Actor],
        request: tus.UploadRequest,
        upload_id: FromPath[UUID],
    ) -> Response[None]:
        """For networks that let only GET and POST through (tus 1.0, X-HTTP-Method-Override)."""
        match request.headers.get("x-http-method-override"):
            case "PATCH":
                return await _patch(actor, upload_id, request)
            case "DELETE":
                return await _delete(actor, upload_id, request)
            case _:
                raise MethodNotAllowed


async def _patch(actor: Actor, upload_id: UUID, request: tus.UploadRequest) -> Response[None]:
    body = tus.Body(request)
    try:
        tus.require_version(request)
        tus.require_chunk_type(request)
        offset = tus.read_offset(request)
        checksum = tus.read_checksum(request)
    except DomainError:
        await body.swallow()
        raise
    state = await _append(actor, upload_id, offset, body, checksum)
    return Response(None, status_code=204, headers=tus.headers_of(state))


async def _append(
    actor: Actor, upload_id: UUID, offset: int, body: tus.Body, checksum: tus.Checksum | None
) -> UploadState:
    try:
        return await uploads.append_bytes(
            actor,
            upload_id,
            offset,
            body.chunks(),
            announced=body.announced,
            checksum=checksum,
        )
    except (tus.UploadTaken, tus.UploadInterrupted):
        raise  # nobody is there to listen
    except DomainError:
        await body.swallow()
        raise


async def _delete(actor: Actor, upload_id: UUID, request: tus.UploadRequest) -> Response[None]:
    tus.require_version(request)
    await uploads.delete_upload(actor, upload_id)
    return Response(None, status_code=204)
