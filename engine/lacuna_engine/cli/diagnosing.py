"""``diagnostics``: what somebody who helps needs to know, on standard output."""

from __future__ import annotations

from collections.abc import Sequence

import click

from lacuna_engine.cli.prompting import prompter_for
from lacuna_engine.diagnostics import ConnectionFacts, diagnostics, facts_of_connection
from lacuna_engine.errors import LacunaError
from lacuna_engine.logs import error_fields
from lacuna_engine.transfer import Session
from lacuna_engine.transport import parse_uri

__all__ = ["print_diagnostics"]


async def print_diagnostics(uris: Sequence[str], *, names: bool) -> None:
    """Connect to each of ``uris`` and print what is found. Raises `UsageError` for a bad URI."""
    connections = [await _look_at(uri) for uri in uris]
    click.echo(diagnostics(connections, names=names), nl=False)


async def _look_at(text: str) -> ConnectionFacts:
    uri = parse_uri(text)
    try:
        async with Session(uri, prompter=prompter_for(text)) as session:
            return await facts_of_connection(uri, session.storage, "connected", text)
    except LacunaError as error:
        facts = error_fields(error)
        state = f"{facts['error']} at {facts['raised']}"
        return await facts_of_connection(uri, None, state, text)
