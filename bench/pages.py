"""The pages that a run of the benches writes."""

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple


class Figure(NamedTuple):
    """One line: what, beside what, the measured ratio or number, the goal, and the two sides in their own unit."""

    what: str
    anchor: str
    value: float
    goal: float | None = None
    sides: str = ""
    least: bool = False

    @property
    def met(self) -> bool:
        """Whether the goal is met; `least`: it is a lower bound."""
        goal = self.value if self.goal is None else self.goal
        return self.value >= goal if self.least else self.value <= goal


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return the median of the ratios of rounds that ran in turn."""
    return median(our / their for our, their in zip(ours, theirs, strict=True))


def beside(
    what: str, anchor: str, sides: Sequence[Sequence[float]], goal: float | None, *, digits: int = 1, unit: str = "ms"
) -> Figure:
    """Return the ratio of the two sides' seconds as a figure, beside the median of each."""
    scale = {"ms": 1e3, "us": 1e6}[unit]
    both = " / ".join(f"{median(side) * scale:.{digits}f}" for side in sides)
    return Figure(what, anchor, ratio(*sides), goal, f"{both} {unit}")


HEAD = "| figure | anchor | measured | goal | | both sides |\n|---|---|---|---|---|---|\n"

PERFORMANCE = """\
# Performance

Updated by `make bench` on {when} ({machine}). The machine is shared, so only ratios count: each is the median of ratios
or of rounds that ran in turn, anchor and bundle side by side. Nothing here ran on AWS.

{table}
A figure without a goal (`-`) is for information only.

## What the anchors are

- **idiomatic**: `bench/idiomatic/submit.py` and `bench/idiomatic/callback.py`, as the guides write them: boto3
  resource, Logger, Tracer and Metrics, the parser (pydantic), a requests session, one message after the other, with a
  look at the base task before each request. For the start as `sam build` ships it, without bytecode.
- **bare boto3 client**: `import boto3; boto3.client("dynamodb")` of `pip install`, with bytecode.
- **floor**: `http.client`, `ssl` with the usual roots, `hmac`, `json`.
- **default clients**: one POST and two writes for each of ten messages side by side, over a boto3 client and a requests
  session as they come.

A start is the CPU of a whole process until the function's clients stand, from archives unpacked with SAM's dates onto a
read-only tree. Warm figures and first batches run over TLS against a stub, with all usual roots to read; its provider
answers after 50 ms. Units are those of DynamoDB Local. Pacing runs in virtual time with the functions side by side: two
submits, and a sweep that begins every minute and lives for two. Stages of the local cloud are medians of five jobs that
ran one after the other; most of a stage there is the emulator.

![CPU of a start](plots/init.svg)

![CPU of a warm message](plots/warm.svg)

![A burst of 1,000 jobs](plots/pacing.svg)

## What makes the difference

- Layers and functions hold **bytecode** (`unchecked-hash`): SAM dates files 1980 and Lambda's tree is read-only, so
  that each cold start would compile.
- `layers/vendor/trim.py` keeps of the **SDK's data** the operations in use: botocore reads the endpoints of all of AWS
  for its first client and makes a method of each operation. Every source file stays as published.
- The clients are **botocore's own**: boto3 would import resources and transfers, which no function uses.
- `layers/core/src/veo4k/bootstrap/` has **one module for each way in**: the callback does not start what submit needs.
- `layers/core/src/veo4k/adapters/tls.py` reads **the roots once**; urllib3 reads them for every connection, to AWS and
  to the provider.
- `layers/core/src/veo4k/bootstrap/dispatch.py` **keeps the threads** of the requests.
- `layers/core/src/veo4k/adapters/aws.py` switches off the SDK's **validation of parameters**, and names a user agent,
  which the SDK would compose for every request.
- `layers/core/src/veo4k/adapters/dynamodb_types.py` writes and reads typed JSON without the SDK's decimals.

{steps}
## Where the goals are close

- **The start of submit beside a bare client**: submit makes two clients and a requests session, and reads the roots
  and its rules. The bare client makes one, and reads the roots at its first connection. To read them later would make
  the figure better and the first batch worse, which runs on a fraction of a processor.
- **A warm callback beside the idiomatic one**: some two thirds of it are the SDK's one UpdateItem, which both make. The
  rest pays for more checks, a longer condition and a larger row than the idiomatic handler has.

The artefact is proven by `tests/infrastructure/test_layers.py`: every module loads from bytecode, for the right
machine, and the layer is built the same again.
"""


def steps_table(steps: Sequence[tuple[str, str, float]]) -> str:
    """Return what each step saves as a table in Markdown."""
    lines = "".join(f"| {step} | {by} | {ratio:.2f} |\n" for step, by, ratio in steps)
    return f"| step | by | with it ÷ without it |\n|---|---|---|\n{lines}"


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as a table in Markdown."""
    return HEAD + "".join(_line(figure) for figure in figures)


def performance_page(
    figures: Sequence[Figure], steps: Sequence[tuple[str, str, float]], machine: str, when: str
) -> str:
    """Return docs/evidence/performance.md."""
    return PERFORMANCE.format(table=table(figures), steps=steps_table(steps), machine=machine, when=when)


def _line(figure: Figure) -> str:
    bound = "-" if figure.goal is None else f"{'≥' if figure.least else '≤'} {_short(figure.goal)}"
    verdict = "" if figure.goal is None else "met" if figure.met else "**missed**"
    return f"| {figure.what} | {figure.anchor} | {_short(figure.value)} | {bound} | {verdict} | {figure.sides} |\n"


def _short(value: float) -> str:
    return f"{value:.4f}" if 0 < value < 0.01 else f"{value:.3f}".rstrip("0").rstrip(".")
