import ipaddress
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.unit.adapters.hostile_urls import ALLOWED, HOSTILE_URLS
from veo4k.domain.result_url import Refusal, ResultHosts, Target, is_public, normalized, without_query

KIE = "https://api.kie.ai"
HOSTS = ResultHosts.parse(ALLOWED, KIE)
LOCAL = "http://127.0.0.1:8080"
FRAGMENTS = [
    "https",
    "http",
    "://",
    "/",
    "\\",
    "@",
    ":",
    "443",
    "?",
    "#",
    "%2e",
    ".",
    "\t",
    "[",
    "]",
    "::1",
    "evil",
    "ⓕ",
]
HOST = "file.aiquickdraw.com"


@pytest.mark.parametrize("url", HOSTILE_URLS)
def test_a_hostile_link_leads_nowhere(url: str) -> None:
    assert isinstance(HOSTS.target(url), Refusal)


def test_there_are_at_least_sixty_hostile_links() -> None:
    assert len(HOSTILE_URLS) >= 60


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://file.aiquickdraw.com/v/a_1234.mp4", "/v/a_1234.mp4"),
        ("https://file.aiquickdraw.com:443/v/a.mp4", "/v/a.mp4"),
        (
            "https://file.aiquickdraw.com/v/a%20b.mp4?X-Amz-Signature=ab%2F&c=d",
            "/v/a%20b.mp4?X-Amz-Signature=ab%2F&c=d",
        ),
        ("https://file.aiquickdraw.com/v/a.mp4?u=https://x@y:1/#part", "/v/a.mp4?u=https://x@y:1/"),
        ("https://file.aiquickdraw.com/v/a@b:c.mp4", "/v/a@b:c.mp4"),
        ("https://file.aiquickdraw.com?a=b", "/?a=b"),
        ("https://file.aiquickdraw.com#a", "/"),
        ("https://file.aiquickdraw.com", "/"),
    ],
)
def test_a_link_to_a_result_host_leads_there(url: str, path: str) -> None:
    assert HOSTS.target(url) == Target("https", HOST, 443, path)


@pytest.mark.parametrize("thing", [None, 1, 1.5, True, b"https://file.aiquickdraw.com/a.mp4", [], {}, object()])
def test_what_is_no_string_leads_nowhere(thing: object) -> None:
    assert isinstance(HOSTS.target(thing), Refusal)
    assert without_query(thing) == ""


@given(st.text())
def test_no_text_is_too_strange_to_be_judged(text: str) -> None:
    assert isinstance(HOSTS.target(text), Refusal)
    assert "?" not in without_query(text)


@given(st.lists(st.sampled_from([HOST, *FRAGMENTS]) | st.text(max_size=2), max_size=9).map("".join))
@example(f"https://{HOST}/a")
@example(f"https://{HOST}:443?a@b")
def test_whatever_is_allowed_reads_the_same_to_the_standard_parser(url: str) -> None:
    target = HOSTS.target(url)
    if isinstance(target, Target):
        parts = urlsplit(url)
        assert (parts.scheme, parts.netloc.removesuffix(":443"), parts.hostname) == ("https", HOST, HOST)
        assert parts.username is parts.password is None
        assert (target.scheme, target.host, target.port) == ("https", HOST, parts.port or 443)


def test_an_entry_with_a_port_allows_exactly_that_port() -> None:
    hosts = ResultHosts.parse("cdn.example:8443", KIE)
    assert hosts.target("https://cdn.example:8443/a") == Target("https", "cdn.example", 8443, "/a")
    assert isinstance(hosts.target("https://cdn.example/a"), Refusal)
    assert isinstance(hosts.target("http://cdn.example:8443/a"), Refusal)


def test_entries_may_be_spaced_capitalized_and_followed_by_nothing() -> None:
    assert ResultHosts.parse(" A.example , b.example,, ", KIE) == ResultHosts.parse("a.example,b.example", KIE)


def test_without_entries_nothing_is_allowed() -> None:
    assert isinstance(ResultHosts.parse("", KIE).target("https://file.aiquickdraw.com/a"), Refusal)


@pytest.mark.parametrize(
    "entry",
    [
        "https://a.example",
        "a.example/",
        "*.example",
        "a.example:",
        "a.example:0",
        "a.example:65536",
        "a..example",
        "a.example.",
        "-a.example",
        "a b.example",
        "ä.example",
        "user@a.example",
        "127.1",
        "0x7f000001",
        "2130706433",
        "::1",
        "[:::]",
        "a" * 64 + ".example",
    ],
)
def test_an_entry_that_is_no_host_is_refused_by_name(entry: str) -> None:
    with pytest.raises(ValueError, match="ResultHosts"):
        ResultHosts.parse(f"a.example,{entry}", KIE)


