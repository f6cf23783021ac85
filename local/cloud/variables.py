"""Prints the HTTP API of the running local cloud as variables, for a shell to evaluate."""

from shlex import quote

from local.cloud.connection_file import current
from local.cloud.jobs_client import token_of


def main() -> None:
    """Print VEO4K_URL and VEO4K_TOKEN, exported."""
    connection = current()
    print(
        f"export VEO4K_URL={quote(connection.outputs['JobsApiUrl'])} VEO4K_TOKEN={quote(token_of(connection.cloud()))}"
    )


if __name__ == "__main__":
    main()
