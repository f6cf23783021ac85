from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from proofs.fuzz.hostile_urls import ALLOWED, HOSTILE_URLS
from veo4k.domain.result_url import Refusal, ResultHosts, Target, normalized, without_query

KIE = "https://api.kie.ai"
HOSTS = ResultHosts.parse(ALLOWED, KIE)
LOCAL = "http://127.0.0.1:8080"
HOST = "file.aiquickdraw.com"
LINK = f"https://{HOST}"
MALFORMED = Refusal("the link is malformed, or longer than 8 KiB")
NOT_HTTPS = Refusal("the link is not https")
NOT_PUBLIC = Refusal("the link leads to an address that is not public")


def outside(host: str) -> Refusal:
    return Refusal("the link leads outside ResultHosts", host)


def leads(entries: str, url: str, kie: str = KIE) -> bool:
    return isinstance(ResultHosts.parse(entries, kie).target(url), Target)


# What a link leads to


@pytest.mark.parametrize("url", HOSTILE_URLS)
def test_a_hostile_link_leads_nowhere(url: str) -> None:
    assert isinstance(HOSTS.target(url), Refusal)


@pytest.mark.parametrize(
    ("rest", "path"),
    [
        ("/v/a_1234.mp4", "/v/a_1234.mp4"),
        (":443/v/a.mp4", "/v/a.mp4"),
        ("/v/a%20b.mp4?X-Amz-Signature=ab%2F&c=d", "/v/a%20b.mp4?X-Amz-Signature=ab%2F&c=d"),
        ("/v/a.mp4?u=https://x@y:1/#part", "/v/a.mp4?u=https://x@y:1/"),
        ("/v/a@b:c.mp4", "/v/a@b:c.mp4"),
        ("?a=b", "/?a=b"),
        ("#a", "/"),
        ("", "/"),
    ],
)
def test_a_link_to_a_result_host_leads_there(rest: str, path: str) -> None:
    assert HOSTS.target(LINK + rest) == Target("https", HOST, 443, path)


@pytest.mark.parametrize("thing", [None, 1, 1.5, True, f"{LINK}/a.mp4".encode(), [], {}, object()])
def test_what_is_no_string_leads_nowhere(thing: object) -> None:
    assert isinstance(HOSTS.target(thing), Refusal)
    assert without_query(thing) == ""


@given(st.text())
def test_no_text_is_too_strange_to_be_judged(text: str) -> None:
    assert isinstance(HOSTS.target(text), Refusal)
    assert "?" not in without_query(text)


DELIMITERS = [*"/\\@:?#.[]\tⓕ", "https", "http", "://", "443", "%2e", "::1", "evil"]


@given(st.lists(st.sampled_from([HOST, *DELIMITERS]) | st.text(max_size=2), max_size=9).map("".join))
@example(f"https://{HOST}/a")
@example(f"https://{HOST}:443?a@b")
def test_whatever_is_allowed_reads_the_same_to_the_standard_parser(url: str) -> None:
    target = HOSTS.target(url)
    if isinstance(target, Target):
        parts = urlsplit(url)
        assert (parts.scheme, parts.netloc.removesuffix(":443"), parts.hostname) == ("https", HOST, HOST)
        assert parts.username is parts.password is None
        assert (target.scheme, target.host, target.port) == ("https", HOST, parts.port or 443)


@pytest.mark.parametrize(("length", "is_allowed"), [(3000, True), (8192, True), (8193, False)])
def test_a_link_may_have_eight_kibibytes(length: int, is_allowed: bool) -> None:
    assert isinstance(HOSTS.target(f"{LINK}/".ljust(length, "x")), Target) == is_allowed


@pytest.mark.parametrize(
    ("link", "refusal"),
    [
        ("https://new.example/a?sig=secret", outside("new.example")),
        ("https://new.example:8443/a", outside("new.example:8443")),
        ("https://user@new.example/a", MALFORMED),
        ("https://new.example\\@b/a", MALFORMED),
        ("ftp://new.example/a", MALFORMED),
        ("https://a:99999/", MALFORMED),
        ("http://new.example/a", NOT_HTTPS),
        ("http://169.254.169.254/latest/meta-data", NOT_HTTPS),
        ("https://169.254.169.254/latest/meta-data", NOT_PUBLIC),
        ("https://[fd00::1]/a", NOT_PUBLIC),
        ("https://127.0.0.1/a", NOT_PUBLIC),
    ],
)
def test_a_refusal_names_the_host_only_where_nothing_else_is_wrong(link: str, refusal: Refusal) -> None:
    """No owner is asked to allow a link that stays refused."""
    assert HOSTS.target(link) == refusal


