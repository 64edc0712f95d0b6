"""Signing keys: encrypted keystores on disk (Web3 Secret Storage v3) and the Signer door in front of them.

A Signer signs 32-byte digests and never shows its key. The local occupant decrypts a keystore with a password file; a
remote one (web3signer's HTTP API, docs/guides/keys.md) would stand in its place. Key material appears in no log, error,
process argument or database.
"""

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from coincurve import PrivateKey
from eth_account import Account
from eth_keyfile.keyfile import create_keyfile_json
from sha3 import keccak_256

from ledger_node.data_directory import make_durable
from ledger_node.errors import ConfigurationError
from ledger_node.json_files import read_json


class Signer(Protocol):
    @property
    def address(self) -> bytes:
        """20 bytes."""

    def sign(self, digest: bytes) -> tuple[int, int, int]:
        """(y_parity, r, s) of the deterministic secp256k1 signature (RFC 6979) over a 32-byte digest; s is low."""


class LocalSigner:
    def __init__(self, private_key: bytes) -> None:
        self._key = PrivateKey(private_key)
        self.address: bytes = keccak_256(self._key.public_key.format(compressed=False)[1:]).digest()[12:]

    def sign(self, digest: bytes) -> tuple[int, int, int]:
        signature = self._key.sign_recoverable(digest, hasher=None)
        return signature[64], int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")

    def __repr__(self) -> str:
        return f"LocalSigner(0x{self.address.hex()})"


class RotatingSigner:
    """An office's signer, whichever key holds it: who signs through a seat need not know that its key changed."""

    def __init__(self, holder: Signer) -> None:
        self.holder = holder

    @property
    def address(self) -> bytes:
        return self.holder.address

    def sign(self, digest: bytes) -> tuple[int, int, int]:
        return self.holder.sign(digest)


class Vault(Protocol):
    """Where the house's keys lie, each under a name."""

    def create(self, office: str) -> tuple[str, Signer]:
        """A new random key for this office, durable when this returns; its name and its signer.

        Raises ConfigurationError.
        """

    def open(self, name: str) -> Signer:
        """Raises ConfigurationError."""


class KeystoreVault:
    """A directory of keystores under one password."""

    def __init__(self, directory: Path, password_file: Path) -> None:
        self._directory = directory
        self._password_file = password_file

    def create(self, office: str) -> tuple[str, LocalSigner]:
        private_key = secrets.token_bytes(32)
        name = f"{office}-0x{LocalSigner(private_key).address.hex()}"
        with _telling(self._path(name)):
            return name, write_keystore(self._path(name), private_key, self._password())

    def open(self, name: str) -> LocalSigner:
        with _telling(self._path(name)):
            return open_keystore(self._path(name), self._password())

    def _path(self, name: str) -> Path:
        return self._directory / f"{name}.json"

    def _password(self) -> str:
        return read_password(self._password_file)


@contextmanager
def _telling(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:  # a directory that is read-only, a password file that is gone
        raise ConfigurationError(f"The keystore {path}: {error}.") from None


PASSWORD_BYTES = 65_536
"""More than any password file has."""


def read_password(path: Path) -> str:
    """The password in a file, without the white space around it.

    Raises ConfigurationError, which has nothing of the file in it, for a file that cannot be read or holds no password.
    """
    try:
        with path.open("rb") as file:
            content = file.read(PASSWORD_BYTES + 1)
        if len(content) > PASSWORD_BYTES:
            raise ConfigurationError(f"The password file {path} is larger than {PASSWORD_BYTES} bytes.")
        password = content.decode().strip()
    except FileNotFoundError:
        raise ConfigurationError(f"There is no password file at {path}.") from None
    except OSError as error:
        raise ConfigurationError(f"The password file {path} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise ConfigurationError(f"The password file {path} is no text in UTF-8.") from None
    if not password:
        raise ConfigurationError(f"The password file {path} is empty; write the keystores' password into it.")
    return password


def new_password() -> str:
    return secrets.token_urlsafe(32)


def create_keystore(path: Path, password: str) -> LocalSigner:
    """Write a new random key to `path` (mode 600, must not exist), encrypted with `password`."""
    return write_keystore(path, secrets.token_bytes(32), password)


def write_keystore(path: Path, private_key: bytes, password: str) -> LocalSigner:
    # The password is 256 random bits (see new_password), so the derivation need not be slow: 2**12 rounds of scrypt.
    document = create_keyfile_json(private_key, password.encode(), kdf="scrypt", iterations=4096)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(document, file)
        file.flush()
        os.fsync(file.fileno())
    make_durable(path.parent)
    return LocalSigner(private_key)


def open_keystore(path: Path, password: str) -> LocalSigner:
    """Raises ConfigurationError when the file is missing, damaged or encrypted with another password."""
    return LocalSigner(_decrypted(path, password))


def rewrite_keystore(path: Path, password: str, to: Path, new_password: str) -> None:
    """The same key in a second file under another password; raises what `open_keystore` raises."""
    write_keystore(to, _decrypted(path, password), new_password)


def _decrypted(path: Path, password: str) -> bytes:
    try:
        document = read_json(path)
        return bytes(Account.decrypt(document, password))
    except FileNotFoundError:
        remedy = "`ledger-node init` makes the first ones, and a backup has all."
        raise ConfigurationError(f"There is no keystore at {path}: {remedy}") from None
    except (ValueError, KeyError, TypeError):
        raise ConfigurationError(f"The keystore {path} cannot be opened with the password given.") from None
