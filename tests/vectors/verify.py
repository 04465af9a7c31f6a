#!/usr/bin/env python3
"""Checks the golden vectors beside this file with a reader that was written from docs/protocol.md, not from the code.

    python3 tests/vectors/verify.py [FILE...]
    python3 tests/vectors/verify.py --corpus FOLDER     writes the inputs as files, one folder per fuzz target

Every valid vector must give the values it names, every other one must be refused with the code it names. It ends with counts,
and with status 1 when one vector did not do so.
"""

import json
import sys
from pathlib import Path
from time import monotonic

from haat import checks
from haat.cbor import Refused
from haat.shape import show

FOLDER = Path(__file__).resolve().parent


def outcome(vector):
    """What this reader says: the values, or the code of the refusal."""
    given = vector["input"]
    data = bytes.fromhex(given) if isinstance(given, str) else bytes.fromhex(given["hex"]) + bytes(given["zeros"])
    try:
        return {"expect": show(checks.ALL[vector["check"]](data, vector["context"]))}
    except Refused as refused:
        return {"refuse": refused.code}


def run(path, seen):
    """The counts of one file, and its faults."""
    valid, refused, faults = 0, 0, []
    for vector in json.loads(path.read_text(encoding="utf-8"))["vectors"]:
        name = f"{path.name}: {vector['name']}"
        if vector["name"] in seen:
            faults.append(f"{name}: the name stands twice")
        seen.add(vector["name"])
        wanted = {key: vector[key] for key in ("expect", "refuse") if key in vector}
        found = outcome(vector)
        if found != wanted or len(wanted) != 1:
            faults.append(f"{name}\n    wanted {json.dumps(wanted)[:600]}\n    found  {json.dumps(found)[:600]}")
        valid += "expect" in wanted
        refused += "refuse" in wanted
    return valid, refused, faults


# Checks whose fuzz target has another name, or another one beside it.
TARGETS = {"entry": ("entry", "payload"), "payload": ("entry", "payload"), "identity": ("chain",), "encrypted": ("sealed",)}


def corpus(folder):
    """Writes the inputs as files, one folder per fuzz target."""
    count = 0
    for path in sorted(FOLDER.glob("*.json")):
        for number, vector in enumerate(json.loads(path.read_text(encoding="utf-8"))["vectors"]):
            given = vector["input"]
            if not isinstance(given, str):
                continue
            data = bytes.fromhex(given)
            if vector["check"] == "body":
                # The target takes the place of the kind in the table from the first byte.
                data = bytes([sorted(checks.bodies.KINDS).index(vector["context"]["kind"])]) + data
            for target in TARGETS.get(vector["check"], (vector["check"],)):
                place = folder / target
                place.mkdir(parents=True, exist_ok=True)
                (place / f"{path.stem}-{number}").write_bytes(data)
                count += 1
    print(f"{count} inputs in {folder}")
    return 0


def main(arguments):
    """Runs the files named, or all of them."""
    if arguments[:1] == ["--corpus"]:
        return corpus(Path(arguments[1]))
    began, seen, faults, totals = monotonic(), set(), [], [0, 0]
    files = [Path(name) for name in arguments] or sorted(FOLDER.glob("*.json"))
    for path in files:
        valid, refused, found = run(path, seen)
        print(f"{path.name:<20} {valid:4} valid {refused:4} refused" + (f" {len(found):4} WRONG" if found else ""))
        totals = [totals[0] + valid, totals[1] + refused]
        faults += found
    print(f"{len(files)} files, {sum(totals)} vectors: {totals[0]} valid, {totals[1]} refused, in {monotonic() - began:.1f} s")
    for fault in faults:
        print(f"WRONG {fault}")
    return 1 if faults or not sum(totals) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