@pytest.mark.parametrize(
    "kie", [LOCAL, "http://localhost:1/api", "http://[::1]", "https://127.8.9.1", " HTTP://LOCALHOST "]
)
def test_a_loopback_provider_allows_plain_http_entries_on_any_port(kie: str) -> None:
    hosts = ResultHosts.parse("127.0.0.1,localhost,[::1]", kie)
    assert hosts.target("http://127.0.0.1:3000/a") == Target("http", "127.0.0.1", 3000, "/a")
    assert hosts.target("http://localhost/a") == Target("http", "localhost", 80, "/a")
    assert hosts.target("https://[::1]:8443/a") == Target("https", "[::1]", 8443, "/a")


@pytest.mark.parametrize(
    "kie",
    [
        KIE,
        "",
        "127.0.0.1",
        "http://127.0.0.1.evil.example",
        "http://127.0.0.1@evil.example",
        "http://evil.example/127.0.0.1",
        "http://localhost.evil.example",
        "http://10.0.0.1",
        "http://[::2]",
    ],
)
def test_with_any_other_provider_loopback_entries_do_not_count(kie: str) -> None:
    hosts = ResultHosts.parse("127.0.0.1,127.0.0.1:443,localhost,[::1]", kie)
    assert not hosts.entries
    assert isinstance(hosts.target("https://127.0.0.1/a"), Refusal)


def test_a_loopback_entry_with_a_port_allows_that_port_only() -> None:
    hosts = ResultHosts.parse("127.0.0.1:3000", LOCAL)
    assert isinstance(hosts.target("http://127.0.0.1:3000/a"), Target)
    assert isinstance(hosts.target("http://127.0.0.1:9001/a"), Refusal)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.2:1/", "http://127.0.0.1:65536/", "http://127.0.0.1:99999/", "http://127.1:1/"]
)
def test_a_loopback_provider_opens_nothing_but_its_entries(url: str) -> None:
    assert isinstance(ResultHosts.parse("127.0.0.1", LOCAL).target(url), Refusal)


