"""The commands `rotate`, `hook` and `test-callback`: the keys of callbacks, and the addresses made with them."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.conftest import KEYS
from tests.unit.cli.operator import TASK, Operator
from veo4k.domain.callback_auth import make_generated_token, make_signature
from veo4k.domain.job import State
from veo4k_cli import callbacks
from veo4k_cli.callbacks import NOT_FOUND, OK, UNAUTHORIZED
from veo4k_cli.http import Response

OLD, NEW, OLDER = "an-old-key-of-some-length", "a-new-key-of-some-length", "an-older-key-of-some-length"
GENERATED = "a-new-key-of-the-token"
UNEXPECTED = [404, 401, 401]
PAIR = json.dumps({"current": OLD, "previous": OLDER})


@pytest.fixture
def operator(with_keys: Operator, monkeypatch: pytest.MonkeyPatch) -> Operator:
    """An operator whose callbacks reach a function that has KEYS and knows the job of TASK."""

    def send(_method: str, url: str, *, json: dict[str, Any], headers: dict[str, str]) -> Response:
        task = json["data"]["taskId"]
        signature = make_signature(KEYS["webhook"].encode(), task, headers["X-Webhook-Timestamp"])
        status = OK if task == TASK else NOT_FOUND
        if with_keys.secrets.values["webhook"] and headers["X-Webhook-Signature"] != signature:
            status = UNAUTHORIZED
        if url.endswith(callbacks.WRONG_TOKEN):
            status = NOT_FOUND
        return Response(status, None, None, is_empty=True, date=None)

    monkeypatch.setattr(callbacks, "send", send)
    return with_keys


@pytest.mark.parametrize(
    ("words", "webhook", "statuses"),
    [
        ([], KEYS["webhook"], [404, 401, 404]),
        ([], "", [404, 404, 404]),
        ([TASK], KEYS["webhook"], [404, 401, 404, 200]),
        ([], "a-key-that-the-function-lacks", UNEXPECTED),
    ],
)
def test_callbacks_get_the_expected_responses(operator: Operator, words: Any, webhook: str, statuses: Any) -> None:
    operator.add_job(State.PROCESSING)
    operator.parameters["CallbackSignature"] = "required" if webhook else "optional"
    operator.secrets.values["webhook"] = webhook
    result = operator.run("test-callback", *words, "--json")
    assert [sent["status"] for sent in result.json["callbacks"]] == statuses
    assert result.status == int(statuses == UNEXPECTED)


def hook(key: str) -> str:
    return f"https://callback.example/generated/{make_generated_token(key.encode())}"


def test_the_url_of_the_current_key_is_all_that_hook_prints(operator: Operator) -> None:
    operator.secrets.values["token"] = json.dumps({"current": KEYS["token"], "previous": OLD})
    status, out, err = operator.run("hook", "--tag", "order=A/1042 &", "--tag", "customer=Zoë")
    assert (status, out) == (0, f"{hook(KEYS['token'])}?order=A%2F1042%20%26&customer=Zo%C3%AB\n")
    assert hook(KEYS["token"]) not in err
    assert operator.run("hook", "--json").json == {"url": hook(KEYS["token"])}


@pytest.mark.parametrize("webhook", [KEYS["webhook"], ""])
def test_a_new_token_key_prints_the_new_url_where_it_works(operator: Operator, webhook: str) -> None:
    operator.secrets.values["webhook"] = webhook
    assert (hook(GENERATED) in operator.run("rotate", "token").out) is bool(webhook)
    rotated = operator.run("rotate", "token", "--value-from-stdin", "--json", stdin=OLD).json
    assert rotated.get("hook") == (hook(OLD) if webhook else None)


@pytest.mark.parametrize(
    ("words", "stdin", "before", "after"),
    [
        (["webhook", "--value-from-stdin"], f"{NEW}\n", OLD, {"current": NEW, "previous": OLD}),
        (["webhook", "--value-from-stdin"], NEW, "", {"current": NEW}),
        (["webhook"], f"{NEW}\n", "", {"current": NEW}),
        (["token"], "", OLD, {"current": GENERATED, "previous": OLD}),
        (["token"], "", PAIR, {"current": GENERATED, "previous": OLD}),
        (["api"], "", OLD, {"current": GENERATED, "previous": OLD}),
    ],
)
def test_a_new_key_keeps_the_former_one(operator: Operator, words: Any, stdin: str, before: str, after: Any) -> None:
    name = {"api": "jobs-api"}.get(words[0], words[0])
    printed = ""
    for options in ([], ["--json"]):
        operator.secrets.values = {name: before} if before else {}
        result = operator.run("rotate", *words, *options, stdin=stdin)
        assert (result.status, json.loads(operator.secrets.values[name])) == (0, after)
        printed += result.out + result.err
    assert (result.json["previousKept"], result.json["olderForgotten"]) == (bool(before), before == PAIR)
    assert not [key for key in (OLD, NEW, OLDER, GENERATED) if key in printed]


@pytest.mark.parametrize(("replaced", "previous"), [(OLD, OLD), (PAIR, OLD)])
def test_the_runbook_puts_the_replaced_token_key_back(tmp_path: Path, replaced: str, previous: str) -> None:
    """Also where it was a pair, as after each `rotate token`."""
    page = (Path(__file__).parents[3] / "docs/operations.md").read_text(encoding="utf-8")
    [commands] = re.findall(r"^```sh\n(id=\$\(out TokenKeySecretName\)\n.*?)^```", page, re.MULTILINE | re.DOTALL)
    (tmp_path / "AWSCURRENT").write_text(NEW)
    (tmp_path / "AWSPREVIOUS").write_text(replaced)
    aws = 'out() { :; }; aws() { if [ "$2" = get-secret-value ]; then cat "$6"; echo; else cat > put; fi; }\n'
    subprocess.run(["sh", "-c", aws + commands], cwd=tmp_path, check=True)  # noqa: S603, S607
    assert json.loads((tmp_path / "put").read_text()) == {"current": NEW, "previous": previous}
