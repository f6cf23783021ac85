"""The command `console`: a local web page over the stack."""

from typing import Annotated

import typer

from veo4k_cli.command import Session, command

app = typer.Typer()


@command(app, "veo4k console", "veo4k console --read-only --port 8400", "veo4k console --local", panel="Account")
def console(
    session: Session,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes a free port.")] = 0,
    read_only: Annotated[bool, typer.Option("--read-only", help="Serve no action.")] = False,
    plain_host: Annotated[
        bool, typer.Option("--plain-host", help="Use 127.0.0.1, for browsers that do not know *.localhost.")
    ] = False,
) -> None:
    """Open the console: a web page over the stack, on this machine, with your own credentials, until Ctrl-C.

    The printed link works once, within ten minutes, in one browser. Nothing is deployed for the console.
    """
    # The web server is imported by this command only.
    from veo4k_cli.console.server import Options, served, wait  # noqa: PLC0415

    with served(session, Options(port, plain_host, read_only)) as link:
        session.out.result({"link": link}, f"{link}\n\nThe link works once, within ten minutes. Stop with Ctrl-C.")
        wait()
