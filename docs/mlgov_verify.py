#!/usr/bin/env python3
"""Verify what mlgov hands out, offline, with nothing but Python's standard library (3.9 or newer).

    python mlgov_verify.py FILE [--key NAME+HASH+BASE64] [--heads heads.log] [--json]

FILE is a proof (.json), a signed record (.json), an export of the audit trail with proofs (.jsonl), a head (.txt), or an
evidence pack (.zip). Give the key that the operator published: without it the key inside the file is used, and the file
could have been made by anybody. With --heads (the sealer's exported heads) the file's head must be one of them.
Exit status: 0 verified, 1 not, 2 cannot be read.

What it shows: the signature on the head is the log's; each record is in the log at the stated place, unchanged; what an
evidence pack holds is what its manifest lists. What it cannot show: that what people wrote was true.
"""

import argparse
import base64
import hashlib
import json
import math
import sys
import zipfile
from pathlib import Path

# Ed25519, RFC 8032, section 5.1: the curve -x^2 + y^2 = 1 + d x^2 y^2 over the field of 2^255 - 19.
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)
LARGEST = 512 * 1024 * 1024


class NotVerified(Exception):
    """What was checked does not hold."""


def add(a, b):
    """Add two points in extended coordinates (section 5.1.4)."""
    left = (a[1] - a[0]) * (b[1] - b[0]) % P
    right = (a[1] + a[0]) * (b[1] + b[0]) % P
    c, z = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = right - left, z - c, z + c, right + left
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(scalar, point):
    """Multiply a point by a number."""
    total = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = add(total, point)
        point, scalar = add(point, point), scalar >> 1
    return total


def same(a, b):
    """Tell whether two points are one."""
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def point_of(encoded):
    """Decode 32 bytes (section 5.1.3); None when they are no point."""
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_1 % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


