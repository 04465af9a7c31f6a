"""Whose event is whose, and the chain of each party: steps 2 and 3 of the fold in docs/orders.md."""

from .cbor import write
from .rows import BUYER, OTHER, SELLER
from .sign import hash_of, holds

UNKNOWN = "unknown"


class Chain:
    """One party's events, as far as they are whole."""

    def __init__(self, device):
        self.events, self.dead, self.places, self.receipted = [], None, {}, {}
        self.devices = [device]
        self.last, self.len, self.saw = None, 0, 0

    def up_to(self, event):
        """The number of events up to one; what fell stands for those before it."""
        place = self.places[event]
        return place if place < len(self.events) and self.events[place].id != event else place + 1

    def needs(self, place, other, by_receipt):
        """How many of the other's events the author of the event there had seen; None when one of them is not here."""
        if place >= len(self.events):
            return None
        seen, cited = self.events[place].seen, 0
        if seen is not None:
            if seen not in other.places:
                return None
            cited = other.up_to(seen)
        stored = max((count for at, count in self.receipted.items() if by_receipt and at <= place), default=0)
        return min(max(cited, stored), 2**64 if other.dead is None else other.dead)

    def ready(self, other, by_receipt):
        """The next event, when all that its author had seen is taken in."""
        needed = self.needs(self.len, other, by_receipt)
        return self.events[self.len] if needed is not None and needed <= other.len else None


class Parties:
    """The chains of both sides, and what is refused because it belongs to neither."""

    def __init__(self, order, terms, events, receipts):
        self.order, self.terms, self.all, self.roles = order, terms, events, {}
        self.refused, self.contested, self.accepted = {}, None, False
        self.places = {BUYER: {}, SELLER: {}}
        for event in sorted(events.values(), key=lambda one: one.id):
            role = self.role_of(event)
            if role is None:
                self._refuse(event, "wrong_signer")
            elif role != UNKNOWN:
                self.places[role].setdefault(event.seq, []).append(event)
        self.chains = {role: self._follow(role, self._heard_of(OTHER[role], receipts)) for role in (BUYER, SELLER)}
        for role in (BUYER, SELLER):
            self._note_receipts(role, receipts)

    def _named(self, device):
        return next((role for role in (BUYER, SELLER) if self.terms[role]["device"] == device), None)

    def role_of(self, event):
        """The party of an event: None is nobody, and `unknown` is told once its `prev` comes."""
        path = []
        while event.id not in self.roles:
            path.append(event.id)
            role = self._named(event.author)
            if role is not None or event.prev is None:
                self.roles[event.id] = role
            elif event.prev not in self.all:
                self.roles[event.id] = UNKNOWN
            else:
                event = self.all[event.prev]
        for one in path:
            self.roles.setdefault(one, self.roles[event.id])
        return self.roles[event.id]

    def side(self, device):
        """The side to whose chain a device belongs or belonged."""
        return next((role for role in (BUYER, SELLER) if device in self.chains[role].devices), None)

    def by_root(self, event, role):
        """Whether the root of the party signed that this device takes the chain over."""
        if event.kind != "takeover" or event.prev is None:
            return False
        inception = event.step["inception"]
        message = write([self.order, event.author, event.prev])
        whose = hash_of("identity", write(inception)) == self.terms[role]["identity"]
        return whose and holds("takeover", inception["root"], message, event.step["sig"])

    def _devices_of(self, role):
        """The devices that a side's chain belongs or belonged to, by what its own devices and its root say."""
        devices = {self.terms[role]["device"]}
        for event in sorted((one for here in self.places[role].values() for one in here), key=lambda one: (one.seq, one.id)):
            if event.kind == "handover" and event.author in devices and event.step["to"] not in self._fixed():
                devices.add(event.step["to"])
            elif self.by_root(event, role):
                devices.add(event.author)
        return devices

    def _fixed(self):
        return [self.terms[name]["device"] for name in (BUYER, SELLER, "resolver") if self.terms[name] is not None]

    def _heard_of(self, role, receipts):
        """The events that a side cites or receipted."""
        devices = self._devices_of(role)
        cited = {event.seen for event in self.all.values() if event.author in devices}
        return cited | {one["event"] for one in receipts if one["device"] in devices}

    def _refuse(self, event, why):
        if self.refused.setdefault(event.id, why) == why and why in ("equivocation", "broken_link"):
            self.accepted |= event.kind == "accept"

    def _stands(self, role, chain, here, heard):
        """The events of a place that stand; the others are refused."""
        before = chain.events[-1].id if chain.events else None
        own = [event for event in here if event.author == chain.devices[-1]]
        rightful = [event for event in here if event.prev == before and self.by_root(event, role)]
        stand = rightful if rightful and not any(event.id in heard for event in own) else own
        for event in here:
            if event not in stand:
                fallen = "overtaken" if event in rightful else "wrong_signer"
                self._refuse(event, "handed_over" if event.author in chain.devices else fallen)
        return stand, before

    def _follow(self, role, heard):
        chain, places = Chain(self.terms[role]["device"]), self.places[role]
        chain.places = {event.id: place for place, here in places.items() for event in here}
        while chain.dead is None:
            place = len(chain.events)
            stand, before = self._stands(role, chain, places.get(place, []), heard)
            if len(stand) > 1:
                self._kill(chain, role, place, None, "equivocation")
            elif stand and self._belongs(stand[0], before, role):
                chain.events.append(stand[0])
                self._pass_on(chain, stand[0], role)
            else:
                self._end(chain, role, place, stand)
                break
        return chain

    def _belongs(self, event, before, role):
        cited = self.all.get(event.seen)
        return event.prev == before and (cited is None or self.role_of(cited) != role)

    def _pass_on(self, chain, event, role):
        if event.kind == "handover" and event.step["to"] not in self._fixed():
            chain.devices.append(event.step["to"])
        elif event.kind == "takeover" and event.author != chain.devices[-1]:
            chain.devices.append(event.author)

    def _end(self, chain, role, place, stand):
        device = chain.devices[-1]
        doubled = [at for at, here in self.places[role].items() if at >= place and sum(one.author == device for one in here) > 1]
        fork = min(doubled, default=None)
        if fork is not None:
            self._kill(chain, role, fork, None, "equivocation")
        for event in stand:
            cited = self.all.get(event.seen)
            if event.prev in self.all or (cited is not None and self.role_of(cited) == role):
                self._kill(chain, role, place, fork, "broken_link")

    def _kill(self, chain, role, place, end, why):
        """Nothing of the party counts from a place on (up to another)."""
        chain.dead = place
        if why == "equivocation":
            self.contested = self.contested or role
        for at, here in self.places[role].items():
            if at >= place and (end is None or at < end):
                for event in here:
                    self._refuse(event, why)

    def _note_receipts(self, role, receipts):
        chain, other = self.chains[role], self.chains[OTHER[role]]
        for receipt in receipts:
            head, event = receipt["own_head"], receipt["event"]
            if receipt["device"] not in chain.devices or event not in other.places or (head is not None and head not in chain.places):
                continue
            following = 0 if head is None else chain.places[head] + 1
            chain.receipted[following] = max(chain.receipted.get(following, 0), other.up_to(event))
