"""A city as large as the largest: 4,861 neighbourhoods in 162 wards, and a million reports."""

import uuid
from dataclasses import dataclass
from typing import Final

from backend.db import ENGINE, execute, fetch_value

REPORTS: Final = 1_000_000
WARDS: Final = 162
NEIGHBOURHOODS: Final = 30
"""Of each ward."""
DEPARTMENTS: Final = 2
"""Of each ward: an officer has some 300 open cases."""
PEOPLE: Final = 20_000

_NAMES: Final = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Huỳnh", "Võ", "Đặng", "Bùi", "Đỗ")
_GIVEN: Final = ("Thị Ánh", "Văn Bình", "Minh Châu", "Đức Duy", "Ngọc Hà", "Quốc Khánh", "Mỹ Linh")
_STREETS: Final = ("Lê Văn Việt", "Nguyễn Thị Minh Khai", "Hoa Sữa", "Đinh Tiên Hoàng", "Man Thiện")
_TEXTS: Final = (
    "Đèn đường không sáng từ tối qua, cả đoạn hẻm tối om",
    "Rác đổ trộm ở góc chợ, bốc mùi hôi",
    "Ổ gà sâu trước cổng trường, xe máy dễ ngã",
    "Nắp cống vỡ, nước tràn ra đường khi mưa",
    "Cành cây gãy chắn lối đi bộ trong công viên",
    "Karaoke loa kẹo kéo ồn ào đến khuya",
    "Ống nước vỡ trên vỉa hè, nước chảy suốt đêm",
    "Xe đậu lấn chiếm vỉa hè, người già phải xuống lòng đường",
)
RARE: Final = "hươu cao cổ"
"""Stands in one report in fifty thousand."""

_SEED: Final = """
SET LOCAL session_replication_role = replica;
SET LOCAL synchronous_commit = off;
SET LOCAL maintenance_work_mem = '512MB';

INSERT INTO area (id, level, code, name, country, time_zone, calendar, path)
SELECT id, 'city', 'bench', 'Thành phố', 'VN', 'Asia/Ho_Chi_Minh', 'gregorian', ARRAY[id]
FROM (SELECT md5('city')::uuid AS id) c;
INSERT INTO area (id, parent_id, level, code, name, country, time_zone, calendar, path)
SELECT md5('ward' || w)::uuid, md5('city')::uuid, 'ward', 'bench-' || w, 'Phường ' || w, 'VN',
       'Asia/Ho_Chi_Minh', 'gregorian', ARRAY[md5('city')::uuid, md5('ward' || w)::uuid]
FROM generate_series(0, {wards} - 1) w;
INSERT INTO area (id, parent_id, level, code, name, country, time_zone, calendar, path)
SELECT md5('area' || n)::uuid, ward, 'neighbourhood', 'bench-area-' || n, 'Khu phố ' || n, 'VN',
       'Asia/Ho_Chi_Minh', 'gregorian', ARRAY[md5('city')::uuid, ward, md5('area' || n)::uuid]
FROM generate_series(0, {wards} * {neighbourhoods} - 1) n,
     LATERAL (SELECT md5('ward' || n / {neighbourhoods})::uuid AS ward) w;
INSERT INTO department (id, area_id, code, names)
SELECT md5('department' || d)::uuid, md5('ward' || d / {departments})::uuid, 'd' || d,
       '{{"vi": "Tổ", "fa": "گروه", "en": "Unit"}}'
FROM generate_series(0, {wards} * {departments} - 1) d;
INSERT INTO category (id, area_id, code, names, icon, colour, accept_hours, solve_hours)
SELECT md5('category' || c)::uuid, md5('city')::uuid, 'c' || c,
       '{{"vi": "Loại", "fa": "نوع", "en": "Kind"}}', 'lightbulb', '#b45309', 8, 72
FROM generate_series(0, 7) c;
INSERT INTO account (id, name, language, neighbourhood_id, consent_version, consented_at)
SELECT md5('account' || a)::uuid,
       (ARRAY[{names}])[1 + a % {name_count}] || ' ' || (ARRAY[{given}])[1 + a / 7 % {given_count}],
       'vi', md5('area' || a % ({wards} * {neighbourhoods}))::uuid, 1, now()
FROM generate_series(0, {people} - 1) a;

CREATE TEMP TABLE bench_index ON COMMIT DROP AS
SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'report'
   AND indexname NOT IN ('report_pkey', 'report_code_key');
DO $$ DECLARE one record; BEGIN
    FOR one IN SELECT * FROM bench_index LOOP EXECUTE 'DROP INDEX ' || one.indexname; END LOOP;
END $$;

CREATE TEMP TABLE bench_text ON COMMIT DROP AS
SELECT number, text, folded(text) AS key
FROM unnest(ARRAY[{texts}]) WITH ORDINALITY AS t(text, number);
CREATE TEMP TABLE bench_street ON COMMIT DROP AS
SELECT number, text, folded(text) AS key
FROM unnest(ARRAY[{streets}]) WITH ORDINALITY AS t(text, number);
CREATE TEMP TABLE bench_person ON COMMIT DROP AS
SELECT a AS number, id, folded(name) AS key
FROM generate_series(0, {people} - 1) a JOIN account ON id = md5('account' || a)::uuid;
CREATE TEMP TABLE bench_area ON COMMIT DROP AS
SELECT n AS number, id, path, folded(name) AS key
FROM generate_series(0, {wards} * {neighbourhoods} - 1) n JOIN area ON id = md5('area' || n)::uuid;
ANALYZE bench_person; ANALYZE bench_area;

INSERT INTO report (id, code, account_id, neighbourhood_id, ward_id, city_id, category_id,
                    department_id, state, description, address, lat, lon, located_by, urgent,
                    private, content_hash, last_seq, created_at, accept_due_at, solve_due_at,
                    accepted_at, awaiting_since, search)
SELECT md5('report' || n)::uuid, code, p.id, a.id, a.path[2], a.path[1],
       md5('category' || dice[2] % 8)::uuid,
       md5('department' || (a.number / {neighbourhoods} * {departments}
                            + dice[3] % {departments}))::uuid,
       state, t.text || CASE WHEN n % 50000 = 7 THEN ' {rare}' ELSE '' END,
       n % 200 || ' ' || s.text, 10.8 + n % 1000 * 0.0001, 106.7 + n % 999 * 0.0001, 'gps',
       dice[4] % 40 = 3, false, '', 1, at, at + interval '8 hours', at + interval '72 hours',
       CASE WHEN state <> 'submitted' THEN at + interval '4 hours' END,
       CASE WHEN state = 'awaiting_reporter' THEN at + interval '5 hours' END,
       ' ' || concat_ws(' ', lower(code), lower(replace(code, '-', '')), n % 200, s.key, a.key,
                        p.key, t.key, CASE WHEN n % 50000 = 7 THEN folded('{rare}') END)
FROM (SELECT n, ARRAY(SELECT abs(hashint4(n * 10 + die) / 2) FROM generate_series(1, 9) die)
             AS dice FROM generate_series(1, {reports}) n) n
CROSS JOIN LATERAL (SELECT
    upper(substr(lpad(to_hex(n), 6, '0'), 1, 3) || '-' || substr(lpad(to_hex(n), 6, '0'), 4, 3))
        || '-' || n % 10 AS code,
    CASE WHEN dice[1] % 10 <> 0 THEN CASE WHEN n % 7 = 1 THEN 'rejected' ELSE 'closed' END
         ELSE (ARRAY['submitted', 'submitted', 'accepted', 'in_progress', 'in_progress',
                     'in_progress', 'awaiting_reporter', 'resolved', 'accepted', 'disputed'])
              [1 + dice[5] % 10] END AS state,
    now() - CASE WHEN dice[1] % 10 = 0 THEN n::float8 / {reports} * interval '6 days'
                 ELSE n::float8 / {reports} * interval '700 days' END AS at) x
JOIN bench_person p ON p.number = dice[8] % {people}
JOIN bench_area a ON a.number = dice[9] % ({wards} * {neighbourhoods})
JOIN bench_text t ON t.number = 1 + dice[6] % {text_count}
JOIN bench_street s ON s.number = 1 + dice[7] % {street_count};

INSERT INTO message (id, thread_id, seq, side, kind, body, content_hash)
SELECT gen_random_uuid(), id, 1, CASE WHEN urgent THEN 'reporter' ELSE 'department' END, 'message',
       '', ''
FROM report WHERE city_id = md5('city')::uuid
   AND state NOT IN ('closed', 'rejected', 'merged', 'withdrawn');

DO $$ DECLARE one record; BEGIN
    FOR one IN SELECT * FROM bench_index LOOP EXECUTE one.indexdef; END LOOP;
END $$;
"""


