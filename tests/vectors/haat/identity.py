"""Identities: an inception and a chain of signed operations that say which devices speak for a person."""

from .cbor import Refused, write
from .shape import ID, SIG, decode, integer, many, maybe, octets, one_of, record
from .sign import hash_of, holds

INCEPTION = record(root=ID, next_root=ID, created=integer)
CHANGE = one_of(add_device=record(device=ID), revoke_device=record(device=ID))
OPERATION = record(identity=ID, seq=integer, prev=maybe(ID), at=integer, change=CHANGE, signer=ID)
CHAIN = record(inception=INCEPTION, operations=many(record(bytes=octets, sig=SIG)))


def check(chain):
    """What a chain that holds says."""
    inception, operations = chain["inception"], chain["operations"]
    if len(operations) > 256:
        raise Refused("too_long")
    me, prev, devices, revoked, added = hash_of("identity", write(inception)), None, [], [], []
    for seq, signed in enumerate(operations):
        operation = decode(signed["bytes"], OPERATION, 4096)
        if operation["identity"] != me or operation["seq"] != seq or operation["prev"] != prev:
            raise Refused("unlinked")
        by_root = operation["signer"] == inception["root"]
        if not by_root or not holds("operation", operation["signer"], signed["bytes"], signed["sig"]):
            raise Refused("signer")
        (what, change), device = next(iter(operation["change"].items())), None
        device = change["device"]
        if what == "revoke_device":
            revoked.append(device)
            devices = [one for one in devices if one != device]
        else:
            added.append(device)
            if device not in revoked:
                devices.append(device)
        prev = hash_of("identity operation", signed["bytes"])
    return {"id": me, "devices": devices, "height": len(operations), "head": prev or me, "added": added}


def read(data):
    """The same for canonical bytes."""
    return check(decode(data, CHAIN))
