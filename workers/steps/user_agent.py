"""Read the user agent: browser and OS with their versions, the type of device, and whether a tool sent the event."""

import re
from functools import cache, lru_cache
from typing import NamedTuple

from ua_parser import Domain
from ua_parser.loaders import load_lazy_builtins
from ua_parser.regex import Resolver
from ua_parser_rs import UserAgentExtractor

from workers.batch import Batch
from workers.reference import Reference

#: characters of a user agent that are looked at: honest ones are shorter, and the caches are bounded by it
READ_CHARS = 512
#: distinct user agents that a step remembers
REMEMBERED = 65_536

_NAME_CHARS, _VERSION_CHARS = 64, 16

#: what servers send events with, in lower case, as the first word of the user agent
_TOOLS = (
    *("curl", "libcurl", "libcurl-agent", "pycurl", "wget", "aria2", "httpie", "xh", "postmanruntime", "insomnia"),
    *("python", "aiohttp", "httpx", "urllib3", "powershell", "winhttp", "restsharp", "flurl", "cpp-httplib"),
    *("node", "node.js", "node-fetch", "node-superagent", "undici", "axios", "got", "needle", "bun", "deno"),
    *("go", "fasthttp", "reqwest", "hyper", "ureq", "isahc", "hackney", "req", "lua-resty-http"),
    *("ruby", "faraday", "rest-client", "http.rb", "httparty", "typhoeus", "excon", "httpclient"),
    *("java", "java-http-client", "google-http-java-client", "apache-httpclient", "apache-httpasyncclient", "jakarta"),
    *("ahc", "async-http-client", "reactornetty", "jersey", "jetty", "unirest-java", "vert.x-webclient", "akka-http"),
    *("php", "guzzlehttp", "guzzle", "symfony", "php-curl-class", "http_request2"),
    *("libwww-perl", "lwp-request", "lwp-trivial", "http-tiny", "mojolicious", "www-mechanize"),
    *("k6", "wrk", "hey", "oha", "vegeta", "apachebench", "aws-sdk", "boto3", "botocore", "headrace", "headrace-cli"),
    # hosted automation, which somebody set up to post here
    *("zapier", "make", "integromat", "ifttt", "n8n", "pipedream", "retool", "sfdc-callout", "svix-webhooks", "stripe"),
    *("shopify-captain-hook", "github-hookshot", "bitbucket-webhooks", "zendesk", "sendgrid", "recurly", "twilioproxy"),
)
_TOOL = re.compile(
    r"\s*(?:$"
    rf"|(?:{'|'.join(map(re.escape, _TOOLS))}"
    r"|(?:python|go|grpc)-[a-z0-9-]{1,32}"  # python-requests, go-http-client
    r"|[a-z]{1,32}-(?:python|node|ruby|go|java|php|dotnet|rust))"  # as SDKs are named: analytics-python/2.3
    r"(?=[/ ;(]|$)"
    r"|mozilla/5\.0 \((?:windows nt[^)]*\) windowspowershell/|compatible; google-apps-script;))",
    re.IGNORECASE,
)

#: device type and what names it in the user agent or in the OS read from it; the first that matches wins
_DEVICE_TYPES = (
    ("console", r"playstation|\bxbox|nintendo"),
    (
        "tv",
        r"hbbtv|smart[-_ ]?tv|google ?tv|apple ?tv|android ?tv|\btvos|\btv\b|opera tv|nettv|web0s|netcast|bravia"
        r"|\bviera|roku|crkey|chromecast|vidaa|philipstv|\baft[a-z]{1,5}\b",
    ),
    ("wearable", r"watch ?os|apple ?watch|galaxy watch|ticwatch|wear os|oculusbrowser|mobile vr|vr safari"),
    ("tablet", r"pad\b|tablet(?: ?[^ p]|$)|\btab\b|\bsm-[ptx]\d{3}|\btb-?x?\d|kindle|playbook"),  # not "Tablet PC"
    ("mobile", r"mobi|iphone|ipod|\bios\b|phone|opera mini|j2me|midp|kaios|symbian|blackberry|series ?[346]0"),
    # a browser on Android that does not say "Mobile" is on a tablet; an app's own user agent never says it
    ("tablet", r"^mozilla.*android"),
    ("mobile", r"android|dalvik"),
    ("desktop", r"windows|macintosh|mac os|x11|linux|\bcros\b|chrome os|bsd\b|ubuntu"),
)


class Agent(NamedTuple):
    """What a user agent says. Empty where it says nothing, or nothing known."""

    browser: str
    browser_version: str
    os: str
    os_version: str
    device_type: str
    tool: bool


def user_agent(batch: Batch, _: Reference) -> None:
    """Derive browser, browser_version, os, os_version and device_type. A device type that the client gave stays."""
    agents = list(map(_read, readable([event.user_agent for event in batch.events])))
    batch.derived["browser"] = [agent[0] for agent in agents]
    batch.derived["browser_version"] = [agent[1] for agent in agents]
    batch.derived["os"] = [agent[2] for agent in agents]
    batch.derived["os_version"] = [agent[3] for agent in agents]
    given = [event.device_type for event in batch.events]
    batch.derived["device_type"] = [own or agent[4] for own, agent in zip(given, agents, strict=True)]


def is_tool(user_agent: str) -> bool:
    """Whether an HTTP library, an SDK or nobody named itself: such an event came from a server, not from a person.

    The libraries that apps are made with (okhttp, CFNetwork, Dart) are people's.
    """
    text = user_agent[:READ_CHARS]
    return _read(text if text.isascii() else _ascii(text))[5]


def readable(user_agents: list[str]) -> list[str]:
    """The part of each that is looked at: its first READ_CHARS characters, other than ASCII as question marks."""
    cut = [one[:READ_CHARS] for one in user_agents]
    return cut if all(map(str.isascii, cut)) else list(map(_ascii, cut))


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()


@lru_cache(maxsize=REMEMBERED)
def _read(text: str) -> Agent:
    found = _resolver()(text, Domain.USER_AGENT | Domain.OS)
    browser, system = found.user_agent, found.os
    os = _name(system.family) if system else ""
    tool = _TOOL.match(text) is not None
    device = None if tool else _devices().extract(f"{text} {os}")
    return Agent(
        _name(browser.family) if browser else "",
        _version(browser.major, browser.minor) if browser else "",
        os,
        _version(system.major, system.minor) if system else "",
        device.family if device else "",
        tool,
    )


@cache
def _resolver() -> Resolver:
    """Compiles uap-core's patterns: browsers and OSs, not the many of device models, which no column needs."""
    browsers, systems, _ = load_lazy_builtins()
    return Resolver((browsers, systems, []))


@cache
def _devices() -> UserAgentExtractor:
    """The types of device in the same matcher: its patterns are tried in their order."""
    return UserAgentExtractor((f"(?i){pattern}", name, None, None, None, None) for name, pattern in _DEVICE_TYPES)


def _name(family: str) -> str:
    return "" if family == "Other" else family.strip()[:_NAME_CHARS]


def _version(major: str | None, minor: str | None) -> str:
    """major.minor, as far as they are known."""
    return (f"{major}.{minor}" if major and minor else major or "")[:_VERSION_CHARS]
