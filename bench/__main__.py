"""`python -m bench`: every figure beside its anchor, in one table, and the pages of docs/evidence that keep them."""

import datetime as dt
import os
import platform
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench import cost, cost_page, init, pacing, pages, plots, stages, steps, threads, units, warm
from bench.artefact import LAYERS, VENDOR, installed, interpreter, unpack, unpacked_bytes, zipped
from bench.pages import Figure, beside
from local.cloud.build import built_template
from local.paths import ROOT
from proofs.table.dynamodb_local import missing
from proofs.table.tables import create_table

JOBS, LATENCY, WIDTHS = 1000, 0.05, (16, 20)
RATE = 2.0  # requests per second that the provider allows
FEW, MANY = 1_000, 100_000
FIRST_ROUNDS = 7
FUNCTIONS = ("submit", "callback")


def main() -> None:
    """Measure everything, print the table, write the pages and draw the pictures."""
    with TemporaryDirectory(prefix="bench-") as folder:
        place = Path(folder)
        functions = unpack(built_template().parent, place / "opt")
        figures = [*_sizes(), *_starts(functions), *_warm(functions, place)]
        logged = figures[-1].value
        undone = steps.measure(functions, place)
    figures += _paced()
    figures += [Figure(stage.name, "-", stage.seconds, None, stage.own) for stage in stages.measure()]
    if reason := missing():
        print(f"The units of the table are not counted: {reason}")
    else:
        table, counted = _units(logged)
        figures += [*table, *_costs(counted)]
    today = dt.datetime.now(dt.UTC).date().isoformat()
    page = pages.performance_page(figures, undone, _machine(), today)
    (ROOT / "docs/evidence/performance.md").write_text(page)
    if not reason:
        cost_page.write()  # from the figures of the other page
    print(pages.table(figures))


def _sizes() -> Iterator[Figure]:
    built, plain = built_template().parent, installed(VENDOR, "plain", compiled=True)
    layers = [built / name for name in LAYERS]
    sizes = {
        "zipped": (sum(len(zipped(layer)) for layer in layers), len(zipped(plain)), 0.30),
        "unpacked": (sum(map(unpacked_bytes, layers)), unpacked_bytes(plain), 0.45),
    }
    for name, (ours, anchor, goal) in sizes.items():
        sides = f"{ours / 1e6:.1f} / {anchor / 1e6:.1f} MB"
        yield Figure(f"package, {name}", "`pip install` of the same requirements", ours / anchor, goal, sides)


def _starts(functions: Mapping[str, list[Path]]) -> Iterator[Figure]:
    cases = init.cases(functions)
    for name in FUNCTIONS:
        some, of = init.compiled(*cases[name])
        what, sides = f"modules of {name} from bytecode, at each start", f"{of - some} / {of}"
        yield Figure(what, "all", 1 - some / of, 1, sides, least=True)
    taken = init.measure(cases)
    plots.keep("init", plots.bars("CPU of a start", plots.medians(taken), "ms"))
    for name in FUNCTIONS:
        for anchor, goal in (
            (f"idiomatic {name}", 1 / 4),
            ("bare boto3 client", 1.00),
            ("standard library floor", None),
        ):
            yield beside(f"init CPU of {name}", anchor, (taken[name], taken[anchor]), goal)


def _warm(functions: Mapping[str, list[Path]], place: Path) -> Iterator[Figure]:
    for folder in ("warm", "first"):
        (place / folder).mkdir()
    taken = warm.measure(functions, place / "warm")
    drawn = {name: taken[name] for name in ("submit", "idiomatic submit", "callback", "idiomatic callback")}
    plots.keep("warm", plots.bars("CPU of a message, warm", plots.medians(drawn), "ms"))
    pairs = (("submit", "idiomatic submit", 0.95), ("callback", "idiomatic callback", 0.95))
    for name, anchor, goal in (*pairs, ("submit", "submit without looks", None)):
        yield beside(f"warm CPU of {name}, by message", anchor, (taken[name], taken[anchor]), goal, digits=2)
    for what in (warm.REQUESTS, warm.BYTES):
        ours, without = (median(taken[f"{what}, {name}"]) for name in ("submit", "submit without looks"))
        sides = f"{ours:.0f} / {without:.0f}"
        yield Figure(f"{what}, by message", "submit without looks", ours / without, None, sides)
    for name, goal in (("forged callback", 1 / 10), ("forged callback before metric and log", 1 / 50)):
        yield beside(name, "accepted callback", (taken[name], taken["callback"]), goal, digits=0, unit="us")
    yield Figure("AWS calls of forged callbacks", "none", max(taken["AWS calls of forged callbacks"]), 0)
    first = warm.first_batches(functions, place / "first", FIRST_ROUNDS)
    batches = (first["submit"], first["default clients"])
    yield beside("CPU of a process's first batch of 10", "default clients", batches, 0.15)
    yield Figure("bytes that a job logs, platform lines apart", "-", median(taken["log bytes of a job"]))