def test_a_loopback_provider_does_not_make_other_hosts_plain() -> None:
    hosts = ResultHosts.parse(f"{HOST},127.0.0.1", LOCAL)
    assert isinstance(hosts.target(f"http://{HOST}/a"), Refusal)
    assert isinstance(hosts.target(f"http://{HOST}:443/a"), Refusal)
    assert isinstance(hosts.target(f"https://{HOST}/a"), Target)


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.1",
            "240.0.0.1",
        ),
        *("255.255.255.255", "224.0.0.1", "192.0.0.8", "192.0.0.170", "192.0.2.1", "192.88.99.1", "198.18.0.1"),
        *("::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:8.8.8.8", "64:ff9b::7f00:1"),
        *(
            "64:ff9b::808:808",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:3::1",
            "2001:4:112::1",
            "2001:10::1",
            "2001:db8::1",
            "2002:7f00:1::",
        ),
        *(
            "2002:808:808::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fe80::1%eth0",
            "fec0::1",
            "ff0e::1",
        ),
    ],
)
def test_an_address_that_is_not_what_it_looks_like_is_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))
    assert not Target("https", HOST, 443, "/").admits(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "104.16.0.1", "2606:4700::1111", "2a00:1450:4001::1"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert Target("https", HOST, 443, "/").admits(address)


@pytest.mark.parametrize("address", ["", "localhost", HOST, "127.1", "0177.0.0.1", "8.8.8.8 ", "[2606:4700::1111]x"])
def test_what_is_no_address_is_not_admitted(address: str) -> None:
    assert not Target("https", HOST, 443, "/").admits(address)


def test_a_loopback_host_may_lead_to_loopback_alone() -> None:
    target = Target("http", "localhost", 3000, "/")
    assert target.admits("127.0.0.1")
    assert target.admits("::1")
    assert not target.admits("10.0.0.1")
    assert not target.admits("8.8.8.8")


def test_the_host_header_names_the_port_only_where_it_is_not_the_usual_one() -> None:
    assert Target("https", HOST, 443, "/").authority == HOST
    assert Target("http", "127.0.0.1", 3000, "/").authority == "127.0.0.1:3000"


@pytest.mark.parametrize("rest", ["?token=secret", "#secret", "?a=b#secret", "#a?secret", "??secret"])
def test_what_is_made_public_has_no_query(rest: str) -> None:
    assert without_query(f"https://{HOST}/v/a.mp4{rest}") == f"https://{HOST}/v/a.mp4"


def test_a_target_does_not_show_its_query() -> None:
    assert "secret" not in repr(HOSTS.target(f"https://{HOST}/a?secret"))


def test_an_entry_without_a_port_allows_the_port_of_https_alone() -> None:
    hosts = ResultHosts.parse("cdn.example", KIE)

    assert hosts == ResultHosts(frozenset({("cdn.example", 443)}))
    assert isinstance(hosts.target("https://cdn.example:8443/a"), Refusal)


def test_the_highest_port_is_a_port() -> None:
    hosts = ResultHosts.parse("cdn.example:65535", KIE)

    assert hosts.target("https://cdn.example:65535/a") == Target("https", "cdn.example", 65535, "/a")


@pytest.mark.parametrize("link", ["a?b?c", "a#b#c", "a?b#c", "a?b#c?d"])
def test_a_public_link_ends_where_its_query_or_fragment_begins(link: str) -> None:
    assert without_query(link) == "a"


@pytest.mark.parametrize(
    ("host", "leads"),
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
def test_an_entry_with_a_dot_allows_all_hosts_below_a_domain(host: str, leads: bool) -> None:
    hosts = ResultHosts.parse(".aiquickdraw.com, cdn.example", KIE)

    assert isinstance(hosts.target(f"https://{host}/v/a.mp4"), Target) == leads
    assert isinstance(hosts.target("https://cdn.example/v/a.mp4"), Target)


@pytest.mark.parametrize("entry", [".com", ".", ".a..com", ".a.com:443", ".*.com", ".127.0.0.1x."])
def test_an_entry_with_a_dot_is_a_domain_below_a_top_level(entry: str) -> None:
    with pytest.raises(ValueError, match="ResultHosts"):
        ResultHosts.parse(entry, KIE)


def test_a_refusal_names_the_host_only_where_nothing_else_is_wrong() -> None:
    assert HOSTS.target("https://new.example/a?sig=secret") == Refusal(
        "the link leads outside ResultHosts", "new.example"
    )
    assert HOSTS.target("https://new.example:8443/a") == Refusal(
        "the link leads outside ResultHosts", "new.example:8443"
    )
    for url in ("https://user@new.example/a", "https://new.example\\@b/a", "ftp://new.example/a", "https://a:99999/"):
        assert HOSTS.target(url) == Refusal("the link is malformed, or longer than 8 KiB")


@pytest.mark.parametrize(
    ("link", "reason"),
    [
        ("http://new.example/a", "the link is not https"),
        ("http://169.254.169.254/latest/meta-data", "the link is not https"),
        ("https://169.254.169.254/latest/meta-data", "the link leads to an address that is not public"),
        ("https://[fd00::1]/a", "the link leads to an address that is not public"),
        ("https://127.0.0.1/a", "the link leads to an address that is not public"),
    ],
)
def test_no_owner_is_asked_to_allow_a_link_that_stays_refused(link: str, reason: str) -> None:
    assert ResultHosts.parse("cdn.example", KIE).target(link) == Refusal(reason)


def test_of_a_local_provider_another_loopback_host_may_be_allowed() -> None:
    hosts = ResultHosts.parse("127.0.0.1:8080", "http://127.0.0.1:8080")
    assert hosts.target("http://127.0.0.2:8080/a") == Refusal("the link leads outside ResultHosts", "127.0.0.2:8080")


@pytest.mark.parametrize(
    ("link", "stored"),
    [
        (f"  https://{HOST}/v/a.mp4\n", f"https://{HOST}/v/a.mp4"),
        (f"HTTPS://{HOST.upper()}/V/A.mp4?Sig=B", f"https://{HOST}/V/A.mp4?Sig=B"),
        (f"https://{HOST}/v/my file é.mp4?x=%20y", f"https://{HOST}/v/my%20file%20%C3%A9.mp4?x=%20y"),
        (f"https://{HOST}/\ud800", f"https://{HOST}/\\ud800"),
        ("no link", "no link"),
    ],
)
def test_a_link_is_normalized_before_it_is_judged(link: str, stored: str) -> None:
    assert normalized(link) == stored


@pytest.mark.parametrize("link", [f"https://{HOST}/a\tb", f"https://{HOST}/a\\b", f"https://{HOST}/a\x00b"])
def test_what_can_be_read_in_two_ways_stays_refused(link: str) -> None:
    assert isinstance(HOSTS.target(normalized(link)), Refusal)


@pytest.mark.parametrize(("length", "leads"), [(3000, True), (8192, True), (8193, False)])
def test_a_link_may_have_eight_kibibytes(length: int, leads: bool) -> None:
    assert isinstance(HOSTS.target(f"https://{HOST}/".ljust(length, "x")), Target) == leads
