"""Prints the HTTP API of the running local cloud, and its simulator, as variables for a shell to evaluate."""

from shlex import quote

from local.cloud.connection_file import Connection, current
from local.cloud.jobs_client import token_of


def main() -> None:
    """Print VEO4K_URL, VEO4K_TOKEN and, beside the simulator, SIMULATOR, exported."""
    connection = current()
    print(exports(connection, token_of(connection.cloud())))


def exports(connection: Connection, token: str) -> str:
    """Return the command that sets the variables. `token`: of the HTTP API."""
    values = {"VEO4K_URL": connection.outputs["JobsApiUrl"], "VEO4K_TOKEN": token, "SIMULATOR": connection.simulator}
    return " ".join(["export", *(f"{name}={quote(value)}" for name, value in values.items() if value)])


if __name__ == "__main__":
    main()
