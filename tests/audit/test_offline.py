"""The stand-alone verifier: RFC 8032's vectors, agreement with another implementation, and proofs of a real log."""

import ast
import importlib.util
import json
import sys
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings as project_settings
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from apps.audit import proofs, tree
from apps.audit.models import Event, Seal
from apps.projects import services as projects

SCRIPT = Path(project_settings.BASE_DIR) / "docs" / "mlgov_verify.py"
spec = importlib.util.spec_from_file_location("mlgov_verify", SCRIPT)
script = importlib.util.module_from_spec(spec)
spec.loader.exec_module(script)

#: RFC 8032, section 7.1: public key, message, signature.
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]


@pytest.mark.promise("13")
def test_it_needs_the_standard_library_alone():
    imported = set()
    for node in ast.walk(ast.parse(SCRIPT.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module.split(".")[0])
    assert imported <= sys.stdlib_module_names


@pytest.mark.parametrize(("public", "message", "signature"), VECTORS)
def test_signatures_of_the_standard(public, message, signature):
    key, text, signed = (bytes.fromhex(value) for value in (public, message, signature))
    assert script.ed25519_verify(key, text, signed)
    assert not script.ed25519_verify(key, text + b"x", signed)
    assert not script.ed25519_verify(key, text, signed[:32] + bytes(32))
    assert not script.ed25519_verify(key, text, signed[:-1])


@effort(max_examples=20, deadline=None)
@given(st.binary(max_size=80), st.binary(min_size=32, max_size=32), st.integers(0, 511))
def test_it_agrees_with_cryptography(message, seed, bit):
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public = private.public_key()
    signature = private.sign(message)
    assert script.ed25519_verify(public.public_bytes_raw(), message, signature)
    damaged = bytearray(signature)
    damaged[bit // 8] ^= 1 << bit % 8
    with pytest.raises(InvalidSignature):
        public.verify(bytes(damaged), message)
    assert not script.ed25519_verify(public.public_bytes_raw(), message, bytes(damaged))


def test_a_signature_with_a_scalar_beyond_the_order_is_refused():
    private = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
    signature = private.sign(b"x")
    scalar = int.from_bytes(signature[32:], "little") + script.ORDER
    malleable = signature[:32] + scalar.to_bytes(32, "little")
    assert not script.ed25519_verify(private.public_key().public_bytes_raw(), b"x", malleable)


@pytest.fixture
def proved(project, ada, seal, tmp_path, sealing):
    """A proof file of a log of some forty records."""
    for number in range(40):
        projects.change_project(project, by=ada, name=f"n{number}")
    seal()
    document = proofs.proof_file(Event.objects.order_by("id")[20])
    path = tmp_path / "proof.json"
    path.write_text(json.dumps(document))
    return document, path, str(sealing.verifier)


@pytest.mark.promise("13")
def test_a_proof_verifies_offline(proved, settings, capsys):
    _, path, key = proved
    assert script.main([str(path), f"--key={key}", f"--heads={settings.AUDIT_HEADS_FILE}"]) == 0
    assert "VERIFIED: The record is in the log" in capsys.readouterr().out
    assert script.main([str(path), "--json"]) == 0
    assert "own key was believed" in json.loads(capsys.readouterr().out)["warnings"][0]


@pytest.mark.promise("13")
@pytest.mark.parametrize(
    "damage",
    [
        lambda d: d | {"leaf": d["leaf"].replace('"Ada"', '"Eve"')},
        lambda d: d | {"leaf": d["leaf"] + " "},
        lambda d: d | {"index": d["index"] + 1},
        lambda d: d | {"size": d["size"] - 1},
        lambda d: d | {"path": d["path"][:-1]},
        lambda d: d | {"path": [*d["path"], d["path"][0]]},
        lambda d: d | {"head": d["head"].replace(f"\n{d['size']}\n", f"\n{d['size'] + 1}\n")},
        lambda d: d | {"head": "x\n1\n\n\u2014 x y\n"},
        lambda d: d | {"path": 3},
        lambda d: {"format": "mlgov.proof/1"},
    ],
)
def test_a_damaged_proof_does_not(proved, damage):
    document, path, key = proved
    path.write_text(json.dumps(damage(document)))
    assert script.main([str(path), f"--key={key}"]) in {1, 2}


def test_another_key_or_another_head_does_not(proved, tmp_path, capsys):
    _, path, key = proved
    assert (
        script.main([str(path), "--key=PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"])
        == 1
    )
    (tmp_path / "other.log").write_text("")
    assert script.main([str(path), f"--key={key}", f"--heads={tmp_path / 'other.log'}"]) == 1
    assert "not among the exported heads" in capsys.readouterr().out
    assert script.main([str(tmp_path / "none.json")]) == 2


def test_a_head_by_itself(proved, tmp_path, capsys):
    document, _, key = proved
    path = tmp_path / "head.txt"
    path.write_text(document["head"])
    assert script.main([str(path), f"--key={key}"]) == 0
    assert script.main([str(path)]) == 1


def test_every_record_of_a_large_log_has_a_proof_and_each_head_grew_out_of_the_last(project, ada, seal):
    roots = {}
    for step in range(3):
        for number in range(95):
            projects.change_project(project, by=ada, name=f"{step} {number}")
        seal()
        newest = proofs.newest_seal()
        roots[newest.size] = bytes(newest.root)
    size = max(roots)
    events = list(Event.objects.all())
    tiles = proofs.Tiles()
    for event in events[::17]:
        index, path = proofs.inclusion_proof(event, size, tiles=tiles)
        tree.check_inclusion(bytes.fromhex(event.leaf_hash), index, size, path, roots[size])
    for old in roots:
        tree.check_consistency(old, size, roots[old], roots[size], proofs.consistency_proof(old, size))


def test_a_proof_reads_few_rows(proved, django_assert_max_num_queries):
    event = Event.objects.order_by("id")[20]
    with django_assert_max_num_queries(6):
        proofs.inclusion_proof(event, Seal.objects.latest("size").size)


def test_what_is_not_sealed_has_no_proof(project):
    with pytest.raises(proofs.NotSealed):
        proofs.proof_file(Event.objects.first())
