"""What the conditions of the table mean, and the reason for which each fails."""

from .money import MOST
from .order import read_decision, right_of, terms_hash
from .rows import BUYER, OTHER, SELLER
from .sign import hash_of

SKEW = 10 * 60 * 1000


def _first(*tries):
    """The reason of the first that does not hold; each is asked only when those before it hold."""
    return next((reason for holds, reason in tries if not holds), None)


def _counter(order, move):
    step, at = move.event.step, move.event.at
    terms = step["terms"]
    same = all(terms[name] == order.terms[name] for name in (BUYER, SELLER, "resolver"))
    same &= right_of(order.id, terms) == right_of(order.id, order.terms)
    return _first(
        (step["replaces"] == order.last_offer, "not_last_offer"),
        (same and terms["total"]["currency"] == order.currency, "other_terms"),
        (order.rounds < 16, "too_many_rounds"),
        (at < terms["valid_until"] and at <= order.terms["valid_until"] + SKEW, "offer_over"),
    )


def _accept(order, move):
    step = move.event.step
    mine = (terms_hash(order.terms), right_of(order.id, order.terms))
    return _first(
        (step["offer"] == order.last_offer, "not_last_offer"),
        ((step["terms"], step["right"]) == mine, "other_terms"),
        (move.event.at <= order.terms["valid_until"] + SKEW, "offer_over"),
    )


def _claims(order, move):
    amount, claim = move.event.step["amount"], order.claim(move.event)
    return _first(
        (amount is None or amount["currency"] == order.currency, "out_of_range"),
        (claim > 0 or order.denied, "nothing_due"),
        (order.claimed + claim <= MOST, "too_much"),
    )


def _within(left):
    def misses(order, move):
        amount = move.event.step["amount"]
        return _first(
            (amount is None or amount["currency"] == order.currency, "out_of_range"),
            (left(order) > 0, "nothing_due"),
            (amount is None or amount["minor"] <= left(order), "too_much"),
        )

    return misses


def _to_give_back(order, refund):
    return _first((refund["currency"] == order.currency, "out_of_range"), (refund["minor"] <= order.refund_left(), "too_much"))


def _decision(order, move):
    decision, resolver = read_decision(move.event.step["decision"]), order.terms["resolver"]
    theirs = resolver is not None and decision["device"] == resolver["device"] and decision["order"] == order.id
    return _to_give_back(order, decision["refund"]) if theirs else "other_resolver"


def _lines(order, move):
    left = order.left()
    fits = all(number < len(left) and quantity <= left[number] for number, quantity in move.event.step["lines"])
    return None if fits else "bad_lines"


def _code(order, move):
    code = move.event.step["code"]
    fits = code is None or hash_of("hand-over code", order.id, code.encode()) == order.code
    return None if fits else "wrong_code"


def _settlement(order, move):
    last = order.offers.get(OTHER[move.role])
    fits = last is not None and last["id"] == move.event.step["offer"] and not last["refused"]
    return None if fits else "no_settlement"


def _unknown(order, move):
    """Whether the author did not know of the last shipment."""
    return move.role == BUYER and order.last_shipment is not None and move.had_seen <= order.last_shipment


def _device(order, move):
    known = [order.terms[name]["device"] for name in (BUYER, SELLER, "resolver") if order.terms[name] is not None]
    return "other_device" if move.event.step["to"] in known else None


def _root(order, move):
    return None if order.parties.by_root(move.event, move.role) else "other_device"


def _plain(holds, reason):
    """A condition that asks the order alone."""
    return lambda order, move: None if holds(order) else reason


def _delivery(*ways):
    """The terms say that the goods change hands in one of these ways."""
    return _plain(lambda order: any(way in order.terms["delivery"] for way in ways), "wrong_delivery")


_ALL = {
    "counter fits": _counter,
    "last terms": _accept,
    "stock asked": _plain(lambda order: order.stock == "asked", "stock_not_asked"),
    "stock held": _plain(lambda order: order.stock == "held", "stock_not_held"),
    "nothing paid": _plain(lambda order: order.paid() == 0, "already_paid"),
    "something paid": _plain(lambda order: order.paid() > 0, "not_paid"),
    "due before": _plain(lambda order: order.is_due_before(), "wrong_timing"),
    "due later": _plain(lambda order: not order.is_due_before(), "wrong_timing"),
    "remainder": _plain(lambda order: order.remainder() > 0, "nothing_due"),
    "settled": _plain(lambda order: order.remainder() == 0, "not_settled"),
    "claims": _claims,
    "within remainder": _within(lambda order: order.remainder()),
    "within refund": _within(lambda order: order.refund_left()),
    "was accepted": _plain(lambda order: order.accepted, "never_accepted"),
    "by sending": _delivery("ship", "digital"),
    "by pickup": _delivery("pickup"),
    "digital": _delivery("digital"),
    "lines left": _lines,
    "code": _code,
    "nothing shipped": _plain(lambda order: not any(order.shipped), "already_shipped"),
    "shipment unknown": lambda order, move: None if _unknown(order, move) else "wrong_state",
    "shipments known": lambda order, move: "wrong_state" if _unknown(order, move) else None,
    "nothing asked": _plain(lambda order: order.asked is None, "already_asked"),
    "cancel asked": _plain(lambda order: order.asks("cancel"), "nothing_asked"),
    "return asked": _plain(lambda order: order.asks("return"), "nothing_asked"),
    "return agreed": _plain(lambda order: order.return_agreed, "out_of_turn"),
    "no claim made": lambda order, move: "already_asked" if move.role in order.claims else None,
    "has spoken": lambda order, move: None if order.has_spoken(move.role) else "not_spoken",
    "names settlement": _settlement,
    "sum to give back": lambda order, move: _to_give_back(order, move.event.step["refund"]),
    "by the resolver": _decision,
    "refund decided": _plain(lambda order: order.decided > 0, "nothing_due"),
    "no refund decided": _plain(lambda order: order.decided == 0, "wrong_signer"),
    "refunded in full": _plain(lambda order: order.refund_left() == 0, "not_settled"),
    "refund short": _plain(lambda order: order.refund_left() > 0, "nothing_due"),
    "not claimed": _plain(lambda order: order.paid() < order.total(), "already_paid"),
    "claimed": _plain(lambda order: order.paid() >= order.total(), "not_settled"),
    "first half": lambda order, move: None if move.event.seq < 256 else "too_many",
    "free device": _device,
    "by the root": _root,
}


def misses(order, condition, move):
    """The reason for which a condition does not hold; None when it holds."""
    word, _, name = condition.partition(" ")
    if word == "after":
        due = order.due(name)
        return None if due is not None and move.event.at > due + SKEW else "too_early"
    if word == "until":
        never = name == "return_by" and order.terms["return_within"] == 0
        due = order.due(name)
        return "too_late" if never or (due is not None and move.event.at > due + SKEW) else None
    return _ALL[condition](order, move)


def may_sign(order, who, role):
    """Why a side may not sign what the table gives to another; None when it may."""
    if who in ("asked", "was asked"):
        if not order.asks("cancel"):
            return "nothing_asked"
        return None if (order.asked[1] == role) == (who == "asked") else "out_of_turn"
    if who == "turn":
        return None if order.turn == role else "out_of_turn"
    if who == "offerer":
        return None if order.turn == OTHER[role] else "wrong_signer"
    return None if who in ("either", role) else "wrong_signer"