@dataclass(frozen=True)
class City:
    """Ids of the city and of parts of its middle."""

    city_id: uuid.UUID
    ward_id: uuid.UUID
    neighbourhood_id: uuid.UUID
    department_id: uuid.UUID
    category_id: uuid.UUID


async def build_city() -> City:
    """Fills the database; about a minute."""

    def listed(texts: tuple[str, ...]) -> str:
        return ", ".join(f"'{text}'" for text in texts)

    sql = _SEED.format(
        reports=REPORTS,
        wards=WARDS,
        neighbourhoods=NEIGHBOURHOODS,
        departments=DEPARTMENTS,
        people=PEOPLE,
        names=listed(_NAMES),
        name_count=len(_NAMES),
        given=listed(_GIVEN),
        given_count=len(_GIVEN),
        texts=listed(_TEXTS),
        text_count=len(_TEXTS),
        streets=listed(_STREETS),
        street_count=len(_STREETS),
        rare=RARE,
    )
    async with ENGINE.transaction() as transaction:
        await transaction.connection.execute(sql, timeout=600)
    for table in ("report", "message", "account", "area"):
        await execute(f"VACUUM ANALYZE {table}")
    assert await fetch_value("SELECT count(*) FROM report") >= REPORTS  # type: ignore[operator]
    middle = WARDS // 2

    async def md5(text: str) -> uuid.UUID:
        found = await fetch_value("SELECT md5($1)::uuid", text)
        assert isinstance(found, uuid.UUID)
        return found

    return City(
        city_id=await md5("city"),
        ward_id=await md5(f"ward{middle}"),
        neighbourhood_id=await md5(f"area{middle * NEIGHBOURHOODS}"),
        department_id=await md5(f"department{middle * DEPARTMENTS}"),
        category_id=await md5("category3"),
    )


async def somebody(role: str, scope_id: uuid.UUID) -> uuid.UUID:
    """An account with one grant."""
    account_id = uuid.uuid4()
    await execute(
        """INSERT INTO account (id, name, language, consent_version, consented_at)
           VALUES ($1, 'Cán bộ', 'vi', 1, now())""",
        account_id,
    )
    await execute(
        "INSERT INTO account_grant (id, account_id, role, scope_id) VALUES ($1, $2, $3, $4)",
        uuid.uuid4(),
        account_id,
        role,
        scope_id,
    )
    return account_id
