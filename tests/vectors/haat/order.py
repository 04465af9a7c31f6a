"""Orders: what events, terms, receipts and refusals are, each by itself."""

from . import bodies, texts
from .cbor import Refused, write
from .identity import INCEPTION
from .money import MONEY, MOST, in_range
from .right import RIGHT
from .shape import ID, SIG, boolean, decode, integer, many, maybe, octets, one_of, record, row, text
from .sign import hash_of, holds

PARTY = record(identity=ID, device=ID)
LINE = record(listing=ID, version=ID, title=text, sku=text, options=many(row(text, text)), qty=integer, unit_price=MONEY)
TERMS = record(
    buyer=PARTY,
    seller=PARTY,
    lines=many(LINE),
    adjustments=many(record(name=text, amount=MONEY)),
    goods=MONEY,
    delivery=bodies.DELIVERY,
    total=MONEY,
    payment=bodies.PAYMENT,
    via=maybe(ID),
    circle=maybe(ID),
    personal=maybe(ID),
    valid_until=integer,
    pay_within=integer,
    fulfil_within=integer,
    confirm_within=integer,
    dispute_within=integer,
    resolver=maybe(PARTY),
    returns=text,
    return_within=integer,
    salt=ID,
)
REASON = one_of("out_of_stock", "price", "no_shipping_there", "invalid_terms", "stale_listing", "closed", "blocked", "stranger", "other")
EMPTY = record()
WHY = record(reason=text)
SIGNED = record(bytes=octets, sig=SIG)
STEP = one_of(
    offer=record(terms=TERMS, note=maybe(text)),
    counter=record(replaces=ID, terms=TERMS),
    accept=record(offer=ID, terms=ID, right=RIGHT),
    reject=record(reason=REASON),
    stock_fail=record(reason=REASON),
    pay_proof=record(reference=text, amount=maybe(MONEY)),
    refund_sent=record(reference=text, amount=maybe(MONEY)),
    pay_confirm=record(amount=maybe(MONEY)),
    ship=record(lines=many(row(integer, integer)), carrier=text, tracking=text),
    deliver_digital=record(name=text, bytes=integer, content=ID),
    ready=record(code=maybe(ID)),
    received=record(code=maybe(text)),
    address=record(personal=ID),
    return_received=record(restock=boolean),
    dispute=record(claim=text),
    settle_offer=record(refund=MONEY),
    settle_accept=record(offer=ID),
    settle_refuse=record(offer=ID, reason=text),
    decide=record(decision=SIGNED),
    performed=record(reference=text),
    handover=record(to=ID),
    takeover=record(inception=INCEPTION, sig=SIG),
    say=record(text=text),
    **dict.fromkeys(("pay_deny", "cancel_request", "cancel_refuse", "return_request", "return_no"), WHY),
    **dict.fromkeys(
        (
            *("withdraw", "expire", "stock_confirm", "cancel", "start", "expire_unpaid", "auto_received", "expire_uncollected"),
            *("expire_unfulfilled", "waive", "complete", "refund_confirm", "close_defaulted", "cancel_agree", "return_ok"),
        ),
        EMPTY,
    ),
)
EVENT = record(version=integer, network=text, order=maybe(ID), author=ID, seq=integer, prev=maybe(ID), seen=maybe(ID), at=integer, step=STEP)
SIGNED_EVENT = record(bytes=octets, sig=SIG, right=maybe(SIG))
RECEIPT = record(version=integer, network=text, order=ID, event=ID, own_head=maybe(ID), device=ID)
REASONS = (
    *("oversize", "malformed", "not_canonical", "wrong_version", "wrong_network", "bad_signature", "bad_right", "bad_terms"),
    *("out_of_range", "other_order", "no_offer", "wrong_signer", "out_of_turn", "broken_link", "equivocation", "missing"),
    *("time_backwards", "overtaken", "wrong_state", "not_last_offer", "other_terms", "offer_over", "too_many_rounds", "too_early"),
    *("already_paid", "nothing_due", "not_settled", "too_much", "wrong_timing", "wrong_delivery", "stock_not_held"),
    *("stock_not_asked", "bad_lines", "already_shipped", "wrong_code", "not_paid", "too_late", "nothing_asked", "already_asked"),
    *("not_spoken", "no_settlement", "other_resolver", "other_device", "handed_over", "never_accepted", "too_many", "chain_unknown"),
)
NACK = record(version=integer, network=text, order=ID, event=ID, reason=one_of(*REASONS), device=ID)
DECISION = record(version=integer, network=text, order=ID, heads=row(maybe(ID), maybe(ID)), refund=MONEY, reason=text, device=ID)
SHORT = ("reference", "reason", "carrier", "tracking", "code")
LONG = {"dispute": "claim", "say": "text"}


def need(claim, code):
    """Refuses with the code what does not hold."""
    if not claim:
        raise Refused(code)


def _is_short(value):
    return not texts.is_blank(value) and len(value) <= 200


def _sum(*amounts):
    """A sum, every step of which is within what Haat counts."""
    total = 0
    for amount in amounts:
        total += amount
        need(in_range(total), "bad_terms")
    return total


def delivery_price(terms):
    """What sending costs, in minor units."""
    return terms["delivery"]["ship"]["price"]["minor"] if "ship" in terms["delivery"] else 0


