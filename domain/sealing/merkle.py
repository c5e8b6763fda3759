"""RFC 6962 Merkle tree hash over a list of leaves, grown leaf by leaf, with proofs of inclusion and consistency.

A `Frontier` is all that a tree needs to grow: the roots of its perfect subtrees, one for each bit of its size. Proofs
about leaves that came after a frontier need that frontier and those leaves only, whatever lies before.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

HASH_BYTES = 32


def leaf_hash(leaf: bytes) -> bytes:
    return sha256(b"\x00" + leaf).digest()


def _node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """MTH(D[n]) of RFC 6962 section 2.1: split at the largest power of two below n; an odd node rises unchanged."""
    if not leaves:
        return sha256(b"").digest()
    level = [leaf_hash(leaf) for leaf in leaves]
    while len(level) > 1:
        paired = [_node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = paired + level[len(paired) * 2 :]
    return level[0]


@dataclass(frozen=True)
class Frontier:
    """A tree of `size` leaves as the roots of its perfect subtrees, the largest first."""

    size: int = 0
    roots: tuple[bytes, ...] = ()

    def grown(self, leaf_hashes: Iterable[bytes]) -> "Frontier":
        """The tree with more leaves; each costs two hashes at most on average."""
        size, roots = self.size, list(self.roots)
        for hashed in leaf_hashes:
            right, carry = hashed, size
            while carry & 1:
                right = _node_hash(roots.pop(), right)
                carry >>= 1
            roots.append(right)
            size += 1
        return Frontier(size, tuple(roots))

    def root(self) -> bytes:
        if not self.roots:
            return sha256(b"").digest()
        *lefts, root = self.roots
        for left in reversed(lefts):
            root = _node_hash(left, root)
        return root

    def to_bytes(self) -> bytes:
        return b"".join(self.roots)


def frontier_from_bytes(size: int, data: bytes) -> Frontier:
    """Raises ValueError where the bytes cannot be the roots of a tree of this size."""
    if len(data) != HASH_BYTES * size.bit_count():
        raise ValueError(f"a tree of {size} leaves has {size.bit_count()} perfect subtrees, not {len(data)} bytes")
    return Frontier(size, tuple(data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)))


# --- proofs ---------------------------------------------------------------------------------------------------------


def inclusion_path(start: Frontier, leaf_hashes: Sequence[bytes], index: int) -> list[bytes]:
    """PATH(index, D[n]) of RFC 6962 section 2.1.1, for a leaf among those that came after `start`."""
    n = start.size + len(leaf_hashes)
    assert start.size <= index < n
    subtree = _subtrees(start, leaf_hashes)
    path: list[bytes] = []
    first, last = 0, n
    while last - first > 1:
        middle = first + _split(last - first)
        if index < middle:
            path.append(subtree(middle, last))
            last = middle
        else:
            path.append(subtree(first, middle))
            first = middle
    return path[::-1]


def root_of_inclusion(hashed_leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that the path leads to (RFC 9162 section 2.1.3.2); None where it has the wrong length."""
    if not 0 <= index < size:
        return None
    node, last, root = index, size - 1, hashed_leaf
    for sibling in path:
        if last == 0:
            return None
        if node & 1 or node == last:
            root = _node_hash(sibling, root)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            root = _node_hash(root, sibling)
        node, last = node >> 1, last >> 1
    return root if last == 0 else None


def consistency_path(start: Frontier, leaf_hashes: Sequence[bytes], old_size: int) -> list[bytes]:
    """PROOF(old_size, D[n]) of RFC 6962 section 2.1.2, for an old size that is not before `start`."""
    n = start.size + len(leaf_hashes)
    assert max(1, start.size) <= old_size <= n
    subtree = _subtrees(start, leaf_hashes)
    path: list[bytes] = []
    first, last, whole = 0, n, True
    while old_size != last:
        middle = first + _split(last - first)
        if old_size <= middle:
            path.append(subtree(middle, last))
            last = middle
        else:
            path.append(subtree(first, middle))
            first, whole = middle, False
    return path[::-1] if whole else [subtree(first, last), *path[::-1]]


def is_consistent(old_size: int, old_root: bytes, size: int, root: bytes, path: Sequence[bytes]) -> bool:
    """Whether the tree of `size` leaves begins with the tree of `old_size` (RFC 9162 section 2.1.4.2)."""
    if not 0 < old_size <= size:
        return False
    if old_size == size:
        return not path and old_root == root
    hashes = list(path) if old_size & (old_size - 1) else [old_root, *path]
    if not hashes:
        return False
    node, last = old_size - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = _node_hash(sibling, old), _node_hash(sibling, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = _node_hash(new, sibling)
        node, last = node >> 1, last >> 1
    return (old, new, last) == (old_root, root, 0)


def _split(n: int) -> int:
    """The largest power of two below n."""
    return 1 << (n - 1).bit_length() - 1


def _subtrees(start: Frontier, leaf_hashes: Sequence[bytes]) -> Callable[[int, int], bytes]:
    """MTH(D[first:last]), from the frontier where it lies before the leaves that we have."""
    known: dict[tuple[int, int], bytes] = {}
    offset, rest = 0, start.size
    for root in start.roots:
        width = 1 << rest.bit_length() - 1
        known[offset, offset + width] = root
        offset, rest = offset + width, rest - width

    def subtree(first: int, last: int) -> bytes:
        if (first, last) in known:
            return known[first, last]
        if last - first == 1:
            return leaf_hashes[first - start.size]
        middle = first + _split(last - first)
        return _node_hash(subtree(first, middle), subtree(middle, last))

    return subtree
