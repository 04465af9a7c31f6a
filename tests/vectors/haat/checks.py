"""One function per check that a vector can name: bytes and context in, values out, or a refusal with its code."""

from . import admission, bodies, branches, ciphers, entry, epochs, evidence, fold, history, identity, order, records, roster, run, shape, shops, sign, wire
from .cbor import Refused, read

_PLAIN = {
    "int": shape.integer,
    "text": shape.text,
    "bytes": shape.octets,
    "ints": shape.many(shape.integer),
    "int?": shape.maybe(shape.integer),
    "map": shape.named(shape.octets),
    "bool": shape.boolean,
}


def _form(data, context):
    return {"value": shape.decode(data, _PLAIN[context["type"]], context["most"])}


def _hash(data, context):
    return {"hash": sign.hash_of(context["context"], data)}


def _signature(data, context):
    key, sig = bytes.fromhex(context["key"]), bytes.fromhex(context["sig"])
    sign.need(context["label"], key, data, sig)
    return {}


def _opened(plain):
    if plain is None:
        raise Refused("unopened")
    return {"plain": plain}


def _sealed(data, context):
    return _opened(ciphers.open_hpke(bytes.fromhex(context["secret"]), bytes.fromhex(context["info"]), data))


def _encrypted(data, context):
    return _opened(ciphers.open_x(bytes.fromhex(context["key"]), bytes.fromhex(context["bound"]), data))


def _entry(data, _):
    _, found, header = entry.read(data)
    return {"id": found, "header": header}


def _payload(data, context):
    raw, _, header = entry.read(data)
    key = context["key"] and bytes.fromhex(context["key"])
    return {"body": entry.open_payload(raw, header, key)}


def _body(data, context):
    return {"value": bodies.read(context["kind"], data)}


def _space(data, _):
    inception = shape.decode(data, bodies.INCEPTION)
    return {"id": sign.hash_of("space", data), "value": inception}


def _identity(data, _):
    found = identity.read(data)
    return {name: found[name] for name in ("id", "devices", "revoked", "height", "head")}


def _chains(data, _):
    """Chains of one identity in the order in which they come."""
    held, taken = None, []
    for chain in shape.decode(data, shape.many(identity.CHAIN)):
        found = identity.check(chain)
        taken.append(held is None or identity.beats(found, held))
        held = found if taken[-1] else held
    return {"taken": taken} | {name: held[name] for name in ("height", "head", "devices")}


def _log_ends(data, context):
    found, logs = identity.read(data), []
    for log in context["logs"]:
        space, device = bytes.fromhex(log["space"]), bytes.fromhex(log["device"])
        end = identity.end_of(found, space, device, log["number"])
        logs.append({"end": end, "counts": identity.counts(end, log["fork"])})
    return {"logs": logs}


def _roster(data, context):
    return roster.read(data, bytes.fromhex(context["key"]))


def _kept(data, context):
    """The header stage; the context tells what the reader holds: the end of the log, the entry that stands at the place, who writes."""
    return {"log": admission.keep(data, context)}


def _effect(data, context):
    """The body stage of an entry that is kept behind the end of the log that the context tells."""
    return {"body": admission.Judge.told(data, context).effect()}


def _history(data, context):
    """Entries of one space that come one by one: what becomes of each, where logs end and how far they count, what has no effect."""
    return history.read(data, bytes.fromhex(context["key"]), context["now"])


def _epochs(data, context):
    """The epochs of a circle, whose entries come one by one, to a reader who holds these keys."""
    return epochs.read(data, context)


def _terms(data, context):
    """The entries of a shop one by one: whose terms hold in the end."""
    return shops.terms(data, context["now"])


def _renewal(data, context):
    """A shop and what its creator, who holds these keys, knows of the circles it was ever shared into."""
    return shops.renewal(data, context)


def _branches(data, context):
    """Items of one space that come one by one: entries, chains and proofs of forks; what is held in the end."""
    return branches.read(data, bytes.fromhex(context["key"]), context["now"])


