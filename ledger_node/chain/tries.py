"""Merkle Patricia tries (yellow paper, appendix D): read, prove, and apply many changes at once.

Nodes are decoded RLP lists and never changed in place, so they may be cached and shared between threads. No trie here
has a key that is the beginning of another, which holds for hashed keys and for list indexes alike.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from ledger_node.chain.blocks import Hash32
from ledger_node.chain.encoding import EMPTY_TRIE_ROOT, int_bytes, keccak, rlp_decode, rlp_encode, rlp_list

Node: TypeAlias = list[Any]
ReadNode: TypeAlias = Callable[[Hash32], Node]
"""Gives the decoded node of a hash, or raises MissingNode."""
_Items: TypeAlias = list[tuple[bytes, bytes]]

_DIGITS = bytes(b"0123456789abcdef"[nibble % 16] for nibble in range(256))
_NIBBLES = bytes(int(chr(c), 16) if chr(c) in "0123456789abcdef" else 0 for c in range(256))


class MissingNode(LookupError):
    """The state asked for is not in the store."""


def no_nodes(node_hash: Hash32) -> Node:
    """Reads nodes of a trie that starts empty."""
    raise MissingNode(node_hash.hex())


def decode_node(raw: bytes) -> Node:
    node = rlp_decode(raw)
    assert isinstance(node, list)
    return node


# READ


def get(root: Hash32, key: bytes, read: ReadNode) -> bytes:
    """The value at `key`, or b"" where there is none."""
    path, at = _nibbles(key), 0
    reference: Any = b"" if root == EMPTY_TRIE_ROOT else root
    while reference != b"":
        node = reference if isinstance(reference, list) else read(reference)
        if len(node) == 17:
            reference, at = node[path[at]], at + 1
            continue
        prefix, is_leaf = _decode_path(node[0])
        if is_leaf:
            value: bytes = node[1] if path[at:] == prefix else b""
            return value
        if not path.startswith(prefix, at):
            break
        reference, at = node[1], at + len(prefix)
    return b""


def prove(root: Hash32, key: bytes, read: ReadNode) -> tuple[bytes, ...]:
    """The encoded nodes from the root to `key`, or to where the trie shows that it has none (EIP-1186)."""
    encoded = [rlp_encode(node) for node, _ in _walk(root, _nibbles(key), read)]
    # A node shorter than a hash stands inside its parent and is no element of its own.
    return tuple(raw for at, raw in enumerate(encoded) if at == 0 or len(raw) >= 32)


def _walk(root: Hash32, path: bytes, read: ReadNode) -> Iterable[tuple[Node, bytes]]:
    """Every node on the way, each with what is left of the path."""
    reference: Any = b"" if root == EMPTY_TRIE_ROOT else root
    while reference != b"":
        node = reference if isinstance(reference, list) else read(reference)
        yield node, path
        if len(node) == 17:
            reference, path = node[path[0]], path[1:]
            continue
        prefix, is_leaf = _decode_path(node[0])
        if is_leaf or not path.startswith(prefix):
            return
        reference, path = node[1], path[len(prefix) :]


def items_from(root: Hash32, start: bytes, read: ReadNode) -> Iterator[tuple[bytes, bytes]]:
    """Every key from `start` on, in order, with its value. Reads no more of the trie than is asked of it."""
    return _items_from(b"" if root == EMPTY_TRIE_ROOT else root, b"", _nibbles(start), read)


def _items_from(reference: Any, path: bytes, start: bytes, read: ReadNode) -> Iterator[tuple[bytes, bytes]]:
    if reference == b"" or path < start[: len(path)]:
        return
    node = reference if isinstance(reference, list) else read(reference)
    if len(node) == 17:
        for nibble in range(16):
            yield from _items_from(node[nibble], path + bytes((nibble,)), start, read)
        return
    prefix, is_leaf = _decode_path(node[0])
    path += prefix
    if not is_leaf:
        yield from _items_from(node[1], path, start, read)
    elif path >= start:
        yield bytes.fromhex(path.translate(_DIGITS).decode("ascii")), node[1]


# CHANGE


def update(
    root: Hash32, changes: Mapping[bytes, bytes], read: ReadNode, created: dict[Hash32, tuple[bytes, Node]]
) -> Hash32:
    """Set every key of `changes` (b"" deletes it); returns the new root.

    New nodes are added to `created` as (encoded, decoded). They include no node that was there before, so keeping them
    all keeps every older root readable.
    """
    if not changes:
        return root
    items = sorted((_nibbles(key), value) for key, value in changes.items())
    top = None if root == EMPTY_TRIE_ROOT else _read(root, read, created)
    node = _merge(top, items, read, created)
    if node is None:
        return EMPTY_TRIE_ROOT
    encoded = _encode(node)
    new_root = keccak(encoded)
    created[new_root] = (encoded, node)
    return new_root


def ordered_root(values: Iterable[bytes]) -> Hash32:
    """The root of the trie of a list: transactions, receipts, withdrawals."""
    changes = {rlp_encode(int_bytes(index)): value for index, value in enumerate(values)}
    return update(EMPTY_TRIE_ROOT, changes, no_nodes, {})


def _read(reference: Any, read: ReadNode, created: dict[Hash32, tuple[bytes, Node]]) -> Node | None:
    if reference == b"":
        return None
    if isinstance(reference, list):
        return reference
    made = created.get(reference)
    return made[1] if made is not None else read(reference)


def _merge(node: Node | None, items: _Items, read: ReadNode, created: dict[Hash32, tuple[bytes, Node]]) -> Node | None:
    if node is None:
        return _build([item for item in items if item[1]], created)
    if len(node) == 17:
        return _merge_branch(node, items, read, created)
    path, is_leaf = _decode_path(node[0])
    if is_leaf:
        if len(items) == 1 and items[0][0] == path:
            return [node[0], items[0][1]] if items[0][1] else None
        if all(item[0] != path for item in items):
            items = sorted([*items, (path, node[1])])
        return _build([item for item in items if item[1]], created)
    shared = min(_shared(path, item[0]) for item in items)
    below = [(item[0][shared:], item[1]) for item in items]
    if shared == len(path):
        return _extend(path, _merge(_read(node[1], read, created), below, read, created), created)
    # The extension splits: what was below it hangs off a new branch, beside the new keys.
    branch: Node = [b""] * 17
    rest = path[shared + 1 :]
    branch[path[shared]] = _reference([_encode_path(rest, is_leaf=False), node[1]], created) if rest else node[1]
    return _extend(path[:shared], _merge_branch(branch, below, read, created), created)


def _merge_branch(node: Node, items: _Items, read: ReadNode, created: dict[Hash32, tuple[bytes, Node]]) -> Node | None:
    branch = list(node)
    changed: dict[int, Node | None] = {}
    for nibble, below in _groups(items):
        changed[nibble] = _merge(_read(branch[nibble], read, created), below, read, created)
    kept = [(nibble, child) for nibble, child in changed.items() if child is not None]
    if len(kept) == len(changed):  # nothing was deleted, so it stays a branch
        for nibble, node in kept:
            branch[nibble] = _reference(node, created)
        return branch
    for nibble, child in changed.items():
        branch[nibble] = child if child is None else b"?"
    remaining = [nibble for nibble in range(16) if branch[nibble] is not None and branch[nibble] != b""]
    if not remaining:
        return None
    if len(remaining) == 1:
        only = remaining[0]
        child = changed[only] if only in changed else _read(branch[only], read, created)
        return _extend(bytes((only,)), child, created)
    for nibble, child in changed.items():
        branch[nibble] = b"" if child is None else _reference(child, created)
    return branch


def _build(items: _Items, created: dict[Hash32, tuple[bytes, Node]]) -> Node | None:
    """A trie of sorted items, from nothing."""
    if not items:
        return None
    if len(items) == 1:
        return [_encode_path(items[0][0], is_leaf=True), items[0][1]]
    shared = _shared(items[0][0], items[-1][0])
    if shared:
        return _extend(
            items[0][0][:shared], _build([(path[shared:], value) for path, value in items], created), created
        )
    branch: Node = [b""] * 17
    for nibble, below in _groups(items):
        child = _build(below, created)
        assert child is not None
        branch[nibble] = _reference(child, created)
    return branch


def _groups(items: _Items) -> Iterable[tuple[int, _Items]]:
    """Sorted items by their first nibble, without it."""
    at = 0
    while at < len(items):
        nibble = items[at][0][0]
        end = at
        while end < len(items) and items[end][0][0] == nibble:
            end += 1
        yield nibble, [(path[1:], value) for path, value in items[at:end]]
        at = end


def _extend(prefix: bytes, child: Node | None, created: dict[Hash32, tuple[bytes, Node]]) -> Node | None:
    if child is None or not prefix:
        return child
    if len(child) == 17:
        return [_encode_path(prefix, is_leaf=False), _reference(child, created)]
    path, is_leaf = _decode_path(child[0])
    return [_encode_path(prefix + path, is_leaf=is_leaf), child[1]]


def _encode(node: Node) -> bytes:
    # Most nodes of a large trie are branches of hashes and gaps, whose encodings are known.
    items = [b"\xa0" + item if len(item) == 32 else rlp_encode(item) if item else b"\x80" for item in node]
    return rlp_list(items)


def _reference(node: Node, created: dict[Hash32, tuple[bytes, Node]]) -> Any:
    """How a parent names its child: the node itself if it is short, else its hash."""
    encoded = _encode(node)
    if len(encoded) < 32:
        return node
    node_hash = keccak(encoded)
    created[node_hash] = (encoded, node)
    return node_hash


# PATHS: bytes of one nibble each, and their compact encoding


def _nibbles(key: bytes) -> bytes:
    return key.hex().encode("ascii").translate(_NIBBLES)


def _shared(one: bytes, other: bytes) -> int:
    length = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        length += 1
    return length


def _encode_path(path: bytes, *, is_leaf: bool) -> bytes:
    flag = 2 if is_leaf else 0
    flags = bytes((flag + 1,)) if len(path) % 2 else bytes((flag, 0))
    return bytes.fromhex((flags + path).translate(_DIGITS).decode("ascii"))


def _decode_path(encoded: bytes) -> tuple[bytes, bool]:
    path = _nibbles(encoded)
    return path[2 - path[0] % 2 :], path[0] >= 2
