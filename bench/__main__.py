"""`python -m bench`: every figure beside its anchor, in one table, and the pages of docs/evidence that keep them."""

import datetime as dt
import os
import platform
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from bench import cost, cost_page, init, pacing, pages, plots, stages, steps, threads, units, warm
from bench.artefact import LAYERS, VENDOR, installed, interpreter, unpack, unpacked_bytes, zipped
from bench.pages import Figure
from local.cloud.build import built_template
from local.paths import ROOT
from proofs.table.dynamodb_local import missing
from proofs.table.tables import create_table

JOBS, LATENCY, WIDTH = 1000, 0.05, 16
RATE = 2.0  # requests per second that the provider allows
FEW, MANY = 1_000, 100_000
FIRST_ROUNDS = 7


PLOTS = ROOT / "docs/evidence/plots"


def main() -> None:
    """Measure everything, print the table, write the pages and draw the pictures."""
    with _place() as place:
        functions = unpack(built_template().parent, place / "opt")
        figures = [*_sizes(), *_starts(place), *_warm(functions, place)]
        logged = figures[-1].value
        undone = steps.measure(functions, place)
    figures += _paced()
    figures += [Figure(stage.name, "-", stage.seconds, None, stage.own) for stage in stages.measure()]
    if reason := missing():
        print(f"The units of the table are not counted: {reason}")
    else:
        table, counted = _units(logged)
        figures += [*table, *_costs(counted)]
    page = pages.performance_page(figures, undone, _machine(), _when())
    (ROOT / "docs/evidence/performance.md").write_text(page)
    if not reason:
        cost_page.write()  # from the figures of the other page
    print(pages.table(figures))


@contextmanager
def _place() -> Iterator[Path]:
    place = Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        yield place
    finally:
        for path in [place, *place.rglob("*")]:
            if path.is_dir():
                path.chmod(0o755)
        shutil.rmtree(place)


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    return median(our / their for our, their in zip(ours, theirs, strict=True))


def _ms(*sides: Sequence[float]) -> str:
    return " / ".join(f"{median(side) * 1000:.1f}" for side in sides) + " ms"


def _sizes() -> list[Figure]:
    built = built_template().parent
    plain = installed(VENDOR, "plain", compiled=True)
    ours = [built / name for name in LAYERS]
    packed, anchor = sum(len(zipped(folder)) for folder in ours), len(zipped(plain))
    tree, anchor_tree = sum(unpacked_bytes(folder) for folder in ours), unpacked_bytes(plain)
    of = "`pip install` of the same requirements"
    return [
        Figure("package, zipped", of, packed / anchor, 0.30, f"{packed / 1e6:.1f} / {anchor / 1e6:.1f} MB"),
        Figure("package, unpacked", of, tree / anchor_tree, 0.45, f"{tree / 1e6:.1f} / {anchor_tree / 1e6:.1f} MB"),
    ]


def _starts(place: Path) -> Iterator[Figure]:
    cases = init.cases(place / "init")
    for name in ("submit", "callback"):
        some, of = init.compiled(*cases[name])
        yield Figure(
            f"modules of {name} from bytecode, at each start",
            "all",
            1 - some / of,
            1,
            f"{of - some} / {of}",
            least=True,
        )
    taken = init.measure(cases)
    plots.keep(PLOTS, {"init": plots.bars("CPU of a start", plots.medians(taken), "ms")})
    for name in ("submit", "callback"):
        for anchor, goal in ((f"idiomatic {name}", 1 / 4), ("bare boto3 client", 1.00)):
            ratio, sides = _ratio(taken[name], taken[anchor]), _ms(taken[name], taken[anchor])
            yield Figure(f"init CPU of {name}", anchor, ratio, goal, sides)
        floor = taken["standard library floor"]
        sides = _ms(taken[name], floor)
        yield Figure(f"init CPU of {name}", "standard library floor", _ratio(taken[name], floor), None, sides)


