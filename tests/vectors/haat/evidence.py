"""Evidence files: one party's copy of an order, checked from the file alone."""

from . import identity, order
from .cbor import Refused
from .fold import Order
from .identity import CHAIN
from .rows import BUYER, OTHER, SELLER
from .shape import ID, SIG, decode, integer, many, maybe, octets, record, text
from .sign import hash_of, holds

MAGIC = b"haat evidence 0\n"
MOST = 16 * 1024 * 1024
SEALED = record(bundle=octets, sig=SIG)
BUNDLE = record(
    version=integer,
    network=text,
    order=ID,
    events=many(order.SIGNED_EVENT),
    receipts=many(order.SIGNED),
    buyer=CHAIN,
    seller=CHAIN,
    personal=maybe(record(salt=ID, data=octets)),
    at=integer,
    exporter=ID,
)


def _at(place, check, *arguments):
    """The answer of a check, whose refusal is told with its place."""
    try:
        return check(*arguments)
    except Refused as refused:
        raise Refused(f"{place}: {refused.code}") from None


def _events(bundle):
    found, last = [], b""
    for place, signed in enumerate(bundle["events"]):
        where = f"event {place}"
        event = _at(where, order.Event, signed)
        if found and event.id <= last:
            raise Refused(f"{where}: unsorted")
        last = event.id
        if event.order != bundle["order"]:
            raise Refused(f"{where}: other_order")
        if len(found) >= 1088:
            raise Refused(f"{where}: too_many")
        found.append(event)
    return found


def _receipts(bundle, events, stands):
    found, last, authors = [], None, {event.id: stands.parties.role_of(event) for event in events}
    for place, signed in enumerate(bundle["receipts"]):
        where, key = f"receipt {place}", (signed["bytes"], signed["sig"])
        if last is not None and last >= key:
            raise Refused(f"{where}: unsorted")
        last = key
        receipt = _at(where, order.read_receipt, signed)
        author, signer = authors.get(receipt["event"]), stands.parties.side(receipt["device"])
        if signer is None or author != OTHER[signer]:
            raise Refused(f"{where}: stray_receipt")
        if receipt["order"] != bundle["order"]:
            raise Refused(f"{where}: other_order")
        if len(found) >= 2048:
            raise Refused(f"{where}: too_many")
        found.append(receipt)
    return found


def _person(chain, party, devices):
    found = identity.check(chain)
    if found["id"] != party["identity"] or not {*devices} <= {*found["devices"], *found["revoked"]}:
        raise Refused("foreign_device")


def _places(bundle, stands, exporter):
    for place, event in enumerate(order.Event(signed) for signed in bundle["events"]):
        if event.id in stands.pending:
            raise Refused(f"event {place}: missing")
        why = stands.refused.get(event.id)
        if why is None or why in ("overtaken", "handed_over"):
            continue
        if stands.parties.role_of(event) != OTHER[exporter] or not stands.accepted:
            raise Refused(f"event {place}: {why}")


def check(data):
    """What a file shows; the first fault is told with its place."""
    if not data.startswith(MAGIC):
        raise Refused("file: not_evidence")
    sealed = _at("file", decode, data[len(MAGIC) :], SEALED, MOST)
    bundle = _at("file", decode, sealed["bundle"], BUNDLE, MOST)
    if bundle["version"] != 0 or bundle["network"] != "haat":
        raise Refused("file: other_protocol")
    events = _events(bundle)
    stands = _at("file", Order, bundle["order"], events, [])
    stands = _at("file", Order, bundle["order"], events, _receipts(bundle, events, stands))
    for role in (BUYER, SELLER):
        _at(f"{role}'s identity", _person, bundle[role], stands.terms[role], stands.chains[role].devices)
    personal = bundle["personal"]
    if personal is not None and hash_of("personal data", personal["salt"], personal["data"]) != stands.personal:
        raise Refused("personal data: other_personal")
    exporter = stands.parties.side(bundle["exporter"])
    if exporter is None:
        raise Refused("file: seal")
    _places(bundle, stands, exporter)
    if not holds("evidence", bundle["exporter"], sealed["bundle"], sealed["sig"]):
        raise Refused("file: seal")
    return {
        "order": stands.id,
        "state": stands.state,
        "agreed": stands.agreed,
        "buyer": stands.terms[BUYER]["identity"],
        "seller": stands.terms[SELLER]["identity"],
        "exporter": exporter,
        "contested": stands.contested,
        "without_effect": {one.hex(): why for one, why in stands.refused.items()},
    }
