"""Every metric of the PSQL wire."""

from prometheus_client import Counter, Gauge, Histogram

#: clients that are logged in
CONNECTIONS = Gauge("query_psql_connections", "Clients that are logged in")
#: connections that did not become a session
REFUSED = Counter("query_psql_refused_total", "Connections refused, by SQLSTATE", ["sqlstate"])
#: statements that failed
FAILURES = Counter("query_psql_failures_total", "Statements that failed, by SQLSTATE", ["sqlstate"])
#: from a message to the end of its answer
SECONDS = Histogram(
    "query_psql_seconds", "Time of a message's answer", buckets=(0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30)
)
