"""Files about banks: the list that `member import` reads, however a spreadsheet wrote it, and the keys that it writes.

Knows how such files look. Whether a bank may be admitted is the node's to judge.
"""

import codecs
import csv
import io
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger_node.data_directory import make_durable, write_private
from ledger_node.errors import ConfigurationError
from ledger_node.json_files import parse_json, read_json

FILE_BYTES = 50_000_000
COLUMNS = ("bic", "lei", "legal_name")


@dataclass(frozen=True, slots=True)
class Line:
    """One bank of the file. `number`: of the line it ends on, as an editor counts."""

    number: int
    bank: dict[str, str]

    @property
    def office(self) -> str:
        return self.bank["bic"].removesuffix(3 * "X") if len(self.bank["bic"]) == 11 else self.bank["bic"]


def read_banks(path: Path) -> tuple[list[Line], list[str]]:
    """Every bank, and what is wrong with lines that are none. Raises ConfigurationError for what is no such file."""
    text = _text(path)
    delimiter = _delimiter(text)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    header: list[str] | None = None
    lines: list[Line] = []
    bad: list[str] = []
    try:
        for row in rows:
            cells = [cell.strip() for cell in row]
            if not any(cells) or (header is None and cells[0].casefold().startswith("sep=")):
                continue
            if header is None:
                header = _header(cells, path)
            elif len(cells) != len(header):
                bad.append(f"line {rows.line_num}: {len(cells)} fields between {delimiter!r}, not {len(header)}")
            else:
                named = dict(zip(header, cells, strict=True))
                lines.append(Line(rows.line_num, {name: named[name] for name in COLUMNS}))
    except csv.Error as error:
        raise ConfigurationError(f"{path}, line {rows.line_num}: {error}.") from None
    if header is None:
        raise ConfigurationError(f"{path} is empty; its first line names the columns {', '.join(COLUMNS)}.")
    return lines, bad + _repeated(lines)


def _text(path: Path) -> str:
    """UTF-8 with or without a mark, UTF-16 with one, else the Windows code page that spreadsheets export."""
    with path.open("rb") as file:
        content = file.read(FILE_BYTES + 1)
    if len(content) > FILE_BYTES:
        raise ConfigurationError(f"{path} is larger than {FILE_BYTES} bytes; import it in parts.")
    utf_16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if utf_16 else ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise ConfigurationError(f"{path} is no text; save the list as CSV in UTF-8.")


def _delimiter(text: str) -> str:
    """The one that separates the columns' names."""
    first = next((line for line in text.splitlines() if line.strip() and not line.casefold().startswith("sep=")), "")
    return max(",;\t", key=first.count)


def _header(cells: list[str], path: Path) -> list[str]:
    names = [cell.casefold().replace(" ", "_") for cell in cells]
    if any(names.count(name) != 1 for name in COLUMNS):
        raise ConfigurationError(f"{path} needs the columns {', '.join(COLUMNS)}, each once, named in its first line.")
    return names


def _repeated(lines: list[Line]) -> list[str]:
    seen: dict[tuple[str, str], int] = {}
    bad = []
    for line in lines:
        for field, value in (("bic", line.office), ("lei", line.bank["lei"])):
            first = seen.setdefault((field, value), line.number)
            if first != line.number:
                bad.append(f"line {line.number}: the {field} is that of line {first}")
    return bad


class KeysFile:
    """Banks with their API keys, in a file for its owner alone; each is durable before the next step.

    While an import goes on they are lines of `FILE.part`, because the whole file would be written once per bank.
    """

    def __init__(self, path: Path) -> None:
        """With what an import before this one wrote. Raises ConfigurationError for a file that is none of ours."""
        self._path = path
        self._part = path.with_name(path.name + ".part")
        self.members = _members(path, lambda: list(read_json(path)["members"]))
        self.members += _members(self._part, lambda: [parse_json(line) for line in _whole_lines(self._part)])
        self.bics = {member["bic"] for member in self.members}
        self._file = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        make_durable(path.parent)

    def add(self, member: dict[str, Any]) -> None:
        os.write(self._file, (json.dumps(member) + "\n").encode())
        os.fsync(self._file)
        self.members.append(member)
        self.bics.add(member["bic"])

    def close(self) -> None:
        """Put them into the file itself."""
        os.close(self._file)
        if self.members:
            write_private(self._path, json.dumps({"members": self.members}, indent=2) + "\n")
        self._part.unlink(missing_ok=True)


def _members(path: Path, read: Callable[[], list[Any]]) -> list[dict[str, Any]]:
    """Raises ConfigurationError for a file that no import wrote; says nothing of what is in it, which may be keys."""
    if not path.exists():
        return []
    try:
        members = read()
        if all(isinstance(member["bic"], str) for member in members):
            return members
    except (ValueError, LookupError, TypeError):
        pass
    raise ConfigurationError(f"{path} is there and no import wrote it; name another file.")


def _whole_lines(part: Path) -> list[bytes]:
    """A last line that a power cut tore is taken off the file: its bank gets a new key."""
    content = part.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    os.truncate(part, len(whole))
    return whole.splitlines()
