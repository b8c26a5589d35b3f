"""Signed heads: checkpoints (C2SP tlog-checkpoint) in signed notes (C2SP signed-note) with Ed25519. No Django."""

import base64
import binascii
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"
DASH = "\u2014"


class BadNote(ValueError):
    """A note is malformed, or not signed by the key."""


@dataclass(frozen=True)
class VerifierKey:
    """The public key in its written form, ``name+hash+base64``."""

    name: str
    public: bytes

    @property
    def hash(self) -> bytes:
        """Four bytes that tell keys of one name apart."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.hash.hex()}+{base64.b64encode(ED25519 + self.public).decode()}"

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        """Read ``name+hash+base64``; raises BadNote."""
        name, _, rest = text.strip().partition("+")
        digest, _, encoded = rest.partition("+")
        try:
            content = base64.b64decode(encoded, validate=True)
        except binascii.Error as error:
            raise BadNote("The verifier key is not base64.") from error
        key = cls(name, content[1:])
        if content[:1] != ED25519 or len(content) != 33 or key.hash.hex() != digest:
            raise BadNote("This is not a verifier key of the form name+hash+base64.")
        return key

    def open(self, note: str) -> str:
        """Return the text of a note that this key signed; raises BadNote."""
        text, _, signatures = note.rpartition("\n\n")
        text += "\n"
        for line in signatures.splitlines():
            dash, _, rest = line.partition(" ")
            name, _, encoded = rest.partition(" ")
            if dash != DASH or name != self.name:
                continue
            try:
                content = base64.b64decode(encoded, validate=True)
                if content[:4] == self.hash:
                    Ed25519PublicKey.from_public_bytes(self.public).verify(content[4:], text.encode())
                    return text
            except (binascii.Error, InvalidSignature) as error:
                raise BadNote("The signature of the note is wrong.") from error
        raise BadNote("The note is not signed by this key.")


@dataclass(frozen=True)
class SigningKey:
    """The private key of the sealer."""

    name: str
    seed: bytes

    @property
    def verifier(self) -> VerifierKey:
        public = Ed25519PrivateKey.from_private_bytes(self.seed).public_key()
        return VerifierKey(self.name, public.public_bytes_raw())

    def sign(self, text: str) -> str:
        """Return ``text``, which ends in a newline, as a signed note."""
        signature = Ed25519PrivateKey.from_private_bytes(self.seed).sign(text.encode())
        encoded = base64.b64encode(self.verifier.hash + signature).decode()
        return f"{text}\n{DASH} {self.name} {encoded}\n"


@dataclass(frozen=True)
class Checkpoint:
    """A head: which log, how many leaves, the root, and when it was sealed (an extension line)."""

    origin: str
    size: int
    root: bytes
    sealed_at: str = ""

    def text(self) -> str:
        """Return the text that is signed."""
        lines = [self.origin, str(self.size), base64.b64encode(self.root).decode()]
        return "".join(f"{line}\n" for line in [*lines, *filter(None, [self.sealed_at])])

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Read the text of a note; raises BadNote."""
        lines = text.split("\n")
        try:
            origin, size, root = lines[0], int(lines[1]), base64.b64decode(lines[2], validate=True)
        except (IndexError, ValueError) as error:
            raise BadNote("This is not a checkpoint: name of the log, size and root, a line each.") from error
        if len(root) != 32 or size < 0:
            raise BadNote("The root of a checkpoint has 32 bytes, and its size is not negative.")
        return cls(origin, size, root, lines[3])


def open_head(note: str, key: VerifierKey) -> Checkpoint:
    """Return the checkpoint that ``key`` signed; raises BadNote, also for another log's name."""
    head = Checkpoint.parse(key.open(note))
    if head.origin != key.name:
        raise BadNote(f"The head is of the log {head.origin!r}, not of {key.name!r}.")
    return head


def load_or_make(path: Path, name: str) -> SigningKey:
    """Return the key of ``path``; made at random on first use (0600), with its verifier key beside it (``.pub``)."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = SigningKey(name, os.urandom(32))
        written = "+".join(
            [
                "PRIVATE",
                "KEY",
                name,
                fresh.verifier.hash.hex(),
                base64.b64encode(ED25519 + fresh.seed).decode(),
            ]
        )
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return load_or_make(path, name)
        with os.fdopen(descriptor, "w") as file:
            file.write(written + "\n")
    *_, kept_name, _, encoded = path.read_text().strip().split("+", 4)
    key = SigningKey(kept_name, base64.b64decode(encoded)[1:])
    public = public_file(path)
    if not public.exists():
        public.write_text(f"{key.verifier}\n")
    return key


def public_file(path: Path) -> Path:
    """Return where the verifier key of a key file is written."""
    return path.with_name(path.name + ".pub")


def verifier_of(path: Path) -> VerifierKey | None:
    """Return the verifier key beside a key file, or None where this machine has none."""
    public = public_file(path)
    return VerifierKey.parse(public.read_text()) if public.exists() else None
