"""A stretch: six hours, by which sessions are rolled up. In the words that builders and questions share. Pure text."""

from workers.rollups.rolled import HOUR_SECONDS

SECONDS = 6 * HOUR_SECONDS
#: those that are rolled up; what starts before or later is always read raw: ClickHouse's DateTime cannot name it whole
FIRST, LAST = 3 * 86_400, 4_291_747_200
#: events so long before and behind a stretch have a say in its sessions
MARGIN = 86_400
#: as `rolled.SHAPE`: counts up when what the view `sessions` says of the same events changes
SHAPE = 1
#: of rows with an `hour`: its stretch, Unix seconds
OF_HOUR = f"intDiv(toUnixTimestamp(hour), {SECONDS}) * {SECONDS}"
#: the marks of a stretch and of those around it, added up: a mark only grows, so that an equal sum is equal marks
AROUND = f"sum(own) OVER (PARTITION BY project ORDER BY at RANGE BETWEEN {MARGIN} PRECEDING AND {MARGIN} FOLLOWING)"
#: as `sessions` has them, and `rolled_sessions` too
COLUMNS = (
    "session, started_at, ended_at, duration, events, page_views, bounced, entry_page, exit_page, visitor, user_id, "
    "channel, source, country, device_type, names, site_ids"
)
