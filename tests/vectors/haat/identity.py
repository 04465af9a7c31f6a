"""Identities: an inception and a chain of signed operations that say which devices speak for a person."""

from .cbor import Refused, write
from .shape import ID, SIG, decode, integer, many, maybe, octets, one_of, record
from .sign import hash_of, holds

INCEPTION = record(root=ID, next_root=ID, created=integer)
END = record(log=ID, seq=integer, id=ID)
CHANGE = one_of(add_device=record(device=ID, consent=SIG), revoke_device=record(device=ID, cuts=many(END)), close_log=record(end=END))
OPERATION = record(identity=ID, seq=integer, prev=maybe(ID), at=integer, change=CHANGE, signer=ID)
CHAIN = record(inception=INCEPTION, operations=many(record(bytes=octets, sig=SIG)))


def check(chain):
    """What a chain that holds says."""
    inception, operations = chain["inception"], chain["operations"]
    if len(operations) > 256:
        raise Refused("too_long")
    me, prev, devices, revoked, added_by = hash_of("identity", write(inception)), None, [], [], {}
    for seq, signed in enumerate(operations):
        operation = decode(signed["bytes"], OPERATION, 4096)
        if operation["identity"] != me or operation["seq"] != seq or operation["prev"] != prev:
            raise Refused("unlinked")
        (what, change), signer = next(iter(operation["change"].items())), operation["signer"]
        device = change.get("device")
        may = signer in devices and (what != "revoke_device" or added_by.get(device) == signer)
        if not (signer == inception["root"] or may) or not holds("operation", signer, signed["bytes"], signed["sig"]):
            raise Refused("signer")
        if what == "add_device":
            if not holds("device", device, me + device, change["consent"]):
                raise Refused("unwilling")
            if device in added_by:
                raise Refused("idle")
            added_by[device] = signer
            devices.append(device)
        elif what == "revoke_device":
            if device not in devices or len(change["cuts"]) > 32:
                raise Refused("idle")
            revoked.append(device)
            devices.remove(device)
        prev = hash_of("identity operation", signed["bytes"])
    return {"id": me, "devices": devices, "revoked": revoked, "height": len(operations), "head": prev or me}


def read(data):
    """The same for canonical bytes."""
    return check(decode(data, CHAIN))
