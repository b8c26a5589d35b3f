#!/usr/bin/env python3
"""Check a signature record of mlgov offline, with the standard library alone.

    python3 verify_record.py record.json [--evidence SHA-256]

Recomputes the digest of the evidence document, of the policy and of the whole record from their canonical JSON
(RFC 8785), and compares the verdict's gate state. Exit status 0 when all agree, 1 when something does not, 2 when the
file is no record. It cannot tell who signed: that the record is the one of the audit log is what ``proof`` shows.
"""

import argparse
import hashlib
import json
import math
import sys
from pathlib import Path
from typing import Any

FORMAT = "mlgov signature record 1"
LARGEST = 2**53 - 1


def number(value: float) -> str:
    """Return a number as ECMAScript writes it (RFC 8785, section 3.2.2.3)."""
    if isinstance(value, int):
        if abs(value) > LARGEST:
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


def canonical(value: Any) -> str:
    """Return the canonical JSON of a value."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int | float):
        return number(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return "[" + ",".join(canonical(one) for one in value) + "]"
    keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
    return "{" + ",".join(f"{canonical(key)}:{canonical(value[key])}" for key in keys) + "}"


def digest(value: Any) -> str:
    """Return the SHA-256 of the canonical JSON."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def faults(kept: dict[str, Any], evidence: str | None = None) -> list[str]:
    """Return what does not agree, as sentences."""
    record = kept["record"]
    found = []
    if digest(record) != kept["record_digest"]:
        found.append("The record was changed: its digest is another than record_digest.")
    if digest(record["evidence"]) != record["evidence_digest"]:
        found.append("The evidence is not what was signed: its digest is another than evidence_digest.")
    if digest(record["policy"]["document"]) != record["policy"]["content_hash"]:
        found.append("The policy is not the revision named: its digest is another than content_hash.")
    if evidence is not None and evidence != record["evidence_digest"]:
        found.append("The signature is bound to other evidence than the digest you gave.")
    if record["decision"] == "approve" and record["verdict"]["state"] != "pass":
        found.append("The gate did not pass when this was approved.")
    return found


def main() -> int:
    """Parse the command line, check, and say what was found."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("record", type=Path)
    parser.add_argument("--evidence", help="the digest that you expect to have been signed")
    options = parser.parse_args()
    try:
        kept = json.loads(options.record.read_text(encoding="utf-8"))
        if kept["record"]["format"] != FORMAT:
            raise ValueError(f"the format is {kept['record']['format']!r}")
        found = faults(kept, options.evidence)
    except (OSError, ValueError, KeyError, TypeError):
        return 2
    for _sentence in found:
        pass
    if found:
        return 1
    record = kept["record"]
    record["signer"]
    return 0


if __name__ == "__main__":
    sys.exit(main())
