"""Who sees a photo and hears a voice note: whoever sees what it hangs on (I7)."""

from uuid import UUID

from backend.actor import Actor
from backend.db import fetch_value
from backend.reports.policy import wards_of
from backend.reports.visibility import sees_notes_sql, visible_to_sql


async def sees_photo(actor: Actor, photo_id: UUID) -> bool:
    """Whether a photo hangs on a report the actor sees, and not on a note that they do not.

    What a head has approved is for all of the ward, and so are the photos it was sent with.
    """
    visible, arguments = visible_to_sql(actor, 2)
    sees_notes, more = sees_notes_sql(actor, 2 + len(arguments))
    wards = f"${2 + len(arguments) + len(more)}::uuid[]"
    return bool(
        await fetch_value(
            f"""
            SELECT true FROM photo p
            JOIN report r ON r.id = p.thread_id AND ({visible} OR r.moderation = 'approved'
                AND NOT r.private AND p.message_id = r.id AND r.ward_id = ANY({wards}))
            LEFT JOIN message m ON m.id = p.message_id
            WHERE p.id = $1 AND p.seconds IS NULL
              AND (m.kind IS DISTINCT FROM 'note' OR {sees_notes})
            """,  # noqa: S608
            photo_id,
            *arguments,
            *more,
            wards_of(actor),
        )
    )


async def hears_voice(actor: Actor, voice_id: UUID) -> bool:
    """Whether a voice note hangs in a thread the actor reads, and not on a note that they do not.

    A voice tells who speaks: what a head has approved is shown to all of the ward without it.
    """
    visible, arguments = visible_to_sql(actor, 2)
    sees_notes, more = sees_notes_sql(actor, 2 + len(arguments))
    return bool(
        await fetch_value(
            f"""
            SELECT true FROM photo p
            JOIN report r ON r.id = p.thread_id AND {visible}
            LEFT JOIN message m ON m.id = p.message_id
            WHERE p.id = $1 AND p.seconds IS NOT NULL
              AND (m.kind IS DISTINCT FROM 'note' OR {sees_notes})
            """,  # noqa: S608
            voice_id,
            *arguments,
            *more,
        )
    )
