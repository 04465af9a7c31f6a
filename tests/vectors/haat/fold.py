"""Where an order stands: a function of the set of its events and receipts, after the tables of docs/orders.md."""

from .cbor import Refused
from .money import MOST
from .order import right_of, terms_hash

SKEW = 10 * 60 * 1000
BUYER, SELLER = "buyer", "seller"
OTHER = {BUYER: SELLER, SELLER: BUYER}
PAID_PHASE = ("fulfilling", "partly_shipped", "shipped", "ready")

RACES = (
    *("withdraw", "expire", "stock_fail", "cancel", "expire_unpaid", "expire_uncollected", "offer", "accept", "counter", "reject"),
    *("pay_deny", "pay_proof", "stock_confirm", "start", "ship", "ready", "received", "auto_received", "pay_confirm", "waive"),
    *("complete", "refund_sent", "refund_confirm", "expire_unfulfilled", "close_defaulted"),
)

# From, event, signer, conditions, to.
ROWS = (
    (("negotiating",), "counter", "turn", ("counter_fits",), "negotiating"),
    (("negotiating",), "accept", "turn", ("last_terms",), "agreed"),
    (("negotiating",), "reject", "turn", (), "rejected"),
    (("negotiating",), "withdraw", "offerer", (), "withdrawn"),
    (("negotiating",), "expire", "either", ("after valid_until",), "expired"),
    (("agreed", "payment_claimed"), "stock_confirm", SELLER, ("stock_asked",), "same"),
    (("agreed", "payment_claimed"), "stock_fail", SELLER, ("stock_asked",), "refund_or_cancelled"),
    (("agreed",), "cancel", "either", ("nothing_paid",), "cancelled"),
    (("agreed", "payment_claimed"), "pay_proof", BUYER, ("due_before", "claims"), "payment_claimed"),
    (("agreed", *PAID_PHASE, "delivered"), "pay_proof", BUYER, ("due_later", "remainder", "claims"), "same"),
    (("withdrawn", "expired", "cancelled", "refund_due"), "pay_proof", BUYER, ("was_accepted", "claims"), "refund_due"),
    (("payment_claimed",), "pay_confirm", SELLER, ("held", "within_remainder"), "fulfilling_once_paid"),
    (("agreed", *PAID_PHASE), "pay_confirm", SELLER, ("due_later", "within_remainder"), "same"),
    (("delivered",), "pay_confirm", SELLER, ("due_later", "within_remainder"), "completed_once_paid"),
    (("payment_claimed",), "pay_deny", SELLER, (), "same"),
    (("agreed",), "start", SELLER, ("due_later", "held"), "fulfilling"),
    (("agreed",), "expire_unpaid", SELLER, ("due_before", "after pay_by"), "cancelled"),
    (("fulfilling", "partly_shipped"), "ship", SELLER, ("to_send",), "shipped"),
    (("fulfilling", "partly_shipped"), "ready", SELLER, ("to_collect",), "ready"),
    (("shipped",), "received", BUYER, (), "delivered"),
    (("ready",), "received", BUYER, (), "handed_over"),
    (("shipped",), "auto_received", SELLER, ("after confirm_by",), "delivered_or_completed"),
    (("ready",), "auto_received", SELLER, ("settled", "after confirm_by"), "delivered_or_completed"),
    (("ready",), "expire_uncollected", SELLER, ("remainder", "after confirm_by"), "refund_or_cancelled"),
    (("agreed",), "expire_unfulfilled", BUYER, ("due_later", "after fulfil_by"), "refund_or_cancelled"),
    (("payment_claimed", "fulfilling", "partly_shipped", "ready"), "expire_unfulfilled", BUYER, ("after fulfil_by",), "refund_or_cancelled"),
    (("delivered",), "waive", SELLER, ("remainder",), "completed"),
    (("delivered",), "complete", BUYER, ("settled",), "completed"),
    (("delivered",), "complete", SELLER, ("settled", "after dispute_by"), "completed"),
    (("refund_due", "refund_claimed"), "refund_sent", SELLER, ("within_refund",), "refund_claimed"),
    (("refund_claimed",), "refund_confirm", BUYER, (), "refunded"),
    (("refund_claimed",), "refund_confirm", SELLER, ("refunded_in_full", "after confirm_by"), "refunded"),
    (("refund_due", "refund_claimed"), "close_defaulted", BUYER, ("refund_short", "after confirm_by"), "resolved"),
    (("delivered",), "close_defaulted", SELLER, ("remainder", "not_claimed", "after confirm_by"), "resolved"),
    (("delivered",), "close_defaulted", BUYER, ("remainder", "claimed", "after confirm_by"), "resolved"),
)


