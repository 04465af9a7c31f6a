"""Who holds a circle and takes part in a run of sync: streams, what waits, what is handed over (11.3, 11.4)."""

from . import entry, identity, records, wire
from .cbor import write
from .entry import ENTRY
from .identity import CHAIN
from .records import SIGNED
from .shape import ID, many, record
from .sign import hash_of

SIDE = record(device=ID, topics=many(ID), entries=many(ENTRY), chains=many(CHAIN), records=many(SIGNED))
SCOPES = ("circle", "people", "records")


class Side:
    """One of the two."""

    def __init__(self, space, told):
        self.space, self.device, self.topics = space, told["device"], told["topics"]
        self.logs, self.waits, self.chains, self.records = {}, {}, {}, {}
        self.take([{"identity": chain} for chain in told["chains"]])
        self.take([{"entry": raw} for raw in told["entries"]])
        self.take([{"record": signed} for signed in told["records"]])

    def take(self, items):
        """Takes in what came."""
        for item in items:
            (name, value) = next(iter(item.items()))
            getattr(self, f"_{name}")(value)

    def _entry(self, raw):
        found, header = entry.check(raw)
        key = (header["device"], header["log"])
        log = self.logs.setdefault(key, [])
        if header["space"] != self.space:
            return
        if header["seq"] < len(log):
            held = log[header["seq"]]
            if held[0] == found and held[2]["p"] is None:
                log[header["seq"]] = (found, header, raw)
            return
        self.waits.setdefault((key, header["seq"]), (found, header, raw))
        while (key, len(log)) in self.waits:
            one = self.waits.pop((key, len(log)))
            if log and one[1]["prev"] != log[-1][0]:
                break
            log.append(one)

    def _identity(self, chain):
        found = identity.check(chain)
        held = self.chains.get(found["id"])
        if held is None or identity.beats(found, held[0]):
            self.chains[found["id"]] = (found, chain)

    def _record(self, signed):
        said = records.read_record(signed)
        slot = next(iter(said["claim"]))
        held = self.records.get((said["device"], slot))
        if held is None or (held[0]["issued"], held[1]["bytes"]) < (said["issued"], signed["bytes"]):
            self.records[said["device"], slot] = (said, signed)

    def _fork(self, _):
        pass

    def streams(self, scope):
        """Key, height and head of each stream of a scope, in order."""
        if scope == "circle":
            found = [
                [{"log": {"space": self.space, "device": device, "number": number}}, len(log), log[-1][0]]
                for (device, number), log in self.logs.items()
                if log
            ]
        elif scope == "people":
            found = [[{"identity": person}, one["height"], one["head"]] for person, (one, _) in self.chains.items()]
        else:
            found = [
                [{"record": [device, slot]}, said["issued"], hash_of("sync digest", signed["bytes"])]
                for (device, slot), (said, signed) in self.records.items()
            ]
        return sorted(found, key=lambda stream: wire.place_of(stream[0]))

    def height(self, key):
        """How much of a stream is held."""
        return next((height for scope in SCOPES for one, height, _ in self.streams(scope) if one == key), 0)

    def head(self, key):
        """What stands at its end."""
        return next((head for scope in SCOPES for one, _, head in self.streams(scope) if one == key), None)

    def runs(self, key):
        """Entries of a log that wait for earlier ones: first, and how many."""
        log = key.get("log") if key else None
        if log is None:
            return []
        waiting, found = sorted(seq for one, seq in self.waits if one == (log["device"], log["number"])), []
        for seq in waiting:
            if found and sum(found[-1]) == seq:
                found[-1] = (found[-1][0], found[-1][1] + 1)
            else:
                found.append((seq, 1))
        return found

    def holes(self):
        """Places of entries without their payload: number of the stream, and sequence."""
        found = []
        for stream, (key, _, _) in enumerate(self.streams("circle")):
            log = self.logs[key["log"]["device"], key["log"]["number"]]
            found += [(stream, seq) for seq, one in enumerate(log) if one[2]["p"] is None]
        return found

    def items(self, wants):
        """What is handed over for (key, first, how many or None): identities, entries by lamport and id, records."""
        people, entries, rest = [], {}, []
        for key, first, count in wants:
            (name, value) = next(iter(key.items()))
            if name == "log":
                log = self.logs.get((value["device"], value["number"]), [])
                for one in log[first : None if count is None else first + count]:
                    entries[one[1]["lamport"], one[0]] = {"entry": one[2]}
            elif name == "identity":
                people.append({"identity": self.chains[value][1]})
            else:
                rest.append({"record": self.records[tuple(value)][1]})
        return people + [entries[place] for place in sorted(entries)] + rest

    def summary(self, scope, joint):
        """What is said of a scope in a comparison."""
        state, names = wire.summary(self.streams(scope), joint)
        return {"scope": scope, "state": state, "names": names}

    def heights(self, theirs, joint):
        """What is answered to that; None when both hold the same."""
        mine = self.streams(theirs["scope"])
        state, names = wire.summary(mine, joint)
        if state == theirs["state"]:
            return None
        is_named = names != theirs["names"]
        return {"scope": theirs["scope"], "names": names, "named": is_named, "rows": wire.rows_of(mine, is_named, joint)}

    def shown(self):
        """Where every stream ends."""
        return [[write(key), height] for scope in SCOPES for key, height, _ in self.streams(scope)]