def _run(data, _):
    """Two who hold a circle, and what they say to each other on one connection after the other."""
    return run.read(data)


def _fork(data, _):
    return entry.read_fork(data)


def _record(data, _):
    return {"value": records.read_record(shape.decode(data, records.SIGNED))}


def _invite_code(data, _):
    return {"value": records.read_code(data.decode())}


def _message(name):
    def check(data, _):
        return {"value": shape.decode(data, *wire.MESSAGES[name])}

    return check


def _epoch(data, context):
    device, space, secret = (bytes.fromhex(context[name]) for name in ("device", "space", "secret"))
    more = bytes.fromhex(context["boxes"]) if "boxes" in context else None
    return records.open_epoch(space, bodies.read(2, data), device, secret, more)


def _tags(data, context):
    asker, answerer, asked, answered, head = (
        bytes.fromhex(context[name]) for name in ("asker", "answerer", "asked", "answered", "head")
    )
    joint = wire.joint_nonce(asker, answerer, asked, answered)
    return {
        "joint": joint,
        "asker_tag": wire.tag(data, joint, "a"),
        "answerer_tag": wire.tag(data, joint, "b"),
        "head_tag": wire.head_tag(joint, head),
        "topic": records.topic_name(data),
    }


def _place(data, context):
    return {"place": wire.place(bytes.fromhex(context["secret"]), data, context["sort"])}


def _comparison(data, context):
    """Streams that the answerer holds, in order; the context tells what the asker holds, and the joint nonce."""
    asker, answerer = read(bytes.fromhex(context["asker"])), read(data)
    return wire.comparison(asker, answerer, bytes.fromhex(context["joint"]))


def _heights_rows(data, context):
    return {"rows": wire.read_heights(data, context["named"])}


def _wants_rows(data, context):
    return {"rows": wire.read_wants(data, context["streams"])}


def _digest(data, _):
    return {"digest": wire.digest(read(data))}


def _event(data, _):
    event = order.Event(shape.decode(data, order.SIGNED_EVENT))
    return {"id": event.id, "order": event.order, "body": read(event.signed["bytes"])}


def _receipt(data, _):
    return {"value": order.read_receipt(shape.decode(data, order.SIGNED))}


def _nack(data, _):
    return {"value": order.read_nack(shape.decode(data, order.SIGNED))}


_PILE = shape.record(order=shape.ID, events=shape.many(order.SIGNED_EVENT), receipts=shape.many(order.SIGNED))


def _order(data, _):
    pile = shape.decode(data, _PILE)
    events = [order.Event(signed) for signed in pile["events"]]
    receipts = [order.read_receipt(signed) for signed in pile["receipts"]]
    if any(one != pile["order"] for one in [*(event.order for event in events), *(receipt["order"] for receipt in receipts)]):
        raise Refused("other_order")
    return fold.Order(pile["order"], events, receipts).shown()


def _evidence(data, _):
    return evidence.check(data)


ALL = {
    "form": _form,
    "hash": _hash,
    "signature": _signature,
    "sealed": _sealed,
    "encrypted": _encrypted,
    "entry": _entry,
    "payload": _payload,
    "body": _body,
    "space": _space,
    "identity": _identity,
    "chains": _chains,
    "log_ends": _log_ends,
    "roster": _roster,
    "kept": _kept,
    "effect": _effect,
    "history": _history,
    "epochs": _epochs,
    "renewal": _renewal,
    "terms": _terms,
    "branches": _branches,
    "run": _run,
    "fork": _fork,
    "record": _record,
    "invite_code": _invite_code,
    "epoch": _epoch,
    "tags": _tags,
    "place": _place,
    "digest": _digest,
    "comparison": _comparison,
    "heights_rows": _heights_rows,
    "wants_rows": _wants_rows,
    "order_event": _event,
    "receipt": _receipt,
    "nack": _nack,
    "order": _order,
    "evidence": _evidence,
} | {name: _message(name) for name in wire.MESSAGES}
