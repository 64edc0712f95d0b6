"""Settings as flags of commands: one definition of each setting, whichever command takes it."""

from collections.abc import Callable
from typing import Any, TypeVar

import click
from pydantic.fields import FieldInfo

from ledger_node.config import Config


class _Address(click.ParamType[bytes]):
    """0x and 40 hex digits; 20 bytes."""

    name = "address"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> bytes:
        digits = str(value).removeprefix("0x")
        try:
            address = bytes.fromhex(digits)
        except ValueError:
            address = b""
        if len(address) != 20:
            self.fail(f"{value!r} is no address: write 0x and 40 hex digits.", param, ctx)
        return address


ADDRESS = _Address()
F = TypeVar("F", bound=Callable[..., Any])


def settings(*names: str) -> Callable[[F], F]:
    """Give a command a flag for each of these settings (all of them when none is named)."""

    def decorate(command: F) -> F:
        for name in reversed(names or tuple(Config.model_fields)):
            command = _flag(name, Config.model_fields[name])(command)
        return command

    return decorate


def _flag(name: str, field: FieldInfo) -> Callable[[F], F]:
    flag = "--" + name.replace("_", "-")
    if field.annotation is bool:
        return click.option(f"{flag}/--no-{flag[2:]}", name, default=None, help=field.description)
    kind = field.annotation if field.annotation in (int, float) else str
    return click.option(
        flag, name, type=kind, default=None, metavar=getattr(kind, "__name__", "TEXT").upper(), help=field.description
    )
