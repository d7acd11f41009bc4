"""Telling everybody where a crisis is."""

import msgspec
from pgqueuer import PgQueuer
from pgqueuer.models import Job, Schedule

from backend import metrics
from backend.crises.broadcasts import JOB, TellJob, finish_broadcasts, tell_some

_decode = msgspec.json.Decoder(TellJob).decode


def register(pgq: PgQueuer) -> None:
    """Adds the jobs of this slice to a worker."""

    @pgq.entrypoint(JOB)
    async def tell(job: Job) -> None:
        await tell_some(_decode(job.payload or b"{}").broadcast_id)
        metrics.JOBS.labels(JOB, "done").inc()

    # A job dies with its worker; the message it was about does not.
    @pgq.schedule("finish_broadcasts", "* * * * * */30")
    async def finish(_schedule: Schedule) -> None:
        await finish_broadcasts()
