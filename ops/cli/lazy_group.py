"""A group whose commands are imported when they are asked for: a command line answers --help without the program."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar, cast

import typer
from typer.core import TyperCommand, TyperGroup


@dataclass(frozen=True)
class Listed:
    """A command in the list of all: its module, and what `tenor --help` says of it."""

    module: str
    summary: str


class LazyCommands(Mapping[str, Any]):
    """Commands by name. Each module has `register(app)`, which adds one command or several."""

    def __init__(self, table: Mapping[str, Listed]) -> None:
        self._table, self._loaded = table, dict[str, Any]()

    def __getitem__(self, name: str) -> Any:
        if name not in self._loaded:
            app = typer.Typer()
            import_module(self._table[name].module).register(app)
            self._loaded |= typer.main.get_group(app).commands
        return self._loaded[name]

    def __contains__(self, name: object) -> bool:
        return name in self._table

    def __iter__(self) -> Iterator[str]:
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)


class LazyGroup(TyperGroup):
    table: ClassVar[Mapping[str, Listed]]

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = cast(Any, LazyCommands(self.table))

    def list_commands(self, _ctx: Any) -> list[str]:
        return list(self.table)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Where the environment names a server, the same command asks it."""
        command = super().get_command(ctx, cmd_name)
        if command is None or not os.environ.get("TENOR_SERVER"):
            return command
        from ops.cli.remote.commands import by_server, is_asked_for

        return by_server(command, cmd_name) if is_asked_for(ctx) else command

    def format_help(self, ctx: Any, formatter: Any) -> None:
        self._summarised().format_help(ctx, formatter)

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        return self._summarised().shell_complete(ctx, incomplete)

    def _summarised(self) -> TyperGroup:
        """The same group to look at: its commands have a name and a summary, and do nothing."""
        commands: Any = [TyperCommand(name, help=listed.summary) for name, listed in self.table.items()]
        return TyperGroup(
            name=self.name,
            commands=commands,
            params=self.params,
            help=self.help,
            rich_markup_mode=self.rich_markup_mode,
            no_args_is_help=self.no_args_is_help,
        )
