"""Identities: an inception and a chain of signed operations that say which devices speak for a person."""

from .cbor import Refused, write
from .shape import ID, SIG, decode, integer, many, maybe, octets, one_of, record
from .sign import hash_of, holds, place

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
    me, prev, devices, revoked, added_by = hash_of("identity", write(inception)), None, [], {}, {}
    steps, closes, revocations = [], [], []
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
            revoked[device] = change["cuts"]
            devices.remove(device)
        else:
            closes.append((change["end"], signer, signer == inception["root"]))
        prev = hash_of("identity operation", signed["bytes"])
        steps.append((signer == inception["root"], what != "add_device", prev))
        if what == "revoke_device":
            revocations.append(prev)
    state = {"id": me, "devices": devices, "revoked": list(revoked), "height": len(operations), "head": prev or me}
    return state | {"steps": steps, "cuts": revoked, "closes": closes, "revocations": revocations}


def read(data):
    """The same for canonical bytes."""
    return check(decode(data, CHAIN))


def beats(one, other):
    """Whether a chain takes the place of another of the same identity."""
    by_root = [sum(1 for step in chain["steps"] if step[0]) for chain in (one, other)]
    if by_root[0] != by_root[1]:
        return by_root[0] > by_root[1]
    parts = 0
    while one["steps"][parts : parts + 1] == other["steps"][parts : parts + 1] != []:
        parts += 1
    mine, theirs = one["steps"][parts:], other["steps"][parts:]
    if not mine or not theirs:
        return bool(mine)
    if mine[0][:2] != theirs[0][:2]:
        return mine[0][:2] > theirs[0][:2]
    return mine[0][2] < theirs[0][2]


def end_of(chain, space, device, number):
    """Where a log of a device ends: an entry, `nothing`, or None when it is open."""
    log = hash_of("blind log", space, device, place(number))
    cuts = [cut for cut in chain["cuts"].get(device, []) if cut["log"] == log]
    closes = [close for close in chain["closes"] if close[0]["log"] == log and close[1] != device]
    by_root = [close for close in closes if close[2]]
    ends = cuts + [close[0] for close in by_root + closes]
    if ends:
        return {"seq": ends[0]["seq"], "id": ends[0]["id"]}
    return "nothing" if device in chain["cuts"] else None


def counts(end, fork):
    """What of a log counts, given its end and the lowest fork that is known of it."""
    if end == "nothing" or (end is None and fork == 0):
        return "none"
    if end is not None:
        return {"until": end["seq"]}
    return "all" if fork is None else {"until": fork - 1}
