"""python -m deploy.readiness PORT: is the service on this port of this machine ready? Exit code 0 or 1, and its answer.

For the health checks of containers: the image has neither curl nor wget.
"""

import http.client
import sys

_SECONDS = 4.0


def ask(port: int) -> tuple[bool, str]:
    """Whether `GET /readyz` is answered 200, and what is answered."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        return answer.status == http.client.OK, answer.read(4096).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return False, f"nothing answers on port {port}: {error}"
    finally:
        connection.close()


if __name__ == "__main__":
    ready, said = ask(int(sys.argv[1]))
    print(said)
    sys.exit(0 if ready else 1)