# The entries of ResultHosts


@pytest.mark.parametrize(
    ("entry", "port", "other"),
    [("cdn.example", 443, 8443), ("cdn.example:8443", 8443, 443), ("cdn.example:65535", 65535, 443)],
)
def test_an_entry_allows_exactly_its_port_or_that_of_https(entry: str, port: int, other: int) -> None:
    hosts = ResultHosts.parse(entry, KIE)

    assert hosts == ResultHosts(frozenset({("cdn.example", port)}))
    assert hosts.target(f"https://cdn.example:{port}/a") == Target("https", "cdn.example", port, "/a")
    assert isinstance(hosts.target(f"https://cdn.example:{other}/a"), Refusal)
    assert isinstance(hosts.target(f"http://cdn.example:{port}/a"), Refusal)


def test_entries_may_be_spaced_capitalized_and_followed_by_nothing() -> None:
    assert ResultHosts.parse(" A.example , b.example,, ", KIE) == ResultHosts.parse("a.example,b.example", KIE)
    assert ResultHosts.parse("", KIE) == ResultHosts(frozenset())  # so that nothing is allowed


NO_HOSTS = [
    *("https://a.example", "a.example/", "*.example", "a.example:", "a.example:0", "a.example:65536", "a..example"),
    *("a.example.", "-a.example", "a b.example", "ä.example", "user@a.example", "127.1", "0x7f000001", "2130706433"),
    *("::1", "[:::]", "a" * 64 + ".example"),
    *(".com", ".", ".a..com", ".a.com:443", ".*.com", ".127.0.0.1x."),  # no domain below a top level
]


@pytest.mark.parametrize("entry", NO_HOSTS)
def test_an_entry_that_is_no_host_and_no_domain_is_refused_by_name(entry: str) -> None:
    with pytest.raises(ValueError, match="ResultHosts"):
        ResultHosts.parse(f"a.example,{entry}", KIE)


@pytest.mark.parametrize(
    ("host", "is_below"),
    [
        ("tempfile.aiquickdraw.com", True),
        ("a.b.aiquickdraw.com", True),
        ("aiquickdraw.com", False),
        ("evilaiquickdraw.com", False),
        ("tempfile.aiquickdraw.com.evil.example", False),
        ("-a.aiquickdraw.com", False),
        ("tempfile.aiquickdraw.com:8443", False),
    ],
)
def test_an_entry_with_a_dot_allows_all_hosts_below_a_domain(host: str, is_below: bool) -> None:
    assert leads(".aiquickdraw.com, cdn.example", f"https://{host}/v/a.mp4") == is_below
    assert leads(".aiquickdraw.com, cdn.example", "https://cdn.example/v/a.mp4")


# A provider on this machine


@pytest.mark.parametrize(
    "kie", [LOCAL, "http://localhost:1/api", "http://[::1]", "https://127.8.9.1", " HTTP://LOCALHOST "]
)
def test_a_loopback_provider_allows_plain_http_entries_on_any_port(kie: str) -> None:
    hosts = ResultHosts.parse("127.0.0.1,localhost,[::1]", kie)
    assert hosts.target("http://127.0.0.1:3000/a") == Target("http", "127.0.0.1", 3000, "/a")
    assert hosts.target("http://localhost/a") == Target("http", "localhost", 80, "/a")
    assert hosts.target("https://[::1]:8443/a") == Target("https", "[::1]", 8443, "/a")


ELSEWHERE = [
    *(KIE, "", "127.0.0.1", "http://127.0.0.1.evil.example", "http://127.0.0.1@evil.example", "http://10.0.0.1"),
    *("http://evil.example/127.0.0.1", "http://localhost.evil.example", "http://[::2]"),
]


@pytest.mark.parametrize("kie", ELSEWHERE)
def test_with_any_other_provider_loopback_entries_do_not_count(kie: str) -> None:
    hosts = ResultHosts.parse("127.0.0.1,127.0.0.1:443,localhost,[::1]", kie)
    assert not hosts.entries
    assert isinstance(hosts.target("https://127.0.0.1/a"), Refusal)


