"""Writes the reference pages that are made from code: settings and commands. `make docs` runs it; a test compares."""

from pathlib import Path
from typing import Any

import click

from ledger_node.cli.main import cli
from ledger_node.cli.network_client import NotMined, RefusedByContract
from ledger_node.config import ENVIRONMENT_PREFIX, Config

COMMAND_ERRORS = (NotMined, RefusedByContract)
REFERENCE = Path(__file__).parent / "reference"


def settings_page() -> str:
    lines = [
        "# Settings",
        "",
        "Made from `ledger_node/config.py` by `make docs`.",
        "",
        "A setting comes from its flag, else from the environment, else from `config.toml` in the data directory,",
        "else it has its default. A name that nobody knows is an error, wherever it stands.",
        "",
        "| in `config.toml` | flag of `ledger-node run` | environment | default | what it is |",
        "|---|---|---|---|---|",
    ]
    for name, field in Config.model_fields.items():
        flag = "--" + name.replace("_", "-")
        if field.annotation is bool:
            flag = f"{flag}`, `--no-{flag[2:]}"
        environment = f"{ENVIRONMENT_PREFIX}{name.upper()}"
        lines.append(f"| `{name}` | `{flag}` | `{environment}` | {_value(field.default)} | {field.description} |")
    return "\n".join(lines) + "\n"


def _value(default: Any) -> str:
    if default in ("", ()):
        return "empty"
    if isinstance(default, tuple):
        default = ",".join(default)
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def commands_page() -> str:
    lines = [
        "# Commands",
        "",
        "Made from the commands by `make docs`.",
        "",
        "Exit status: 0 done; 1 the answer is no (the audit found a difference, the node is not ready); 2 the command",
        "could not be carried out, and the last line on standard error says why. `run` ends with 0 after SIGTERM or",
        "SIGINT. The settings' flags of each command are explained in [settings](settings.md).",
    ]
    lines += [
        "",
        "Errors begin with their code (`error [code]: …`); those of [the gateway](errors.md), and of commands alone:",
        "",
    ]
    lines += [f"- `{error.code}`: {error.title}." for error in COMMAND_ERRORS]
    for path, command in sorted(_commands(cli, "ledger-node")):
        lines += ["", f"## `{path}`", "", (command.help or "").strip(), ""]
        arguments = [parameter for parameter in command.params if isinstance(parameter, click.Argument)]
        lines += [f"- `{argument.metavar or (argument.name or '').upper()}`" for argument in arguments]
        options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
        own = [option for option in options if not _is_setting(option)]
        for option in own:
            names = ", ".join(f"`{name}`" for name in option.opts + option.secondary_opts)
            needed = " Required." if option.required else ""
            lines.append(f"- {names}: {option.help}{needed}")
        settings = [f"`{option.opts[0]}`" for option in options if _is_setting(option)]
        if len(settings) == len(Config.model_fields):
            lines.append("- every setting")
        elif settings:
            lines.append(f"- settings: {', '.join(settings)}")
    return "\n".join(lines) + "\n"


def _is_setting(option: click.Option) -> bool:
    field = Config.model_fields.get(option.name or "")
    return field is not None and field.description == option.help


def _commands(group: click.Group, path: str) -> list[tuple[str, click.Command]]:
    found: list[tuple[str, click.Command]] = []
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, name
        if isinstance(command, click.Group):
            found += _commands(command, f"{path} {name}")
        else:
            found.append((f"{path} {name}", command))
    return found


PAGES = {REFERENCE / "settings.md": settings_page, REFERENCE / "cli.md": commands_page}

if __name__ == "__main__":
    for page, make in PAGES.items():
        page.write_text(make(), encoding="utf-8")
