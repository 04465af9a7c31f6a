"""Where an order stands: a function of the set of its events and receipts, after the tables of docs/orders.md."""

from typing import NamedTuple

from .cbor import Refused
from .conditions import SKEW, may_sign, misses
from .order import Event, read_decision, terms_hash
from .parties import Parties
from .rows import BUYER, OTHER, RACES, ROWS, SELLER

_ASKABLE = ("agreed", "payment_claimed", "fulfilling", "partly_shipped", "shipped", "ready", "delivered")


class Move(NamedTuple):
    """An event, the side that signed it, and how many of the other side's events that had seen."""

    role: str
    event: Event
    had_seen: int


class Order:
    """An order in the making; its fields are told in docs/orders.md."""

    def __init__(self, order, events, receipts):
        self.id, self.all = order, {event.id: event for event in events}
        offer = self.all.get(order)
        if offer is None or offer.kind != "offer":
            raise Refused("no_offer")
        self.terms = offer.step["terms"]
        first = next((role for role in (BUYER, SELLER) if self.terms[role]["device"] == offer.author), None)
        if first is None:
            raise Refused("wrong_signer")
        if offer.at >= self.terms["valid_until"]:
            raise Refused("offer_over")
        self.currency, self.personal = self.terms["total"]["currency"], self.terms["personal"]
        self.state, self.turn, self.last_offer, self.agreed = "negotiating", OTHER[first], offer.id, None
        self.agreed_at = self.delivered_at = self.code = self.last_shipment = None
        self.rounds = self.claimed = self.confirmed = self.refunds = 0
        self.waived = self.denied = self.return_agreed = False
        self.stock, self.since, self.shipped = "none", offer.at, [0] * len(self.terms["lines"])
        self.asked = self.back = self.decided = self.settled = self.closing = None
        self.claims, self.offers, self.history = set(), {}, [offer.id]
        self.parties = Parties(order, self.terms, self.all, receipts)
        self.chains, self.refused = self.parties.chains, self.parties.refused
        self.accepted, self.contested = self.parties.accepted, self.parties.contested
        self.chains[first].last, self.chains[first].len = offer.at, 1
        self._merge()
        done = {*self.history, *self.refused}
        self.pending = sorted(one for one in self.all if one not in done)

    def _merge(self):
        buyer, seller = self.chains[BUYER], self.chains[SELLER]
        while (found := self._ready(True) or self._ready(False)) is not None:
            self._take(*found)
        if buyer.dead is not None or seller.dead is not None:
            self._end_contested()

    def _ready(self, by_receipt):
        """The side and event that come next."""
        found = ((role, self.chains[role].ready(self.chains[OTHER[role]], by_receipt)) for role in (BUYER, SELLER))
        found = [(role, event) for role, event in found if event is not None]
        return min(found, key=lambda one: (RACES.index(one[1].kind), one[0] != BUYER), default=None)

    def _end_contested(self):
        if self.state == "negotiating":
            self.state, self.turn = "expired", None

    def _take(self, role, event):
        own, other = self.chains[role], self.chains[OTHER[role]]
        if other.dead is not None and other.places.get(event.seen, -1) >= other.dead:
            self._end_contested()
        had_seen = max(own.needs(own.len, other, True) or 0, own.saw)
        late, move = had_seen < other.len, Move(role, event, had_seen)
        backwards = own.last is not None and event.at < own.last
        if event.seen is not None:
            backwards |= self.all[event.seen].at - event.at > SKEW
        if backwards:
            self.refused[event.id] = "time_backwards"
        else:
            try:
                target = self._judge(move)
            except Refused as why:
                if late and self.state in ("withdrawn", "expired") and event.kind == "accept":
                    named = (event.step["offer"], event.step["terms"])
                    self.accepted |= named == (self.last_offer, terms_hash(self.terms))
                self.refused[event.id] = "overtaken" if late else why.code
            else:
                self._apply(move, target)
                self.history.append(event.id)
        own.last = event.at if own.last is None else max(own.last, event.at)
        own.len, own.saw = event.seq + 1, min(had_seen, other.len)

    def _judge(self, move):
        miss, by_signer = "wrong_state", None
        for start, kind, who, conditions, target in ROWS:
            if kind != move.event.kind or (start is not None and self.state not in start):
                continue
            unfit = may_sign(self, who, move.role)
            if unfit is not None:
                by_signer = by_signer or unfit
                continue
            missed = next((code for code in (misses(self, one, move) for one in conditions) if code), None)
            if missed is None:
                return target
            miss, by_signer = missed, missed
        raise Refused(by_signer or miss)

    def is_due_before(self):
        """Whether payment comes before the goods."""
        return self.terms["payment"]["timing"] == "before" and self.total() > 0

    def total(self):
        """What is to be paid."""
        return self.terms["total"]["minor"]

    def remainder(self):
        """What is still to be confirmed."""
        return 0 if self.waived else max(self.total() - self.confirmed, 0)

    def paid(self):
        """What went to the seller as far as either said."""
        return max(self.claimed, self.confirmed)

    def refund_left(self):
        """What is still to be paid back."""
        return max(self.paid() - self.refunds, 0)

    def claim(self, event):
        """What a PAY_PROOF claims."""
        amount = event.step["amount"]
        return max(self.total() - self.claimed, 0) if amount is None else amount["minor"]

    def left(self):
        """What is still to be sent of each line."""
        return [line["qty"] - sent for line, sent in zip(self.terms["lines"], self.shipped)]

    def asks(self, what):
        """Whether this is the open question."""
        return self.asked is not None and self.asked[0] == what

    def has_spoken(self, role):
        """Whether a side spoke in the dispute."""
        return role in self.claims or role in self.offers

    def due(self, name):
        """When a deadline falls; None when it does not run."""
        if name == "valid_until":
            return self.terms["valid_until"]
        begin = {"pay_by": self.agreed_at, "fulfil_by": self.agreed_at, "return_by": self.delivered_at}.get(name, self.since)
        if name == "dispute_by" and self.state != "delivered":
            return None
        return None if begin is None else begin + self.terms[name.replace("_by", "_within")]

    def _apply(self, move, target):
        before, paid, event = self.state, self.paid(), move.event
        opens = self._opens(move)
        getattr(self, f"_do_{event.kind}", lambda move: None)(move)
        self.state = self._target(target)
        opens |= event.kind == "pay_proof" and self.state == "delivered" and paid < self.total() <= self.paid()
        opens |= event.kind == "refund_sent" and self.refund_left() == 0
        if self.state != before or opens:
            self.since = event.at
        if self.state != "negotiating":
            self.turn = None
        self._settle_questions(move, before)
        self._settle_stock(event)

    def _opens(self, move):
        """Whether the present wait begins anew, though the state may stay."""
        spoke = move.event.kind in ("dispute", "settle_offer") and not self.has_spoken(move.role)
        offered = move.event.kind == "settle_offer" and move.role not in self.offers
        return spoke or offered or move.event.kind == "return_ok"

    def _settle_questions(self, move, before):
        kind = move.event.kind
        if kind in ("cancel_agree", "cancel_refuse", "return_ok", "return_no"):
            self.asked = None
        if (self.asks("cancel") and self.state not in _ASKABLE) or (self.asks("return") and self.state != "returning"):
            self.asked = None
        if self.state == "returning" and before != "returning":
            self.back = "delivered" if before == "completed" else before
            self.asked, self.return_agreed = ("return", move.role), False
        elif kind == "cancel_request":
            self.asked = ("cancel", move.role)

    def _settle_stock(self, event):
        if event.kind == "return_received" and event.step["restock"]:
            self.shipped, self.stock = [0] * len(self.shipped), "released"
        if self.stock in ("asked", "held"):
            if self.agreed is not None and not any(self.left()):
                self.stock = "sold"
            elif self.state in ("cancelled", "refund_due", "resolved"):
                self.stock = "released"

    def _do_counter(self, move):
        self.terms, self.last_offer, self.turn = move.event.step["terms"], move.event.id, OTHER[move.role]
        self.personal, self.shipped = self.terms["personal"], [0] * len(self.terms["lines"])
        self.rounds += 1

    def _do_accept(self, move):
        self.agreed, self.agreed_at, self.accepted = move.event.step["terms"], move.event.at, True
        self.stock = "held" if move.role == SELLER else "asked"

    def _do_stock_confirm(self, _):
        self.stock = "held"

    def _do_stock_fail(self, _):
        self.stock = "failed"

    def _do_address(self, move):
        self.personal = move.event.step["personal"]

    def _do_pay_proof(self, move):
        self.claimed, self.denied = self.claimed + self.claim(move.event), False

    def _do_pay_confirm(self, move):
        amount = move.event.step["amount"]
        self.confirmed += self.remainder() if amount is None else amount["minor"]

    def _do_pay_deny(self, _):
        self.denied = True

    def _do_waive(self, _):
        self.waived = True

    def _do_refund_sent(self, move):
        amount = move.event.step["amount"]
        self.refunds += self.refund_left() if amount is None else amount["minor"]

    def _send_all(self):
        self.shipped = [line["qty"] for line in self.terms["lines"]]

    def _do_ship(self, move):
        self.last_shipment = move.event.seq
        for number, quantity in move.event.step["lines"]:
            self.shipped[number] += quantity
        if not move.event.step["lines"]:
            self._send_all()

    def _do_deliver_digital(self, move):
        self.last_shipment = move.event.seq
        self._send_all()

    def _do_ready(self, move):
        self.code = move.event.step["code"]

    def _do_received(self, move):
        self.delivered_at = move.event.at
        self._send_all()

    _do_auto_received = _do_received

    def _do_dispute(self, move):
        self.claims.add(move.role)

    def _do_settle_offer(self, move):
        self.offers[move.role] = {"id": move.event.id, "refund": move.event.step["refund"]["minor"], "refused": False}

    def _do_return_ok(self, _):
        self.return_agreed = True

    def _do_settle_refuse(self, move):
        self.offers[OTHER[move.role]]["refused"] = True

    def _do_settle_accept(self, move):
        self.settled, self.closing = self.offers[OTHER[move.role]]["refund"], ["settled"]

    def _do_decide(self, move):
        self.decided = read_decision(move.event.step["decision"])["refund"]["minor"]

    def _do_performed(self, _):
        self.refunds, self.closing = self.refunds + self.decided, ["performed"]

    def _do_close_defaulted(self, move):
        other = OTHER[move.role]
        self.closing = ["unresolved"] if self.state == "disputed" and self.has_spoken(other) else ["defaulted", other]

    def _target(self, target):
        settled, now = self.remainder() == 0, self.state
        on_delivery = self.terms["payment"]["timing"] == "on-delivery"
        special = {
            "same": now,
            "what_it_was": self.back,
            "refund_or_cancelled": "refund_due" if self.paid() > 0 else "cancelled",
            "fulfilling_once_paid": "fulfilling" if settled else now,
            "completed_once_paid": "completed" if settled else now,
            "shipped_once_all": "partly_shipped" if any(self.left()) else "shipped",
            "handed_over": "completed" if settled and on_delivery else "delivered",
            "delivered_or_completed": "completed" if settled else "delivered",
        }
        return special.get(target, target)

    def shown(self):
        """What a vector compares."""
        return {
            "state": self.state,
            "turn": self.turn,
            "rounds": self.rounds,
            "claimed": self.claimed,
            "confirmed": self.confirmed,
            "refunds": self.refunds,
            "stock": self.stock,
            "since": self.since,
            "contested": self.contested,
            "accepted": self.accepted,
            "agreed": self.agreed,
            "shipped": self.shipped,
            "personal": self.personal,
            "asked": None if self.asked is None else list(self.asked),
            "decided": self.decided,
            "settled": self.settled,
            "closing": self.closing,
            "devices": [self.chains[role].devices[-1] for role in (BUYER, SELLER)],
            "history": self.history,
            "refused": {one.hex(): why for one, why in self.refused.items()},
            "pending": self.pending,
        }
