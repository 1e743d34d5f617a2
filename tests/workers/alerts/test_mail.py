"""Mail, with a real mail server on loopback."""

from tests.workers.receiver import mail_server
from workers.alerts.mail import Mail


async def test_a_letter_has_one_receiver_and_is_plain_text() -> None:
    async with mail_server() as box:
        mail = Mail(f"mailto://127.0.0.1:{box.port}?from=alerts@shop.example&to=boss@shop.example&cc=c@x.de&bcc=b@x.de")
        assert await mail.send("ops@shop.example", "it fires", "first\nsecond <b>bold</b> & {x}") == ""
    ((sender, receivers, text),) = box.letters
    assert (sender, receivers) == ("alerts@shop.example", ["ops@shop.example"])
    head, _, body = text.replace("\r\n", "\n").partition("\n\n")
    assert "Subject: it fires" in head
    assert "text/plain" in head
    assert "text/html" not in text
    assert body.strip() == "first\nsecond <b>bold</b> & {x}"


async def test_a_subject_ends_no_header() -> None:
    async with mail_server() as box:
        mail = Mail(f"mailto://127.0.0.1:{box.port}?from=alerts@shop.example")
        assert await mail.send("ops@shop.example", "x\r\nBcc: evil@x.de\r\n\r\nbody", "text") == ""
    ((_, receivers, text),) = box.letters
    assert receivers == ["ops@shop.example"]
    assert not [line for line in text.splitlines() if line.startswith("Bcc:")]


async def test_a_server_that_takes_nothing_or_is_away_is_told() -> None:
    async with mail_server("550 no") as box:
        mail = Mail(f"mailto://127.0.0.1:{box.port}?from=alerts@shop.example")
        assert "did not take it" in await mail.send("ops@shop.example", "s", "t")
    assert "did not take it" in await mail.send("ops@shop.example", "s", "t")


async def test_without_a_mail_server_nothing_is_sent() -> None:
    assert "HEADRACE_MAIL is not set" in await Mail("").send("ops@shop.example", "s", "t")
    assert "cannot be used" in await Mail("mailto://").send("ops@shop.example", "s", "t")