def _paced() -> Iterator[Figure]:
    burst = pacing.burst(JOBS)
    plots.keep("pacing", plots.lines("A burst of 1,000 jobs", plots.paced(burst.arrivals, 20, 10.0)))
    yield Figure("burst of 1,000: requests over the limit", "none", burst.over, 0)
    sides = f"{burst.last:.0f} / {burst.best:.0f} s, virtual"
    yield Figure("burst of 1,000: the last request", "best possible", burst.last / burst.best, 1.03, sides)
    sweep, name = pacing.paced_sweep(JOBS), "1,000 due at the provider's limit, a sweep every minute"
    sides = f"{sweep.last:.0f} / {JOBS / RATE:.0f} s, virtual"
    yield Figure(f"{name}: refusals", "none", sweep.over, 0)
    yield Figure(name, "N / rate", sweep.last / (JOBS / RATE), 1.05, sides)
    for width in WIDTHS:
        share = median(threads.free_sweep(JOBS, LATENCY, width) for _ in range(3))
        yield Figure(f"1,000 due, no limit, 50 ms, width {width}", "N x latency / width", share, 0.85, least=True)


def _units(logged: float) -> tuple[list[Figure], cost.Counted]:
    with units.metered() as (table, meter):
        job = units.happy_jobs(table, meter)
        signed = units.happy_jobs(create_table(table.client), meter, units.SIGNED)
        few, many = (units.due_reads(create_table(table.client), meter, rows) for rows in (FEW, MANY))
    whole, longer = (taken.known.writes + taken.end.writes for taken in (job, signed))
    cpu = f"{job.cpu_base * 1e3:.1f} / {job.cpu_end * 1e3:.1f} ms"
    figures = [
        Figure("table writes until the result is known, units", "-", job.known.writes, 4.1),
        Figure("table requests until then", "-", job.known.calls, 3.1),
        Figure("table writes until it is announced, units", "-", whole, 9.1),
        Figure("row with the links of result, poster and base video, bytes", "-", job.row_bytes, 1024),
        Figure("table writes of the base video, units", "-", job.base.writes, None, "its write, once"),
        Figure("table requests of the base video", "-", job.base.calls, None, "a read, a write"),
        Figure("CPU to keep a base video", "archive of the same file", job.cpu_base / job.cpu_end, None, cpu),
        Figure(f"read units of a query, 10 due of {MANY:,}", f"10 due of {FEW:,}", many / few, 1.1, f"{many} / {few}"),
        Figure(
            "the same where signed links have 400 characters", "-", longer, None, f"row of {signed.row_bytes} bytes"
        ),
    ]
    return figures, cost.Counted(job.known.writes, job.end.writes, logged, longer)


def _costs(counted: cost.Counted) -> Iterator[Figure]:
    ours = sum(cost.known(counted).values())
    drawn = {"veo4k": ours} | cost.anchors()
    plots.keep("cost", plots.bars("$ of a million jobs, logarithmic", drawn, "$", logarithmic=True))
    goals = (1 / 5, 1 / 10, None, 1 / 150)
    for (anchor, price), goal in zip(cost.anchors().items(), goals, strict=True):
        yield Figure("$ per million jobs, result known", anchor, ours / price, goal, f"{ours:.2f} / {price:.2f} $")


def _machine() -> str:
    version = Path(interpreter()).resolve().parent.parent.name
    return f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, Python {version}"


if __name__ == "__main__":
    main()
