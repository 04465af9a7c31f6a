"""A reader that is handed the entries of a space one by one, and works out the rest: sections 8 and 9 of the document."""

from . import admission, bodies, entry, identity
from .bodies import INCEPTION
from .cbor import Refused
from .roster import Circle, Op
from .shape import decode, many, record

PILE = record(inception=INCEPTION, chains=many(identity.CHAIN), entries=many(entry.ENTRY))
MEMBERSHIP = (1, 3, 4, 5, 7, 10, 11, 12, 13, 15, 16)


def least(one, other):
    """What counts of a log of which two say something."""
    if "none" in (one, other):
        return "none"
    ends = [said["until"] for said in (one, other) if said != "all"]
    return {"until": min(ends)} if ends else "all"


class Reader:
    """What is held of one space."""

    def __init__(self, inception, chains, keys, now):
        """`keys` gives the key under which the kind of a header is read; no bytes when it is not held."""
        self.inception, self.keys, self.now = inception, keys, now
        self.space = bodies.space_of(inception)
        self.people = {}
        for chain in chains:
            found = identity.check(chain)
            self.people |= {device: found for device in [*found["devices"], *found["revoked"]]}
        self.held, self.before, self.places, self.ends, self.forks = {}, {}, {}, {}, {}
        self.opened, self.roster = {}, None

    def own(self, log):
        """What the chain of its person and the lowest known fork let stand of a log."""
        end = identity.end_of(self.people[log[0]], self.space, *log)
        return identity.counts(end, self.forks.get(log))

    def counts(self, log):
        """What counts of a log; None when nobody is known to write it."""
        found = self.people.get(log[0])
        if found is None:
            return None
        person = found["id"]
        if self.roster is not None:
            is_known = person in self.roster.members or person in self.roster.removed
            return least(self.roster.counts(person, log), self.own(log)) if is_known else None
        begins = self.inception["sort"] == "shop" or log[0] == self.inception["device"]
        return self.own(log) if begins and person == self.inception["creator"] else None

    def take(self, raw, found, header):
        """What becomes of an entry that comes."""
        log = (header["device"], header["log"])
        place, counts, here = (log, header["seq"]), self.counts(log), header["space"] == self.space
        there = self.places.get(place)
        context = {
            "now": self.now,
            "sort": self.inception["sort"] if here else None,
            "created": self.inception["created"],
            "writers": {} if counts is None else {header["device"].hex(): ""},
            "counts": counts,
            "log": self.ends.get(log),
            "there": there and there.hex(),
        }
        try:
            end = admission.keep_read((raw, found, header), context)
        except Refused as refused:
            if refused.code == "fork":
                self.forks[log] = min(header["seq"], self.forks.get(log, header["seq"]))
                self.fold()
            return refused.code
        if there == found:
            return "known"
        self.held[found], self.before[found] = (raw, header), self.ends.get(log)
        self.places[place], self.ends[log] = found, end
        self.fold()
        return "kept"

    def fold(self):
        """The roster, when there is one, from what takes effect and nothing sets aside."""
        ops = []
        for found, (_, header) in self.held.items():
            counts = self.own((header["device"], header["log"]))
            stands = counts == "all" or (counts != "none" and header["seq"] <= counts["until"])
            if header["kind"] in MEMBERSHIP and stands:
                try:
                    body = self.judge(found, None).effect()
                except Refused:
                    continue
                ops.append(Op(found, header, self.people[header["device"]]["id"], body))
        try:
            self.roster = Circle(self.space, ops).fold()
        except Refused:
            self.roster = None

    def role(self, found):
        """The role that the author of a kept entry had at its place."""
        header = self.held[found][1]
        given = self.roster.roles.get(self.people[header["device"]]["id"], []) if self.roster else []
        before = [said["role"] for said in given if (said["lamport"], said["entry"]) < (header["lamport"], found)]
        return before[-1] if before else "member"

    def judge(self, found, norms):
        """The body stage of a kept entry."""
        raw, header = self.held[found]
        context = {
            "writers": {device.hex(): chain["id"].hex() for device, chain in self.people.items()},
            "shops": {self.space.hex(): self.inception["creator"].hex()} if self.inception["sort"] == "shop" else {},
            "norms": norms,
            "role": self.role(found),
            "key": self.keys(header).hex(),
        }
        end = admission.follow(self.before[found], found, header)
        return admission.Judge((raw, header), end, self.held, context)

    def void(self, found):
        """Why an entry has no effect; None when it has."""
        norms = self.roster and {version: (said["at"], said["norms"]) for version, said in self.roster.norms.items()}
        try:
            self.judge(found, norms).effect()
        except Refused as refused:
            return refused.code
        return None


def read(data, key, now):
    """What becomes of each entry, where the logs end in the end, and what has no effect."""
    pile = decode(data, PILE)
    reader = Reader(pile["inception"], pile["chains"], lambda _: key, now)
    came = [reader.take(raw, *entry.check(raw)) for raw in pile["entries"]]
    return {
        "came": came,
        "logs": [
            {"device": log[0], "number": log[1], "end": end, "counts": reader.counts(log)} for log, end in sorted(reader.ends.items())
        ],
        "effects": [{"entry": found, "void": reader.void(found)} for found in sorted(reader.held)],
    }
