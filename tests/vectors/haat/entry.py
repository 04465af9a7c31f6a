"""Entries: header, id, signature, payload; what a payload hides."""

from . import ciphers
from .cbor import Refused, write
from .shape import ID, SIG, decode, integer, many, maybe, named, octets, record, row, text
from .sign import hash_of, need, place

FIELDS = ("version", "network", "device", "space", "log", "seq", "prev", "kind", "flags", "lamport", "at", "refs", "key")
FIELDS += ("payload_bytes", "payload_hash", "extensions")
HEADER = row(integer, text, ID, ID, integer, integer, maybe(ID), integer, integer, integer, integer, many(ID), maybe(ID), integer, maybe(ID), named(octets))
ENTRY = record(h=octets, s=SIG, p=maybe(octets))
HEAD = record(h=octets, s=SIG)
FORK = record(one=HEAD, other=HEAD)
CRITICAL = 1


def read_header(data):
    """The fields of a header that breaks no rule of its own."""
    header = dict(zip(FIELDS, decode(data, HEADER, 1024)))
    refs = header["refs"]
    rules = (
        ("version", header["version"] == 0),
        ("network", header["network"] == "haat"),
        ("integer", all(header[name] < 2**53 for name in ("seq", "kind", "flags", "lamport", "at"))),
        ("log_number", header["log"] < 2**32),
        ("prev", (header["prev"] is None) == (header["seq"] == 0)),
        ("refs", len(refs) <= 8 and all(a < b for a, b in zip(refs, refs[1:]))),
        ("extensions", len(header["extensions"]) <= 8),
        ("payload_size", header["payload_hash"] is not None and header["payload_bytes"] <= 32768),
    )
    for code, holds in rules:
        if not holds:
            raise Refused(code)
    return header


def check(raw):
    """Id and header of an entry `{h, s, p}` that holds."""
    header, payload = read_header(raw["h"]), raw["p"]
    if payload is not None and (len(payload) != header["payload_bytes"] or hash_of("payload", payload) != header["payload_hash"]):
        raise Refused("payload")
    need("entry", header["device"], raw["h"], raw["s"])
    return hash_of("entry", raw["h"]), header


def read(data):
    """The same for its canonical bytes."""
    raw = decode(data, ENTRY)
    return raw, *check(raw)


def open_payload(raw, header, key):
    """The body: the payload itself, or what opens under the space's key."""
    if raw["p"] is None or (header["key"] is not None and key is None):
        raise Refused("unopened")
    if header["key"] is None:
        return raw["p"]
    own = hash_of("entry key", key, header["space"], header["device"], place(header["log"]), place(header["seq"]))
    bound = write([None if name == "payload_hash" else header[name] for name in FIELDS])
    plain = ciphers.open_x(own, bound, raw["p"])
    if plain is None or len(plain) < 20:
        raise Refused("unopened")
    size = int.from_bytes(plain[16:20], "big")
    if 20 + size > len(plain) or any(plain[20 + size :]):
        raise Refused("unopened")
    return plain[20 : 20 + size]


def check_fork(proof):
    """What a proof of two entries at one place shows."""
    one, other = (check({**proof[name], "p": None}) for name in ("one", "other"))
    where = [tuple(header[name] for name in ("space", "device", "log", "seq")) for _, header in (one, other)]
    if where[0] != where[1] or one[0] >= other[0]:
        raise Refused("no_fork")
    space, device, log, seq = where[0]
    return {"log": {"space": space, "device": device, "number": log}, "seq": seq, "ids": [one[0], other[0]]}


def read_fork(data):
    """The same for its canonical bytes."""
    return check_fork(decode(data, FORK))