class Chain:
    """One party's events, as far as they are whole."""

    def __init__(self):
        self.events, self.dead, self.places, self.receipted = [], None, {}, {}
        self.last, self.len, self.saw = None, 0, 0

    def needs(self, place, other, by_receipt):
        """How many of the other's events the author of the event there had seen; None when one of them is not here."""
        if place >= len(self.events):
            return None
        seen, cited = self.events[place].seen, 0
        if seen is not None:
            if seen not in other.places:
                return None
            cited = other.places[seen] + 1
        stored = max((count for at, count in self.receipted.items() if by_receipt and at <= place), default=0)
        return min(max(cited, stored), 2**64 if other.dead is None else other.dead)

    def ready(self, other, by_receipt):
        """The next event, when all that its author had seen is taken in."""
        needed = self.needs(self.len, other, by_receipt)
        return self.events[self.len] if needed is not None and needed <= other.len else None


class Order:
    """An order in the making; its fields are told in docs/orders.md."""

    def __init__(self, order, events, receipts):
        self.id, self.all = order, {event.id: event for event in events}
        offer = self.all.get(order)
        if offer is None or offer.kind != "offer":
            raise Refused("no_offer")
        self.terms = offer.step["terms"]
        if self.role(offer.author) != BUYER:
            raise Refused("wrong_signer")
        if offer.at >= self.terms["valid_until"]:
            raise Refused("offer_over")
        self.state, self.turn, self.last_offer, self.agreed, self.agreed_at = "negotiating", SELLER, offer.id, None, None
        self.rounds = self.claimed = self.confirmed = self.refunds = 0
        self.waived = self.denied = self.accepted = False
        self.stock, self.since, self.contested = "none", offer.at, None
        self.refused, self.history = {}, [offer.id]
        self.chains = {role: self._follow(role) for role in (BUYER, SELLER)}
        for role, chain in self.chains.items():
            self._note_receipts(role, chain, receipts)
        for event in self.all.values():
            if self.role(event.author) is None:
                self.refused[event.id] = "wrong_signer"
        own = self.chains[BUYER]
        own.last, own.len = offer.at, 1
        self._merge()
        done = {*self.history, *self.refused}
        self.pending = sorted(one for one in self.all if one not in done)

    def role(self, device):
        """The side for which a device speaks."""
        return next((role for role in (BUYER, SELLER) if self.terms[role]["device"] == device), None)

    def _follow(self, role):
        chain, places, device = Chain(), {}, self.terms[role]["device"]
        for event in sorted((one for one in self.all.values() if one.author == device), key=lambda one: one.id):
            places.setdefault(event.seq, []).append(event)
            chain.places[event.id] = event.seq
        forks = [place for place, events in places.items() if len(events) > 1]
        if forks:
            self.contested = self.contested or role
            self._bury(chain, places, min(forks), None, "equivocation")
        for place in sorted(places):
            if (chain.dead is not None and place >= chain.dead) or place != len(chain.events):
                break
            event = places[place][0]
            before = chain.events[-1].id if chain.events else None
            cited = self.all.get(event.seen) if event.seen else None
            fits = cited is None or cited.author == self.terms[OTHER[role]]["device"]
            if event.prev == before and fits:
                chain.events.append(event)
            elif fits and event.prev is not None and event.prev not in self.all:
                break
            else:
                self._bury(chain, places, place, chain.dead, "broken_link")
                break
        return chain

    def _bury(self, chain, places, place, end, why):
        chain.dead = place
        for at, events in places.items():
            if at >= place and (end is None or at < end):
                for event in events:
                    self.refused[event.id] = why
                    self.accepted |= event.kind == "accept"

    def _note_receipts(self, role, chain, receipts):
        other = self.chains[OTHER[role]]
        for receipt in receipts:
            if receipt["device"] != self.terms[role]["device"] or receipt["event"] not in other.places:
                continue
            head = receipt["own_head"]
            if head is not None and head not in chain.places:
                continue
            following = 0 if head is None else chain.places[head] + 1
            chain.receipted[following] = max(chain.receipted.get(following, 0), other.places[receipt["event"]] + 1)

    def _merge(self):
        buyer, seller = self.chains[BUYER], self.chains[SELLER]
        while True:
            ready = None
            for by_receipt in (True, False):
                found = ((BUYER, buyer.ready(seller, by_receipt)), (SELLER, seller.ready(buyer, by_receipt)))
                found = [(role, event) for role, event in found if event is not None]
                if found:
                    ready = min(found, key=lambda one: (RACES.index(one[1].kind), one[0] != BUYER))
                    break
            if ready is None:
                break
            self._take(*ready)
        if buyer.dead is not None or seller.dead is not None:
            self._end_contested()

    def _end_contested(self):
        if self.state == "negotiating":
            self.state, self.turn = "expired", None

    def _take(self, role, event):
        own, other = self.chains[role], self.chains[OTHER[role]]
        cited = other.places.get(event.seen)
        if cited is not None and other.dead is not None and cited >= other.dead:
            self._end_contested()
        had_seen = max(own.needs(own.len, other, True) or 0, own.saw)
        late, backwards = had_seen < other.len, own.last is not None and event.at < own.last
        if cited is not None and cited < len(other.events):
            backwards |= other.events[cited].at - event.at > SKEW
        if backwards:
            self.refused[event.id] = "time_backwards"
        else:
            try:
                row = self._judge(role, event)
            except Refused as why:
                if late and self.state in ("withdrawn", "expired") and event.kind == "accept":
                    named = (event.step["offer"], event.step["terms"])
                    self.accepted |= named == (self.last_offer, terms_hash(self.terms))
                self.refused[event.id] = "overtaken" if late else why.code
            else:
                self._apply(role, event, row)
                self.history.append(event.id)
        own.last = event.at if own.last is None else max(own.last, event.at)
        own.len, own.saw = event.seq + 1, min(had_seen, other.len)

    def _judge(self, role, event):
        miss = "wrong_state"
        for start, kind, who, conditions, target in ROWS:
            if kind != event.kind or self.state not in start:
                continue
            if not self._may_sign(who, role):
                if miss == "wrong_state":
                    miss = "out_of_turn" if who == "turn" else "wrong_signer"
                continue
            missed = next((code for code in (self._misses(one, event) for one in conditions) if code), None)
            if missed is None:
                return target
            miss = missed
        raise Refused(miss)

    def _may_sign(self, who, role):
        if who == "turn":
            return self.turn == role
        if who == "offerer":
            return self.turn == OTHER[role]
        return who in ("either", role)

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

    def due(self, name):
        """When a deadline falls; None before it began."""
        if name == "valid_until":
            return self.terms["valid_until"]
        begin = self.agreed_at if name in ("pay_by", "fulfil_by") else self.since
        return None if begin is None else min(begin + self.terms[name.replace("_by", "_within")], 2**64 - 1)

    def _misses(self, condition, event):
        """The reason for which a condition does not hold; None when it holds."""
        if condition.startswith("after "):
            due = self.due(condition[6:])
            return None if due is not None and event.at > due + SKEW else "too_early"
        if condition in ("counter_fits", "last_terms"):
            return self._answers(event)
        if condition == "claims":
            return self._claims(event)
        if condition in ("within_remainder", "within_refund"):
            left = self.remainder() if condition == "within_remainder" else self.refund_left()
            amount = event.step["amount"]
            if amount is not None and amount["currency"] != self.terms["total"]["currency"]:
                return "out_of_range"
            if left <= 0:
                return "nothing_due"
            return None if amount is None or amount["minor"] <= left else "too_much"
        holds, reason = {
            "stock_asked": (self.stock == "asked", "stock_not_asked"),
            "nothing_paid": (self.paid() == 0, "already_paid"),
            "due_before": (self.is_due_before(), "wrong_timing"),
            "due_later": (not self.is_due_before(), "wrong_timing"),
            "remainder": (self.remainder() > 0, "nothing_due"),
            "was_accepted": (self.accepted, "never_accepted"),
            "held": (self.stock == "held", "stock_not_held"),
            "to_send": ("pickup" not in self.terms["delivery"], "wrong_delivery"),
            "to_collect": ("pickup" in self.terms["delivery"], "wrong_delivery"),
            "settled": (self.remainder() == 0, "not_settled"),
            "refunded_in_full": (self.refund_left() == 0, "not_settled"),
            "refund_short": (self.refund_left() > 0, "nothing_due"),
            "not_claimed": (self.paid() < self.total(), "already_paid"),
            "claimed": (self.paid() >= self.total(), "not_settled"),
        }[condition]
        return None if holds else reason

    def _answers(self, event):
        step, mine = event.step, right_of(self.id, self.terms)
        if event.kind == "counter":
            terms = step["terms"]
            same = all(terms[role] == self.terms[role] for role in (BUYER, SELLER)) and right_of(self.id, terms) == mine
            tries = (
                (step["replaces"] == self.last_offer, "not_last_offer"),
                (same and terms["total"]["currency"] == self.terms["total"]["currency"], "other_terms"),
                (self.rounds < 16, "too_many_rounds"),
                (event.at < terms["valid_until"], "offer_over"),
            )
        else:
            tries = (
                (step["offer"] == self.last_offer, "not_last_offer"),
                (step["terms"] == terms_hash(self.terms) and step["right"] == mine, "other_terms"),
            )
        tries = (*tries, (event.at <= self.terms["valid_until"] + SKEW, "offer_over"))
        return next((reason for holds, reason in tries if not holds), None)

    def _claim(self, event):
        amount = event.step["amount"]
        return max(self.total() - self.claimed, 0) if amount is None else amount["minor"]

    def _claims(self, event):
        amount = event.step["amount"]
        if amount is not None and amount["currency"] != self.terms["total"]["currency"]:
            return "out_of_range"
        if self._claim(event) <= 0 and not self.denied:
            return "nothing_due"
        return None if self.claimed + self._claim(event) <= MOST else "too_much"

    def _apply(self, role, event, target):
        before, step = self.state, event.step
        if event.kind == "counter":
            self.terms, self.last_offer, self.turn = step["terms"], event.id, OTHER[role]
            self.rounds += 1
        elif event.kind == "accept":
            self.agreed, self.agreed_at, self.accepted = step["terms"], event.at, True
            self.stock = "held" if role == SELLER else "asked"
        elif event.kind == "stock_confirm":
            self.stock = "held"
        elif event.kind == "stock_fail":
            self.stock = "failed"
        elif event.kind == "pay_proof":
            self.claimed, self.denied = self.claimed + self._claim(event), False
        elif event.kind == "pay_confirm":
            self.confirmed += self.remainder() if step["amount"] is None else step["amount"]["minor"]
        elif event.kind == "pay_deny":
            self.denied = True
        elif event.kind == "waive":
            self.waived = True
        elif event.kind == "refund_sent":
            self.refunds += self.refund_left() if step["amount"] is None else step["amount"]["minor"]
        elif event.kind in ("ship", "received", "auto_received"):
            self.stock = "sold"
        self.state = self._target(target)
        opens = event.kind == "pay_proof" and self.state == "delivered" and self.paid() >= self.total()
        opens |= event.kind == "refund_sent" and self.refund_left() == 0
        if self.state != before or opens:
            self.since = event.at
        if self.state != "negotiating":
            self.turn = None
        if self.state in ("cancelled", "refund_due") and self.stock in ("asked", "held"):
            self.stock = "released"

    def _target(self, target):
        settled, now = self.remainder() == 0, self.state
        on_delivery = self.terms["payment"]["timing"] == "on-delivery"
        special = {
            "same": now,
            "refund_or_cancelled": "refund_due" if self.paid() > 0 else "cancelled",
            "fulfilling_once_paid": "fulfilling" if settled else now,
            "completed_once_paid": "completed" if settled else now,
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
            "history": self.history,
            "refused": {one.hex(): why for one, why in self.refused.items()},
            "pending": self.pending,
        }