def check_terms(terms):
    """Refuses terms that break a rule, with `bad_terms`."""
    buyer, seller, code = terms["buyer"], terms["seller"], terms["total"]["currency"]
    need(buyer["identity"] != seller["identity"] and buyer["device"] != seller["device"], "bad_terms")
    if terms["resolver"] is not None:
        need(all(terms["resolver"][name] not in (buyer[name], seller[name]) for name in ("identity", "device")), "bad_terms")
    need(1 <= len(terms["lines"]) <= 200, "bad_terms")
    for line in terms["lines"]:
        price = line["unit_price"]
        need(1 <= line["qty"] < 2**53 and price["currency"] == code and 0 <= price["minor"] <= MOST, "bad_terms")
        need(1 <= len(line["title"]) <= 140 and len(line["sku"]) <= 200 and len(line["options"]) <= 32, "bad_terms")
        need(all(_is_short(name) and _is_short(value) for name, value in line["options"]), "bad_terms")
    try:
        bodies.check_ways([terms["delivery"]], [terms["payment"]], code)
    except Refused:
        raise Refused("bad_terms") from None
    changes = [change["amount"] for change in terms["adjustments"]]
    need(len(changes) <= 32 and all(_is_short(change["name"]) for change in terms["adjustments"]), "bad_terms")
    need(all(one["currency"] == code for one in [*changes, terms["goods"]]), "bad_terms")
    need(all(change["minor"] != 0 and in_range(change["minor"]) for change in changes), "bad_terms")
    prices = [line["unit_price"]["minor"] * line["qty"] for line in terms["lines"]]
    need(all(in_range(price) for price in prices), "bad_terms")
    goods = _sum(*prices, *(change["minor"] for change in changes))
    need(goods >= 0 and in_range(delivery_price(terms)), "bad_terms")
    need(terms["goods"]["minor"] == goods and terms["total"]["minor"] == _sum(goods, delivery_price(terms)), "bad_terms")
    need(len(terms["returns"]) <= 200, "bad_terms")
    spans = ("valid_until", "pay_within", "fulfil_within", "confirm_within", "dispute_within", "return_within")
    need(all(terms[name] < 2**53 for name in spans), "bad_terms")


def terms_hash(terms):
    """What an acceptance signs."""
    return hash_of("terms", write(terms))


def right_of(order, terms):
    """The review right that belongs to an order under these terms."""
    return {
        "order": order,
        "buyer": terms["buyer"]["identity"],
        "seller": terms["seller"]["identity"],
        "listing": terms["lines"][0]["listing"],
        "salt": terms["salt"],
    }


def _check_lines(lines):
    numbers = [number for number, _ in lines]
    rising = all(one < two for one, two in zip(numbers, numbers[1:]))
    need(len(lines) <= 200 and rising and all(quantity > 0 for _, quantity in lines), "bad_lines")


def _check_step(kind, step):
    if kind in ("offer", "counter"):
        check_terms(step["terms"])
    if kind == "ship":
        _check_lines(step["lines"])
    if kind == "deliver_digital":
        need(1 <= len(step["name"]) <= 140 and step["bytes"] <= 49152, "out_of_range")
    if kind == "decide":
        read_decision(step["decision"])
    if kind in LONG:
        words = step[LONG[kind]]
        need(not texts.is_blank(words) and len(words) <= 4000, "out_of_range")
    need(kind != "offer" or step["note"] is None or len(step["note"]) <= 4000, "out_of_range")
    # The reason of a rejection is one of a list, the code of READY a digest: shorter than any text may be.
    need(all(len(step[name]) <= 200 for name in SHORT if step.get(name) is not None), "out_of_range")
    amount, refund = step.get("amount"), step.get("refund")
    need(amount is None or 1 <= amount["minor"] <= MOST, "out_of_range")
    need(refund is None or 0 <= refund["minor"] <= MOST, "out_of_range")


class Event:
    """An event that holds by itself."""

    def __init__(self, signed):
        self.signed = signed
        body = decode(signed["bytes"], EVENT, 16384)
        need(body["version"] == 0, "wrong_version")
        need(body["network"] == "haat", "wrong_network")
        need(holds("order-event", body["author"], signed["bytes"], signed["sig"]), "bad_signature")
        self.id = hash_of("order event", signed["bytes"])
        self.order = body["order"] or self.id
        self.author, self.seq, self.prev, self.seen, self.at = (body[name] for name in ("author", "seq", "prev", "seen", "at"))
        self.kind, self.step = next(iter(body["step"].items()))
        first = self.kind == "offer"
        need(first == (body["order"] is None) and not (first and (self.seq or self.seen)), "broken_link")
        need((self.seq == 0) == (self.prev is None), "broken_link")
        need(first or self.seq or self.seen, "broken_link")
        need(self.seq < 512, "too_many")
        need(self.at < 2**53, "out_of_range")
        _check_step(self.kind, self.step)
        self._check_right()

    def _check_right(self):
        half = self.signed["right"]
        if self.kind in ("offer", "counter"):
            right = right_of(self.order, self.step["terms"])
        else:
            right = self.step["right"] if self.kind == "accept" else None
        if right is None:
            need(half is None, "bad_right")
        else:
            need(half is not None and right["order"] == self.order, "bad_right")
            need(holds("review-right", self.author, write(right), half), "bad_right")


def _read_signed(signed, shape, label):
    content = decode(signed["bytes"], shape, 1024)
    need(content["version"] == 0, "wrong_version")
    need(content["network"] == "haat", "wrong_network")
    need(holds(label, content["device"], signed["bytes"], signed["sig"]), "bad_signature")
    return content


def read_receipt(signed):
    """What a signed receipt says."""
    return _read_signed(signed, RECEIPT, "receipt")


def read_nack(signed):
    """What a signed refusal says."""
    return _read_signed(signed, NACK, "nack")


def read_decision(signed):
    """What a resolver's signed decision says."""
    content = _read_signed(signed, DECISION, "decision")
    need(0 <= content["refund"]["minor"] <= MOST and len(content["reason"]) <= 200, "out_of_range")
    return content
