"""A reader to whom ends of logs and forks are told late, and who then lets a branch go: section 8.3 of the document."""

from . import entry, identity
from .bodies import INCEPTION
from .history import Reader
from .shape import decode, many, record
from .wire import ITEM

PILE = record(inception=INCEPTION, items=many(ITEM))
WAITS, PARKED = ("time", "writer", "predecessor"), 4_096


class Late(Reader):
    """What is held of one space, and what waits: one entry for each place."""

    def __init__(self, inception, keys, now):
        super().__init__(inception, [], keys, now)
        self.chains, self.parked = {}, {}

    def come(self, item):
        """What becomes of an item, and then of what waited."""
        (name, value) = next(iter(item.items()))
        became = getattr(self, f"_{name}")(value)
        self._retry()
        return became

    def _entry(self, raw):
        triple = (raw, *entry.check(raw))
        place = _place(triple)
        named = self._named(place[0])
        if named and named[0] <= place[1] <= named[1]["seq"]:
            return self._fit(triple, *named)
        became = self.take(*triple)
        if became in WAITS:
            self.parked.setdefault(place, triple)
        self._let_go()
        return became

    def _identity(self, chain):
        found = identity.check(chain)
        held = self.chains.get(found["id"])
        if held is not None and not identity.beats(found, held):
            return "known"
        self.chains[found["id"]] = found
        # A device that two identities name is held to be that of the smaller id.
        chains = sorted(self.chains.values(), key=lambda one: one["id"], reverse=True)
        self.people = {device: one for one in chains for device in [*one["devices"], *one["revoked"]]}
        self._let_go()
        return "kept"

    def _fork(self, proof):
        shown = entry.check_fork(proof)
        log, seq = (shown["log"]["device"], shown["log"]["number"]), shown["seq"]
        if self.counts(log) is None:
            return "writer"
        if log in self.forks and self.forks[log] <= seq:
            return "known"
        self.forks[log] = seq
        self._let_go()
        return "kept"

    def _named(self, log):
        """The lowest fork and the named end of a log that is forked there or before, when the end is not held; None otherwise."""
        fork = self.forks.get(log)
        if fork is None or log[0] not in self.people:
            return None
        end = identity.end_of(self.people[log[0]], self.space, *log)
        if not isinstance(end, dict) or end["seq"] < fork or self.places.get((log, end["seq"])) == end["id"]:
            return None
        return fork, end

    def _let_go(self):
        """Lets go what is held from a fork on where another branch is named."""
        for log in {log for log, _ in self.places}:
            named = self._named(log)
            gone = sorted(seq for one, seq in self.places if one == log and named and seq >= named[0])
            if not gone:
                continue
            before = self.before[self.places[log, gone[0]]]
            for seq in gone:
                found = self.places.pop((log, seq))
                del self.held[found], self.before[found]
            del self.ends[log]
            if before is not None:
                self.ends[log] = before
        self.fold()

    def _fit(self, triple, fork, end):
        """An entry between the fork and the end of the branch that is named."""
        (log, seq), known, wanted = _place(triple), [], end["id"]
        while end["seq"] - len(known) >= fork:
            place = (log, end["seq"] - len(known))
            one = triple if place[1] == seq else self.parked.get(place)
            if one is None or one[1] != wanted:
                break
            known.append(one)
            wanted = one[2]["prev"]
        if end["seq"] - len(known) < fork:
            return self._take_branch(known, wanted, log)
        if end["seq"] - len(known) == seq:
            return "unlinked"
        if seq - fork < PARKED:
            self.parked[log, seq] = triple
        return "predecessor"

    def _take_branch(self, known, before, log):
        """All of the branch is there."""
        for one in known:
            self.parked.pop(_place(one), None)
        head = self.ends.get(log)
        if before != (bytes.fromhex(head["id"]) if head else None):
            return "unlinked"
        for one in reversed(known):
            self.take(*one)
        return "kept"

    def _retry(self):
        """Tries what waits, until nothing changes."""
        changed = True
        while changed:
            changed = False
            for place, triple in sorted(self.parked.items(), key=lambda one: one[0]):
                if self.parked.get(place) is triple and self._entry(triple[0]) not in WAITS:
                    self.parked.pop(place, None)
                    changed = True


def _place(triple):
    header = triple[2]
    return (header["device"], header["log"]), header["seq"]


def read(data, key, now):
    """What becomes of each item, what is held and waits in the end, how far logs count and what has an effect."""
    pile = decode(data, PILE)
    reader = Late(pile["inception"], lambda _: key, now)
    came = [reader.come(item) for item in pile["items"]]
    logs = sorted({log for log, _ in reader.places})
    return {
        "came": came,
        "logs": [
            {
                "device": log[0],
                "number": log[1],
                "entries": [found for (one, _), found in sorted(reader.places.items()) if one == log],
                "counts": reader.counts(log),
            }
            for log in logs
        ],
        "waits": sorted(found for _, found, _ in reader.parked.values()),
        "effects": [{"entry": found, "void": reader.void(found)} for found in sorted(reader.held)],
    }
