"""The tree against the vectors of the Certificate Transparency reference, a naive tree, and damaged proofs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.audit import tree

#: certificate-transparency-go, merkle/testonly: the eight leaves, and the roots after each.
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
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
#: (index, size, path), the same source; indices there count from one.
INCLUSION = [
    (0, 1, []),
    (
        0,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        5,
        8,
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (
        1,
        5,
        [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
]
CONSISTENCY = [
    (1, 1, []),
    (
        1,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        6,
        8,
        [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (
        2,
        5,
        [
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
]


def hashes(count: int) -> list[bytes]:
    return [tree.hash_leaf(str(number).encode()) for number in range(count)]


def naive(leaves: list[bytes]) -> bytes:
    """MTH as section 2.1 of RFC 6962 writes it."""
    if len(leaves) < 2:
        return leaves[0] if leaves else tree.EMPTY_ROOT
    half = 1 << ((len(leaves) - 1).bit_length() - 1)
    return tree.hash_children(naive(leaves[:half]), naive(leaves[half:]))


def nodes_of(leaves: list[bytes]):
    def node(level: int, index: int) -> bytes:
        part = leaves[index << level : (index + 1) << level]
        assert len(part) == 1 << level, "only complete subtrees have a name"
        return naive(part)

    return node


REFERENCE = [tree.hash_leaf(bytes.fromhex(leaf)) for leaf in LEAVES]


def test_roots_of_the_reference():
    frontier = tree.Frontier()
    assert frontier.root().hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    for leaf, root in zip(REFERENCE, ROOTS, strict=True):
        frontier.add(leaf)
        assert frontier.root().hex() == root


@pytest.mark.parametrize(("index", "size", "path"), INCLUSION)
def test_inclusion_of_the_reference(index, size, path):
    made = tree.inclusion_path(index, size, nodes_of(REFERENCE))
    assert [step.hex() for step in made] == path
    tree.check_inclusion(REFERENCE[index], index, size, made, bytes.fromhex(ROOTS[size - 1]))


@pytest.mark.parametrize(("old", "new", "path"), CONSISTENCY)
def test_consistency_of_the_reference(old, new, path):
    made = tree.consistency_path(old, new, nodes_of(REFERENCE))
    assert [step.hex() for step in made] == path
    tree.check_consistency(old, new, bytes.fromhex(ROOTS[old - 1]), bytes.fromhex(ROOTS[new - 1]), made)


@given(st.data())
def test_every_proof_holds_and_every_damaged_one_fails(data):
    size = data.draw(st.integers(1, 600))
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size))
    leaves = hashes(size)
    root, old_root = naive(leaves), naive(leaves[:old])
    path = tree.inclusion_path(index, size, nodes_of(leaves))
    tree.check_inclusion(leaves[index], index, size, path, root)
    grown = tree.consistency_path(old, size, nodes_of(leaves))
    tree.check_consistency(old, size, old_root, root, grown)
    flipped = bytes([root[0] ^ 1]) + root[1:]
    with pytest.raises(tree.BadProof):
        tree.check_inclusion(leaves[index], index, size, path, flipped)
    with pytest.raises(tree.BadProof):
        tree.check_inclusion(leaves[index], index, size, [*path, root], root)
    if old:
        with pytest.raises(tree.BadProof):
            tree.check_consistency(old, size, old_root, flipped, grown)
    if path:
        at = data.draw(st.integers(0, len(path) - 1))
        with pytest.raises(tree.BadProof):
            tree.check_inclusion(leaves[index], index, size, path[:at] + path[at + 1 :], root)


@given(st.integers(0, 1500))
def test_a_frontier_goes_on_where_it_stopped(size):
    leaves, begun = hashes(size), tree.Frontier()
    kept = [node for leaf in leaves for node in begun.add(leaf)]
    assert begun.root() == naive(leaves)
    assert {(node.level, node.index) for node in kept} == {(8, at) for at in range(size // 256)}
    assert all(node.hash == nodes_of(leaves)(node.level, node.index) for node in kept)
    assert tree.Frontier.of(size, nodes_of(leaves)) == begun


def test_what_lies_outside_has_no_proof():
    with pytest.raises(ValueError, match="no leaf 3"):
        tree.inclusion_path(3, 3, nodes_of(hashes(3)))
    with pytest.raises(ValueError, match="did not grow"):
        tree.consistency_path(4, 3, nodes_of(hashes(3)))
    with pytest.raises(tree.BadProof):
        tree.check_inclusion(b"", 4, 3, [], b"")
    with pytest.raises(tree.BadProof):
        tree.check_consistency(0, 3, b"x" * 32, b"", [])
    with pytest.raises(tree.BadProof):
        tree.check_consistency(5, 3, b"", b"", [b""])
