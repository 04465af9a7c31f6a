"""Which epochs stand, under which one is written, and what one that is begun follows and covers: sections 10.2 and 10.3."""

from . import bodies, entry
from .cbor import Refused, write
from .history import PILE, Reader
from .shape import decode
from .sign import hash_of

EPOCH, PARENTS, COVERS = 2, 8, 64


class Held:
    """The keys that a reader holds of a circle's epochs."""

    def __init__(self, told):
        self.control = {bytes.fromhex(one["key"]): bytes.fromhex(one["control"]) for one in told}
        self.content = {bytes.fromhex(one["key"]): bytes.fromhex(one["content"]) for one in told if one["content"]}
        self.topic = {bytes.fromhex(one["key"]) for one in told if one["topic"]}

    def __call__(self, header):
        """The key under which an entry of a circle is read; no bytes when it is not held."""
        keys = self.content if bodies.secrecy(header["kind"]) == "content" else self.control
        return keys.get(header["key"], b"")


class Epochs:
    """The epochs of a circle that a reader knows of, and what it knows of removals."""

    def __init__(self, reader, held):
        self.reader, self.held, self.told, self.met = reader, held, {}, {}
        for found, (raw, header) in reader.held.items():
            if header["kind"] == EPOCH and reader.void(found) is None:
                manifest = bodies.read(EPOCH, raw["p"])["manifest"]
                key = hash_of("epoch", reader.space, write(manifest))
                self.met[key] = manifest
                if self.counts(header):
                    self.told[key] = max(header["at"], self.told.get(key, 0))
        self.roster = reader.roster
        self.standing = {key for key in self.told if self._stands(key)}

    def counts(self, header):
        """Whether an entry counts."""
        counts = self.reader.counts((header["device"], header["log"]))
        return counts == "all" or (isinstance(counts, dict) and header["seq"] <= counts["until"])

    def _stands(self, key):
        if key not in self.told:
            return False
        manifest = self.met[key]
        parents = [parent for parent, _ in manifest["parents"]]
        if not all(self._stands(parent) for parent in parents):
            return False
        return manifest["generation"] == max((1 + self.generation(parent) for parent in parents), default=0)

    def generation(self, key):
        """How many stand before it, the longest way."""
        return self.met[key]["generation"]

    def parents(self, key):
        """Those it follows."""
        return [parent for parent, _ in self.met[key]["parents"] if parent in self.met]

    def before(self, key):
        """Those it follows, directly or over others."""
        return set(self.parents(key)).union(*(self.before(parent) for parent in self.parents(key)))

    def covered(self, key):
        """What an epoch covers: what it names, and what its parents cover."""
        return set(self.met[key]["covers"]).union(*(self.covered(parent) for parent in self.parents(key)))

    def known(self):
        """Removals and revocations that are known here."""
        found = {said["by"] for said in self.roster.removed.values()}
        return found.union(*(self._revocations(person) for person in self.roster.members))

    def _revocations(self, person):
        chains = [chain for chain in self.reader.people.values() if chain["id"] == person]
        return set(chains[0]["revocations"]) if chains else set()

    def covers_what_is_known(self, key):
        """Whether each of its covers is an entry that was opened, or a revocation by somebody who is or was a member."""
        people = {*self.roster.members, *self.roster.removed}
        said = set().union(*(self._revocations(person) for person in people))
        return all(cover in said or self._is_opened(cover) for cover in self.covered(key))

    def _is_opened(self, found):
        raw, header = self.reader.held.get(found, (None, None))
        if raw is None:
            return False
        try:
            entry.open_payload(raw, header, self.held(header) or None)
        except Refused:
            return False
        return True

    def in_use(self):
        """The epoch under which is written; None when there is none."""
        known = self.known()
        fit = [
            key
            for key in self.standing
            if key in self.held.content and known <= self.covered(key) and self.covers_what_is_known(key)
        ]
        return self.newest(fit)

    def newest(self, keys):
        """The one of the greatest generation, of equals with the smallest id; None when there is none."""
        return min(keys, key=lambda key: (-self.generation(key), key), default=None)

    def leads(self):
        """The epoch in use, else the newest whose topic secret is held."""
        return self.in_use() or self.newest(self.standing & self.held.topic)

    def next(self):
        """What an epoch that is begun now follows and covers; None when none may be begun."""
        such = {key for key in self.standing if key in self.held.control and self.covers_what_is_known(key)}
        followed = set().union(*(self.before(key) for key in such))
        heads = sorted(such - followed, key=lambda key: (-self.generation(key), key))[:PARENTS]
        if self.standing and not heads:
            return None
        covered = set().union(*(self.covered(key) for key in heads))
        generation = max((1 + self.generation(key) for key in heads), default=0)
        return {"generation": generation, "parents": sorted(heads), "covers": sorted(self.known() - covered)[:COVERS]}

    def turns(self):
        """The devices of all members in the order in which it is their turn to begin the next epoch."""
        key = self.leads()
        chains = {chain["id"]: chain for chain in self.reader.people.values()}
        devices = [device for person in self.roster.members if person in chains for device in chains[person]["devices"]]
        return sorted(devices, key=lambda device: hash_of("epoch duty", key or self.reader.space, device))


def of(data, context):
    """The epochs of a circle whose entries came in this order, for who holds these keys."""
    pile, held = decode(data, PILE), Held(context["keys"])
    reader = Reader(pile["inception"], pile["chains"], held, context["now"])
    for raw in pile["entries"]:
        reader.take(raw, *entry.check(raw))
    return Epochs(reader, held)


def read(data, context):
    """What stands, under which epoch is written, and what the next one would be."""
    epochs = of(data, context)
    if epochs.roster is None:
        raise Refused("no_roster")
    return {
        "stands": [
            {"key": key, "at": epochs.told[key], "covered": sorted(epochs.covered(key))} for key in sorted(epochs.standing)
        ],
        "known": sorted(epochs.known()),
        "in_use": epochs.in_use(),
        "leads": epochs.leads(),
        "next": epochs.next(),
        "turns": epochs.turns(),
    }
