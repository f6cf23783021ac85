"""`veo4k`: all commands together."""

import io
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from veo4k_cli import (
    balance,
    callbacks,
    cancel,
    dead_letters,
    doctor,
    gate,
    hook,
    jobs,
    links,
    listing,
    replay,
    rotate,
    show,
    spend,
    sweep,
    watch,
)
from veo4k_cli.command import format_examples, unwrap
from veo4k_cli.console import command as console

HELP = """Operate veo4k, which turns Veo 3.1 videos into archived 4K files.

Commands act on the stack that --stack names, with your own AWS credentials (AWS_PROFILE, AWS_REGION). Without a name
they act on the local cloud while make local runs in this folder, else on the stack veo4k. Every command takes --json.
"""
EXAMPLES = (
    "veo4k submit veo_task_abcdef123456       request a video in 4K",
    "veo4k watch veo_task_abcdef123456        follow the job to its end",
    "veo4k submit - < task_ids.txt            request many videos",
    "veo4k list --state QUEUED                jobs that wait, and for what",
    "veo4k show veo_task_abcdef123456         a job and its whole history",
    "veo4k spend --since 7d                   what the videos have cost",
    "veo4k doctor                             what is wrong, and what to do",
    "veo4k console                            all of it as a web page on this machine",
    "veo4k gate pause                         pause all requests to the provider",
    "veo4k dead redrive                       dead messages that can go back",
    "veo4k hook                               a URL that requests finished generations in 4K",
)

app = typer.Typer(
    name="veo4k",
    help=unwrap(HELP),
    epilog=format_examples(EXAMPLES),
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="rich",
    # A traceback that shows local variables would show keys.
    pretty_exceptions_enable=False,
)

JOBS = (jobs, watch, show, listing, links, cancel, replay)
for module in (*JOBS, gate, sweep, balance, spend, callbacks, hook, rotate, doctor, console):
    app.add_typer(module.app)
app.add_typer(dead_letters.app, name="dead", rich_help_panel="Jobs", help="Messages that were rejected or not stored.")


def _print_version(is_wanted: bool) -> None:
    """Print the version of the installed package, and end."""
    if not is_wanted:
        return
    try:
        typer.echo(f"veo4k {version('veo4k')}")
    except PackageNotFoundError:
        typer.echo("veo4k is not installed here. Name the commit of the source tree instead: git rev-parse HEAD")
    raise typer.Exit


@app.callback()
def veo4k(
    *,
    show_version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Take the options that stand before a command."""


def main() -> None:
    """Run the command line. It prints UTF-8, also into a file or pipe of a system with another encoding."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8")
    app(prog_name="veo4k")


if __name__ == "__main__":
    main()
