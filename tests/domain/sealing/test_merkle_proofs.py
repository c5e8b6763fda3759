"""The tree and its proofs against the vectors of Certificate Transparency and the recursive text of RFC 6962."""

from hashlib import sha256

import pytest

from domain.sealing.merkle import (
    Frontier,
    consistency_path,
    frontier_from_bytes,
    inclusion_path,
    is_consistent,
    leaf_hash,
    merkle_root,
    root_of_inclusion,
)

# certificate-transparency, merkletree/merkle_tree_test.cc: eight leaves, the root after each.
LEAVES = [
    bytes.fromhex(leaf)
    for leaf in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
MANY = [bytes([n]) * 3 for n in range(70)]
HASHES = [leaf_hash(leaf) for leaf in MANY]


def head(leaves: list[bytes]) -> bytes:
    """MTH as the RFC writes it."""
    if len(leaves) < 2:
        return sha256(b"\x00" + leaves[0]).digest() if leaves else sha256(b"").digest()
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return sha256(b"\x01" + head(leaves[:k]) + head(leaves[k:])).digest()


def path(m: int, leaves: list[bytes]) -> list[bytes]:
    """PATH(m, D[n]) as the RFC writes it."""
    if len(leaves) == 1:
        return []
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return [*path(m, leaves[:k]), head(leaves[k:])] if m < k else [*path(m - k, leaves[k:]), head(leaves[:k])]


def proof(m: int, leaves: list[bytes], whole: bool = True) -> list[bytes]:
    """SUBPROOF(m, D[n], b) as the RFC writes it."""
    if m == len(leaves):
        return [] if whole else [head(leaves)]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    if m <= k:
        return [*proof(m, leaves[:k], whole), head(leaves[k:])]
    return [*proof(m - k, leaves[k:], False), head(leaves[:k])]


def test_the_roots_of_certificate_transparency() -> None:
    tree = Frontier()
    for n, (leaf, root) in enumerate(zip(LEAVES, ROOTS, strict=True), start=1):
        tree = tree.grown([leaf_hash(leaf)])
        assert tree.root().hex() == root == merkle_root(LEAVES[:n]).hex()


def test_an_empty_tree_has_the_hash_of_nothing() -> None:
    assert Frontier().root() == merkle_root([]) == sha256(b"").digest()


@pytest.mark.parametrize("n", range(1, 71))
def test_a_tree_grows_in_any_steps_and_is_read_back(n: int) -> None:
    for step in (1, 7, 32):
        tree = Frontier()
        for first in range(0, n, step):
            tree = frontier_from_bytes(tree.size, tree.to_bytes()).grown(HASHES[first : min(first + step, n)])
        assert (tree.size, tree.root()) == (n, head(MANY[:n]))


def test_a_frontier_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="2 perfect subtrees"):
        frontier_from_bytes(5, b"\x00" * 32)


@pytest.mark.parametrize("n", [*range(1, 20), 33, 64, 70])
def test_inclusion_from_any_start(n: int) -> None:
    for start in {0, n // 3, n - 1}:
        before = Frontier().grown(HASHES[:start])
        for index in range(start, n):
            proven = inclusion_path(before, HASHES[start:n], index)
            assert proven == path(index, MANY[:n])
            assert root_of_inclusion(HASHES[index], index, n, proven) == head(MANY[:n])


@pytest.mark.parametrize("n", [2, 3, 7, 8, 13, 64, 70])
def test_a_proof_holds_for_its_leaf_and_place_only(n: int) -> None:
    root = head(MANY[:n])
    for index in range(n):
        proven = inclusion_path(Frontier(), HASHES[:n], index)
        assert root_of_inclusion(HASHES[(index + 1) % n], index, n, proven) != root
        assert root_of_inclusion(HASHES[index], (index + 1) % n, n, proven) != root
        assert root_of_inclusion(HASHES[index], index, n, proven[:-1]) != root
        assert root_of_inclusion(HASHES[index], index, n, [*proven, root]) != root
    assert root_of_inclusion(HASHES[0], n, n, []) is None


@pytest.mark.parametrize("n", [*range(1, 20), 33, 64, 70])
def test_consistency_from_any_start(n: int) -> None:
    for old in range(1, n + 1):
        for start in {0, old // 2, old}:
            proven = consistency_path(Frontier().grown(HASHES[:start]), HASHES[start:n], old)
            assert proven == proof(old, MANY[:n])
            assert is_consistent(old, head(MANY[:old]), n, head(MANY[:n]), proven)


@pytest.mark.parametrize("n", [2, 3, 8, 13, 70])
def test_another_history_is_not_consistent(n: int) -> None:
    for old in range(1, n):
        proven = consistency_path(Frontier(), HASHES[:n], old)
        forged = head([b"forged", *MANY[1:old]])
        assert not is_consistent(old, forged, n, head(MANY[:n]), proven)
        assert not is_consistent(old, head(MANY[:old]), n, head([*MANY[: n - 1], b"forged"]), proven)
        assert not is_consistent(old, head(MANY[:old]), n, head(MANY[:n]), proven[:-1])
    assert not is_consistent(n, head(MANY[:n]), n, head(MANY[: n - 1]), [])
    assert not is_consistent(0, head([]), n, head(MANY[:n]), [])
