"""What to do with a stack that runs: its URLs and commands to copy."""

from collections.abc import Mapping
from pathlib import Path

_TEXT = """
  Web page      {url}/
  Events        {url}/v1/events
  Stats         {url}/api/v1/stats
  ClickHouse    {clickhouse} (user and password are in {demo_env})

Load URLs and keys into a shell:

  set -a; . {demo_env}; set +a

Send an event:

  curl -X POST "{url}/v1/events" \\
    -H "Authorization: Bearer test_123" -H "Content-Type: application/json" \\
    -d '{{"event_type":"user.created","occurred_at":"'$(date -u +%Y-%m-%dT%H:%M:%SZ)'","data":{{"plan":"pro"}}}}'

Ask for the count of the last 24 hours:

  curl "{url}/api/v1/stats?site_id={site_id}&metric=event_count" -H "Authorization: Bearer test_123"
"""


def text(env: Mapping[str, str], demo_env: Path) -> str:
    """URLs and examples for the variables of demo.env."""
    clickhouse = env["HEADRACE_CLICKHOUSE_URL"]
    address = "http://" + clickhouse.partition("@")[2].partition("/")[0]
    return _TEXT.format(url=env["HEADRACE_URL"], clickhouse=address, demo_env=demo_env, site_id=env["HEADRACE_SITE_ID"])
