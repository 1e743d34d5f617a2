"""What is rolled up, in the words that builders and questions share. Pure text."""

#: dimension as questions name it -> column of `events`; rows of the dimension '' are all events of an hour
DIMENSIONS: dict[str, str] = {
    "event": "name",
    "page": "path",
    "viewed_page": "viewed_page",
    "host": "host",
    "referrer_host": "referrer_host",
    "source": "source",
    "channel": "channel",
    "utm_campaign": "utm_campaign",
    "country": "country",
    "device_type": "device_type",
    "browser": "browser",
    "os": "os",
    "language": "language",
}
#: counts up when what an hour's rows hold changes: hours of an older shape are built again, and read raw until then
SHAPE = 2
#: what `visitor_numbers` knows a visitor by; `uniqExact` of a text compares the same 128 bits
VISITOR = "reinterpretAsUInt128(sipHash128(visitor))"
#: the same of whose an event is as far as it says so itself: its user, else its visitor
WHO = "reinterpretAsUInt128(sipHash128(if(user_id != '', concat('u:', user_id), visitor)))"
HOUR_SECONDS = 3600