@pytest.mark.parametrize(
    ("entries", "url", "is_allowed"),
    [
        ("127.0.0.1", "http://127.0.0.2:1/", False),
        ("127.0.0.1", "http://127.0.0.1:65536/", False),
        ("127.0.0.1", "http://127.0.0.1:99999/", False),
        ("127.0.0.1", "http://127.1:1/", False),
        ("127.0.0.1:3000", "http://127.0.0.1:3000/a", True),
        ("127.0.0.1:3000", "http://127.0.0.1:9001/a", False),
        (f"{HOST},127.0.0.1", f"http://{HOST}/a", False),
        (f"{HOST},127.0.0.1", f"http://{HOST}:443/a", False),
        (f"{HOST},127.0.0.1", f"https://{HOST}/a", True),
    ],
)
def test_a_loopback_provider_opens_nothing_but_its_entries(entries: str, url: str, is_allowed: bool) -> None:
    assert leads(entries, url, LOCAL) == is_allowed


def test_of_a_loopback_provider_another_loopback_host_may_be_allowed() -> None:
    assert ResultHosts.parse("127.0.0.1:3000", LOCAL).target("http://127.0.0.2:3000/a") == outside("127.0.0.2:3000")


# The addresses that a target may be connected to

TARGET = Target("https", HOST, 443, "/")
NOT_PUBLIC_V4 = [
    *("127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.1", "240.0.0.1"),
    *("255.255.255.255", "224.0.0.1", "192.0.0.8", "192.0.0.170", "192.0.2.1", "192.88.99.1", "198.18.0.1"),
]
NOT_PUBLIC_V6 = [
    *("::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:8.8.8.8", "64:ff9b::7f00:1"),
    *("64:ff9b::808:808", "64:ff9b:1::1", "100::1", "2001::1", "2001:3::1", "2001:4:112::1", "2001:10::1"),
    *("2001:db8::1", "2002:7f00:1::", "2002:808:808::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254"),
    *("fe80::1", "fe80::1%eth0", "fec0::1", "ff0e::1"),
]


NO_ADDRESSES = ["", "localhost", HOST, "127.1", "0177.0.0.1", "8.8.8.8 ", "[2606:4700::1111]x"]


@pytest.mark.parametrize("address", NOT_PUBLIC_V4 + NOT_PUBLIC_V6 + NO_ADDRESSES)
def test_an_address_that_is_none_or_not_what_it_looks_like_is_not_admitted(address: str) -> None:
    assert not TARGET.admits(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "104.16.0.1", "2606:4700::1111", "2a00:1450:4001::1"])
def test_an_address_of_the_internet_is_admitted(address: str) -> None:
    assert TARGET.admits(address)


def test_a_loopback_host_may_lead_to_loopback_alone() -> None:
    addresses = ["127.0.0.1", "::1", "10.0.0.1", "8.8.8.8"]

    assert [Target("http", "localhost", 3000, "/").admits(address) for address in addresses] == [
        True,
        True,
        False,
        False,
    ]


# The forms of a link


def test_the_host_header_names_the_port_only_where_it_is_not_the_usual_one() -> None:
    assert TARGET.authority == HOST
    assert Target("http", "127.0.0.1", 3000, "/").authority == "127.0.0.1:3000"


@pytest.mark.parametrize("rest", ["?token=secret", "#secret", "?a=b#secret", "#a?secret", "??secret", "#a#secret"])
def test_what_is_made_public_has_no_query(rest: str) -> None:
    assert without_query(f"{LINK}/v/a.mp4{rest}") == f"{LINK}/v/a.mp4"
    assert "secret" not in repr(HOSTS.target(f"{LINK}/v/a.mp4{rest}"))


@pytest.mark.parametrize(
    ("link", "stored"),
    [
        (f"  {LINK}/v/a.mp4\n", f"{LINK}/v/a.mp4"),
        (f"HTTPS://{HOST.upper()}/V/A.mp4?Sig=B", f"{LINK}/V/A.mp4?Sig=B"),
        (f"{LINK}/v/my file é.mp4?x=%20y", f"{LINK}/v/my%20file%20%C3%A9.mp4?x=%20y"),
        (f"{LINK}/\ud800", f"{LINK}/\\ud800"),
        ("no link", "no link"),
    ],
)
def test_a_link_is_normalized_before_it_is_judged(link: str, stored: str) -> None:
    assert normalized(link) == stored


@pytest.mark.parametrize("link", [f"{LINK}/a\tb", f"{LINK}/a\\b", f"{LINK}/a\x00b"])
def test_what_can_be_read_in_two_ways_stays_refused(link: str) -> None:
    assert isinstance(HOSTS.target(normalized(link)), Refusal)
