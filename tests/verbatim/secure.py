"""The stack's origin behind TLS, as producers reach it: their examples say https."""

import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from deploy.local import origin
from deploy.local.ports import HOST


@dataclass(frozen=True)
class Secure:
    """Where it is and whom it answered."""

    host: str
    certificate: Path
    #: path, status and user agent of every request
    answered: list[tuple[str, int, str]] = field(default_factory=list)


@asynccontextmanager
async def secured(url: str, folder: Path) -> AsyncIterator[Secure]:
    """TLS in front of this base URL, with a certificate of its own."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    make_certificate(certificate, key)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    app = origin.build(url, url)
    runner = web.AppRunner(app, auto_decompress=False, shutdown_timeout=1.0)
    answered: list[tuple[str, int, str]] = []

    async def note(request: web.Request, response: web.StreamResponse) -> None:
        answered.append((request.path, response.status, request.headers.get("User-Agent", "")))

    app.on_response_prepare.append(note)
    await runner.setup()
    await web.TCPSite(runner, HOST, 0, ssl_context=context).start()
    try:
        yield Secure(f"{HOST}:{runner.addresses[0][1]}", certificate, answered)
    finally:
        await runner.cleanup()


def make_certificate(certificate: Path, key: Path) -> None:
    """A certificate for loopback that signs itself and is valid for a day."""
    command = [
        *("openssl", "req", "-x509", "-nodes", "-days", "1", "-subj", f"/CN={HOST}"),
        *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
        *("-addext", f"subjectAltName=IP:{HOST}"),
        *("-addext", "keyUsage=critical,digitalSignature,keyCertSign"),
        *("-keyout", str(key), "-out", str(certificate)),
    ]
    subprocess.run(command, check=True, capture_output=True)
