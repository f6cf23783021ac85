"""The command `hook`: the URL that turns each finished generation into jobs."""

import json

import pytest

from tests.unit.cli.operator import Operator
from veo4k.domain.callback_auth import make_generated_token

KEY, FORMER, NEW = "a-token-key-of-some-length", "a-former-key-of-some-length", "a-new-key-of-the-token"
BASE = "https://callback.example/generated/"
URL = BASE + make_generated_token(KEY.encode())


@pytest.fixture
def operator(operator: Operator) -> Operator:
    operator.secrets.values |= {
        "token": json.dumps({"current": KEY, "previous": FORMER}),
        "webhook": "a-webhook-key-of-some-length",
    }
    return operator


def test_the_url_of_the_current_key_is_all_of_the_output(operator: Operator) -> None:
    result = operator.run("hook", "--tag", "order=A/1042 &", "--tag", "customer=Zoë")

    assert (result.status, result.out) == (0, f"{URL}?order=A%2F1042%20%26&customer=Zo%C3%AB\n")
    assert URL not in result.err
    assert operator.run("hook", "--json").json == {"url": URL}


@pytest.mark.parametrize(
    ("lacking", "text"),
    [
        ("webhook", "Run veo4k rotate webhook."),
        ("token", "Run veo4k rotate token."),
        ("base", "CallbackBaseUrl is none"),
    ],
)
def test_no_url_is_printed_where_it_would_not_work(operator: Operator, lacking: str, text: str) -> None:
    operator.secrets.values |= {lacking: ""}
    if lacking == "base":
        operator.outputs["CallbackBaseUrl"] = "none"
    result = operator.run("hook")

    assert (result.status, result.out, text in result.err) == (2, "", True)


@pytest.mark.parametrize("tags", [["=x"], ["a"], [f"k{n}=v" for n in range(11)], ["a=" + "x" * 1100]])
def test_tags_that_a_job_cannot_have_are_refused(operator: Operator, tags: list[str]) -> None:
    result = operator.run("hook", *(word for tag in tags for word in ("--tag", tag)))

    assert (result.status, result.out) == (2, "")


@pytest.mark.parametrize(("webhook", "printed"), [("a-webhook-key-of-some-length", True), ("", False)])
def test_a_new_token_key_prints_the_new_url(operator: Operator, webhook: str, printed: bool) -> None:
    operator.secrets.values["webhook"] = webhook
    new = BASE + make_generated_token(NEW.encode())

    assert (new in operator.run("rotate", "token").out) is printed
    assert (
        operator.run("rotate", "token", "--value-from-stdin", "--json", stdin=FORMER).json.get("hook")
        == BASE + make_generated_token(FORMER.encode())
    ) is printed
