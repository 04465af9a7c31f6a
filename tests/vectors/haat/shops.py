"""Into which circles a shop is shared, when its keys are renewed, and which terms hold: section 10.4 of the document."""

from . import bodies, entry
from .cbor import read
from .epochs import of
from .history import PILE as HEARD, Reader
from .shape import ID, decode, many, octets, record
from .sign import hash_of

PILE = record(shop=bodies.INCEPTION, circles=many(octets))
SHARE, UNSHARE, CREATE = 6, 14, 64


def key_of(shop, secret):
    """The key id of a generation."""
    return hash_of("shop key", shop, secret)


class Shared:
    """What the creator of a shop said of it in one circle, as its own device reads it."""

    def __init__(self, shop, creator, epochs):
        self.epochs, self.said = epochs, []
        reader = epochs.reader
        for found, (raw, header) in reader.held.items():
            mine = reader.people[header["device"]]["id"] == creator
            if header["kind"] not in (SHARE, UNSHARE) or not mine or reader.void(found) is not None:
                continue
            body = bodies.read(header["kind"], entry.open_payload(raw, header, reader.keys(header)))
            about = bodies.space_of(body["inception"]) if header["kind"] == SHARE else body["shop"]
            if about == shop:
                self.said.append((header["lamport"], found, header, body))
        self.said.sort(key=lambda one: one[:2])
        counting = [header["kind"] for _, _, header, _ in self.said if epochs.counts(header)]
        self.is_shared = counting[-1:] == [SHARE] and creator in epochs.roster.members

    def shares(self):
        """Header and body of each share."""
        return [(header, body) for _, _, header, body in self.said if header["kind"] == SHARE]

    def is_covered(self, header):
        """Whether the epoch of an entry covers the removals that are known in the circle."""
        known, key = self.epochs.known(), header["key"]
        return key in self.epochs.met and known <= self.epochs.covered(key)


def renewal(data, context):
    """Where a shop is shared, its newest key, and whether a new one is drawn before anything is written."""
    pile = read(data)
    PILE(pile)
    shop, creator = bodies.space_of(pile["shop"]), pile["shop"]["creator"]
    circles = [Shared(shop, creator, of(circle, context)) for circle in pile["circles"]]
    keys = {}
    for circle in circles:
        for _, body in circle.shares():
            for generation, secret in [(body["generation"], body["secret"]), *body["earlier"]]:
                keys[key_of(shop, secret)] = generation
    newest = min(keys, key=lambda key: (-keys[key], key), default=None)
    exposed = []
    for circle in circles:
        for header, body in circle.shares():
            if key_of(shop, body["secret"]) == newest and not (circle.is_shared and circle.is_covered(header)):
                exposed.append(circle.epochs.reader.space)
    return {
        "shared": sorted(circle.epochs.reader.space for circle in circles if circle.is_shared),
        "newest": newest,
        "renewed": keys[newest] + 1 if exposed else None,
    }


def terms(data, now):
    """The entry whose terms hold, and its words about returns: the last by lamport time and entry of those that count and are not void."""
    pile = decode(data, HEARD)
    reader = Reader(pile["inception"], pile["chains"], lambda _: b"", now)
    for raw in pile["entries"]:
        reader.take(raw, *entry.check(raw))

    def counts(header):
        until = reader.counts((header["device"], header["log"]))
        return until == "all" or (isinstance(until, dict) and header["seq"] <= until["until"])

    said = [
        (header["lamport"], found)
        for found, (_, header) in reader.held.items()
        if header["kind"] == CREATE and counts(header) and reader.void(found) is None
    ]
    if not said:
        return {"entry": None, "returns": None}
    _, last = max(said)
    raw, header = reader.held[last]
    return {"entry": last, "returns": bodies.read(CREATE, entry.open_payload(raw, header, None))["returns"]}