BASE = point_of((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def ed25519_verify(public, message, signature):
    """Tell whether ``signature`` (64 bytes) over ``message`` is by ``public`` (32 bytes), section 5.1.7."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, commitment = point_of(public), point_of(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or commitment is None or scalar >= ORDER:
        return False
    challenge = hashlib.sha512(signature[:32] + public + message).digest()
    challenge = int.from_bytes(challenge, "little") % ORDER
    return same(multiply(scalar, BASE), add(commitment, multiply(challenge, key)))


def open_head(note, key):
    """Return (size, root, when) of a signed head (C2SP signed-note and tlog-checkpoint); raises NotVerified."""
    name, _, rest = key.strip().partition("+")
    digest, _, encoded = rest.partition("+")
    content = base64.b64decode(encoded)
    known = hashlib.sha256(name.encode() + b"\n" + content).digest()[:4]
    if content[:1] != b"\x01" or len(content) != 33 or known.hex() != digest:
        raise NotVerified("The verifier key is not of the form name+hash+base64.")
    text, _, signatures = note.rpartition("\n\n")
    text += "\n"
    for line in signatures.splitlines():
        parts = line.split(" ")
        if len(parts) == 3 and parts[0] == "\u2014" and parts[1] == name:
            signed = base64.b64decode(parts[2])
            if signed[:4] == known and ed25519_verify(content[1:], text.encode(), signed[4:]):
                lines = text.split("\n")
                if lines[0] != name:
                    raise NotVerified(f"The head is of the log {lines[0]}, not of {name}.")
                return int(lines[1]), base64.b64decode(lines[2]), lines[3]
    raise NotVerified("The head is not signed by this key.")


def root_of(leaf, index, size, path):
    """Return the root that an inclusion path leads to (RFC 9162, section 2.1.3.2); raises NotVerified."""
    if not 0 <= index < size:
        raise NotVerified(f"A tree of {size} leaves has no leaf {index}.")
    node, last, value = index, size - 1, hashlib.sha256(b"\x00" + leaf).digest()
    for sibling in path:
        if last == 0:
            raise NotVerified("The inclusion path is too long.")
        if node & 1 or node == last:
            value = hashlib.sha256(b"\x01" + sibling + value).digest()
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            value = hashlib.sha256(b"\x01" + value + sibling).digest()
        node, last = node >> 1, last >> 1
    if last:
        raise NotVerified("The inclusion path is too short.")
    return value


def number(value):
    """Return a number as ECMAScript writes it (RFC 8785, section 3.2.2.3)."""
    if isinstance(value, int):
        if abs(value) > 2**53 - 1:
            raise ValueError(f"{value} is too large for canonical JSON")
        return str(value)
    if not math.isfinite(value):
        raise ValueError(f"{value} has no canonical form")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = repr(abs(value)).lower().partition("e")
    whole, _, part = mantissa.partition(".")
    digits = (whole + part).lstrip("0")
    # Where the decimal point stands, counted from the first digit that is not zero.
    point = len(whole) + int(exponent or 0) - (len(whole + part) - len(digits))
    digits = digits.rstrip("0")
    if len(digits) <= point <= 21:
        text = digits + "0" * (point - len(digits))
    elif 0 < point <= 21:
        text = f"{digits[:point]}.{digits[point:]}"
    elif -6 < point <= 0:
        text = f"0.{'0' * -point}{digits}"
    else:
        power = point - 1
        tail = f".{digits[1:]}" if len(digits) > 1 else ""
        text = f"{digits[0]}{tail}e{'+' if power >= 0 else '-'}{abs(power)}"
    return sign + text


def canonical(value):
    """Return the canonical JSON of a value."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, (int, float)):
        return number(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return "[" + ",".join(canonical(one) for one in value) + "]"
    keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
    return "{" + ",".join(f"{canonical(key)}:{canonical(value[key])}" for key in keys) + "}"


def digest(value):
    """Return the SHA-256 of the canonical JSON."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


class Verifier:
    """Remembers the heads it opened: a file holds many proofs of one head."""

    def __init__(self, key, heads):
        self.key, self.heads, self.opened, self.said = key, heads, {}, []

    def head(self, note, key):
        """Return (size, root, when) of a head whose signature holds."""
        if note not in self.opened:
            if self.key is None:
                self.said.append(f"WARNING: no --key given; the file's own key was believed: {key}")
            if self.heads is not None and note not in self.heads:
                raise NotVerified("The head is not among the exported heads.")
            self.opened[note] = open_head(note, self.key or key)
        return self.opened[note]

    def proof(self, proof, head=None):
        """Verify one proof and return the record it is about."""
        note, key = head or (proof["head"], proof["key"])
        size, root, _ = self.head(note, key)
        path = [base64.b64decode(step) for step in proof["path"]]
        if proof["size"] != size or root_of(proof["leaf"].encode(), proof["index"], size, path) != root:
            raise NotVerified(
                f"Record at position {proof['index']} is not in the log that the head stands for."
            )
        return json.loads(proof["leaf"])

    def record(self, document):
        """Verify a signed record: its digests agree, and what it says is what the log says. Returns the event or None."""
        record = document["record"]
        for value, said, what in (
            (record["evidence"], record["evidence_digest"], "The evidence is not what was signed"),
            (
                record["policy"]["document"],
                record["policy"]["content_hash"],
                "The policy is not the revision named",
            ),
            (record, document["record_digest"], "The record was changed after it was made"),
        ):
            if digest(value) != said:
                raise NotVerified(f"{what}: its digest is another.")
        if document["proof"] is None:
            self.said.append(
                "WARNING: not sealed when it was made; that the signature was given is not proven."
            )
            return None
        event = self.proof(document["proof"])
        stated = {name: record[name] for name in ("approval", "role", "meaning", "comment")}
        for name, value in (stated | {"digest": record["evidence_digest"]}).items():
            if event["data"].get(name) != value:
                raise NotVerified(
                    f"The record says {name} = {value!r}, and the log says {event['data'].get(name)!r}."
                )
        if event["person_id"] != record["signer"]["id"]:
            raise NotVerified("The log names another signer than the record.")
        return event

    def lines(self, text, head):
        """Verify an audit extract, one JSON object a line; returns the records."""
        events, unsealed = [], 0
        for line in filter(None, text.split("\n")):
            entry = json.loads(line)
            if entry.get("head"):
                head = (entry["head"], entry["key"])
            elif entry.get("proof"):
                events.append(self.proof(entry["proof"], head))
            else:
                unsealed += 1
        if unsealed:
            self.said.append(
                f"WARNING: {unsealed} record(s) were not sealed when the file was made; they prove nothing."
            )
        return events

    def pack(self, path):
        """Verify an evidence pack: the manifest, every digest, every proof, and what the signatures were bound to."""
        with zipfile.ZipFile(path) as pack:
            names = [entry.filename for entry in pack.infolist()]
            if sum(entry.file_size for entry in pack.infolist()) > LARGEST:
                raise NotVerified("The pack is larger than this script reads.")
            if len(set(names)) != len(names):
                raise NotVerified("The pack holds a name twice.")
            files = {name: pack.read(name) for name in names}
        manifest = json.loads(files.pop("manifest.json"))
        listed = {entry["path"]: entry for entry in manifest["files"]}
        if set(listed) != set(files):
            raise NotVerified(f"Not as listed: {', '.join(sorted(set(listed) ^ set(files)))}.")
        for name, content in sorted(files.items()):
            if hashlib.sha256(content).hexdigest() != listed[name]["sha256"]:
                raise NotVerified(f"{name} was changed after the pack was made.")
        head = None
        if manifest["head"]:
            head = (manifest["head"], manifest["key"])
            self.head(*head)
        else:
            self.said.append("WARNING: nothing was sealed when the pack was made.")
        events = self.lines(files["audit.jsonl"].decode(), head)
        self.manifest_is_logged(files, events)
        return len(files), len(events)

    def manifest_is_logged(self, files, events):
        """Hold snapshots, policies and signatures in the pack against the digests in sealed records."""
        digests = {event["data"].get("digest") for event in events}
        for name, content in files.items():
            digest = hashlib.sha256(content).hexdigest()
            if name.startswith("evidence/") and digest != Path(name).stem:
                raise NotVerified(f"{name} does not have the digest that it is named by.")
            if name.startswith("evidence/") and digest not in digests:
                self.said.append(f"WARNING: no sealed record in the pack names the evidence {digest[:12]}.")
        signed = {event["data"].get("approval"): event for event in events if event["data"].get("approval")}
        for name in (name for name in files if name.startswith("approvals/")):
            approval = json.loads(files[name])
            event = signed.get(approval["id"])
            if event is None:
                self.said.append(f"WARNING: the signature {approval['id']} has no sealed record in the pack.")
                continue
            for field in ("role", "meaning", "comment"):
                if event["data"].get(field) != approval[field]:
                    raise NotVerified(f"{name}: {field} is not what the log says.")
            if event["data"].get("digest") != approval["evidence_digest"]:
                raise NotVerified(f"{name} is bound to other evidence than the log says.")


def verify(path, verifier):
    """Verify a file by what it is and return a sentence."""
    if zipfile.is_zipfile(path):
        files, events = verifier.pack(path)
        return f"The pack holds its {files} files unchanged, and {events} sealed records."
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".jsonl":
        return f"{len(verifier.lines(text, None))} records are in the log."
    if not text.startswith("{"):
        if verifier.key is None:
            raise NotVerified("A head by itself needs --key.")
        size, _, when = verifier.head(text, verifier.key)
        return f"The head stands for {size} records, sealed {when}."
    document = json.loads(text)
    record = document.get("format", "").startswith("mlgov.record/")
    event = verifier.record(document) if record else verifier.proof(document)
    if event is None:
        return "The signed record agrees with itself: evidence, policy and statement have their digests."
    what = "The signed record is in the log" if record else "The record is in the log"
    return f"{what}: no. {event['id']}, {event['kind']} by {event['actor_label']}, {event['recorded_at']}."


def main(arguments=None):
    """Read the command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--key", help="the verifier key that the operator published")
    parser.add_argument("--heads", type=Path, help="the exported heads, one JSON object a line")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    options = parser.parse_args(arguments)
    try:
        heads = None
        if options.heads:
            heads = {
                json.loads(line)["note"] for line in options.heads.read_text(encoding="utf-8").splitlines()
            }
        verifier = Verifier(options.key, heads)
        sentence, status = verify(options.file, verifier), 0
        said = verifier.said
    except NotVerified as reason:
        sentence, status, said = f"NOT VERIFIED: {reason}", 1, []
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        IndexError,
        zipfile.BadZipFile,
    ) as error:
        sentence, status, said = f"This file cannot be read: {type(error).__name__}: {error}", 2, []
    if options.json:
        print(json.dumps({"verified": status == 0, "sentence": sentence, "warnings": said}))
    else:
        print("\n".join([*said, sentence if status else f"VERIFIED: {sentence}"]))
    return status


if __name__ == "__main__":
    sys.exit(main())