def _warm(functions: dict[str, list[Path]], place: Path) -> Iterator[Figure]:
    for name in ("warm", "first"):
        (place / name).mkdir()
    taken = warm.measure(functions, place / "warm")
    drawn = {name: taken[name] for name in ("submit", "idiomatic submit", "callback", "idiomatic callback")}
    plots.keep(PLOTS, {"warm": plots.bars("CPU of a message, warm", plots.medians(drawn), "ms")})
    for name in ("submit", "callback"):
        ours, theirs = taken[name], taken[f"idiomatic {name}"]
        sides = f"{median(ours) * 1e3:.2f} / {median(theirs) * 1e3:.2f} ms"
        yield Figure(f"warm CPU of {name}, by message", f"idiomatic {name}", _ratio(ours, theirs), 0.95, sides)
    ours, without = taken["submit"], taken["submit without looks"]
    sides = f"{median(ours) * 1e3:.2f} / {median(without) * 1e3:.2f} ms"
    yield Figure("warm CPU of submit, by message", "submit without looks", _ratio(ours, without), None, sides)
    for what in (warm.REQUESTS, warm.BYTES):
        pair = [median(taken[f"{what}, {name}"]) for name in ("submit", "submit without looks")]
        yield Figure(
            f"{what}, by message", "submit without looks", pair[0] / pair[1], None, "{:.0f} / {:.0f}".format(*pair)
        )
    accepted = taken["callback"]
    for name, goal in (("forged callback", 1 / 10), ("forged callback before metric and log", 1 / 50)):
        sides = f"{median(taken[name]) * 1e6:.0f} / {median(accepted) * 1e6:.0f} us"
        yield Figure(name, "accepted callback", _ratio(taken[name], accepted), goal, sides)
    yield Figure("AWS calls of forged callbacks", "none", max(taken["AWS calls of forged callbacks"]), 0)
    first = warm.first_batches(functions, place / "first", FIRST_ROUNDS)
    ours, theirs = first["submit"], first["default clients"]
    yield Figure(
        "CPU of a process's first batch of 10", "default clients", _ratio(ours, theirs), 0.15, _ms(ours, theirs)
    )
    yield Figure("bytes that a job logs, platform lines apart", "-", median(taken["log bytes of a job"]))


def _paced() -> Iterator[Figure]:
    burst = pacing.burst(JOBS)
    plots.keep(PLOTS, {"pacing": plots.lines("A burst of 1,000 jobs", plots.paced(burst.arrivals, 20, 10.0))})
    yield Figure("burst of 1,000: requests over the limit", "none", burst.over, 0)
    sides = f"{burst.last:.0f} / {burst.best:.0f} s, virtual"
    yield Figure("burst of 1,000: the last request", "best possible", burst.last / burst.best, 1.03, sides)
    paced = pacing.paced_sweep(JOBS)
    sides = f"{paced.last:.0f} / {JOBS / RATE:.0f} s, virtual"
    name = "1,000 due at the provider's limit, a sweep every minute"
    yield Figure(f"{name}: refusals", "none", paced.over, 0)
    yield Figure(name, "N / rate", paced.last / (JOBS / RATE), 1.05, sides)
    for width in (WIDTH, 20):
        share = median(threads.free_sweep(JOBS, LATENCY, width) for _ in range(3))
        what = f"1,000 due, no limit, 50 ms, width {width}"
        yield Figure(what, "N x latency / width", share, 0.85, least=True)


def _units(logged: float) -> tuple[list[Figure], cost.Counted]:
    with units.metered() as (table, meter):
        job = units.happy_jobs(table, meter)
        signed = units.happy_jobs(create_table(table.client), meter, units.SIGNED)
        few, many = (units.due_reads(create_table(table.client), meter, rows) for rows in (FEW, MANY))
    whole, longer = job.writes_known + job.writes_end, signed.writes_known + signed.writes_end
    figures = [
        Figure("table writes until the result is known, units", "-", job.writes_known, 4.1),
        Figure("table requests until then", "-", job.calls_known, 3.1),
        Figure("table writes until it is announced, units", "-", whole, 9.1),
        Figure("row with the links of result, poster and base video, bytes", "-", job.row_bytes, 1024),
        Figure("table writes of the base video, units", "-", job.writes_base, None, "its write, once"),
        Figure("table requests of the base video", "-", job.calls_base, None, "a read, a write"),
        Figure(
            "CPU to keep a base video",
            "archive of the same file",
            job.cpu_base / job.cpu_end,
            None,
            f"{job.cpu_base * 1e3:.1f} / {job.cpu_end * 1e3:.1f} ms",
        ),
        Figure(f"read units of a query, 10 due of {MANY:,}", f"10 due of {FEW:,}", many / few, 1.1, f"{many} / {few}"),
        Figure(
            "the same where signed links have 400 characters", "-", longer, None, f"row of {signed.row_bytes} bytes"
        ),
    ]
    return figures, cost.Counted(job.writes_known, job.writes_end, logged, longer)


def _costs(counted: cost.Counted) -> Iterator[Figure]:
    ours = sum(cost.known(counted).values())
    drawn = {"veo4k": ours} | cost.anchors()
    plots.keep(PLOTS, {"cost": plots.bars("$ of a million jobs, logarithmic", drawn, "$", logarithmic=True)})
    goals = (1 / 5, 1 / 10, None, 1 / 150)
    for (anchor, price), goal in zip(cost.anchors().items(), goals, strict=True):
        yield Figure("$ per million jobs, result known", anchor, ours / price, goal, f"{ours:.2f} / {price:.2f} $")


def _machine() -> str:
    version = Path(interpreter()).resolve().parent.parent.name
    return f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()} {platform.release()}, Python {version}"


def _when() -> str:
    return dt.datetime.now(dt.UTC).date().isoformat()


if __name__ == "__main__":
    main()
