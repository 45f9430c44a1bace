"""The commands of Confab, each a line of one table. Imported by nobody."""

import gc
import os
from importlib import import_module

import click

from core.storage.settings import StorageSettings

# A command's module is imported when it is called: none waits for what another needs.
COMMANDS = {
    "run": "bots.running:run",
    "setup": "bots.setup.walk:set_up",
    "doctor": "bots.doctor.command:doctor",
    "why": "bots.operator_commands:why",
    "turns": "bots.operator_commands:turns",
    "again": "bots.operator_commands:again",
    "choices": "bots.operator_commands:choices",
    "tools": "bots.operator_commands:tools",
    "backup": "bots.copying:back_up_database",
    "restore": "bots.copying:restore_database",
    "rekey": "bots.copying:rekey_database",
    "forget": "bots.privacy_commands:forget",
    "export": "bots.privacy_commands:export",
    "privacy": "bots.privacy_commands:privacy",
    "audit": "bots.privacy_commands:audit",
    "usage": "bots.usage_command:usage",
    "personas": "bots.persona_commands:personas",
    "learn": "bots.knowledge_commands:learn",
    "sources": "bots.knowledge_commands:sources",
}


class CommandTable(click.Group):
    """The commands of the table."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return their names, in the order in which help shows them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Return the command of this name, or None where there is no such command."""
        module, _, name = COMMANDS.get(cmd_name, "").partition(":")
        if not module:
            return None
        gc.disable()  # what an import makes stays: to look for garbage among it took a fifth of the start
        command = getattr(import_module(module), name)
        gc.freeze()
        gc.enable()
        return command if isinstance(command, click.Command) else None


@click.group(cls=CommandTable, invoke_without_command=True)
@click.pass_context
def main(context: click.Context) -> None:
    """Confab: a language model as a colleague in a team's chat."""
    context.obj = _storage()
    if context.invoked_subcommand is None and (run := main.get_command(context, "run")):
        context.invoke(run)


def _storage() -> StorageSettings:
    """Return where the database is and with which key, for commands that need no other setting."""
    given = {name: os.environ.get(name, "").strip() for name in StorageSettings.names()}
    return StorageSettings.model_validate({name: value for name, value in given.items() if value})


if __name__ == "__main__":
    main()
