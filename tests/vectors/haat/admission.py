"""Whether an entry is kept, and whether it has an effect: section 8 of the document."""

from . import bodies, entry
from .cbor import Refused
from .shape import decode

MINUTE, DAY = 60_000, 86_400_000
LOWER = {"vouches": "vouches_per_day", "posts": "posts_per_day", "recommendations": "recommendations_per_day", "reviews": "reviews_per_day"}
RANK = {"member": 0, "steward": 1, "owner": 2}
JUDGED = (6, 8, 9, 32, 33, 34, 35, 36)


def need(holds, code):
    """Refuses with the code what does not hold."""
    if not holds:
        raise Refused(code)


def cited(header):
    """The version of the norms that an entry cites; None when the extension has another form."""
    value = header["extensions"].get("norms")
    if value is None:
        return 0
    version = int.from_bytes(value, "big")
    return version if len(value) == 8 and 0 < version < 2**53 else None


def follow(end, found, header):
    """The end of a log once this entry is kept behind that one."""
    day = max(header["at"] // DAY, end["day"] if end else 0)
    same = end is not None and end["day"] == day
    kinds = dict(end["kinds"]) if same else {}
    kinds[str(header["kind"])] = kinds.get(str(header["kind"]), 0) + 1
    unknown = header["kind"] not in bodies.KINDS and header["flags"] & entry.CRITICAL
    stops = unknown or any(key.startswith("!") for key in header["extensions"])
    stopped = end["stopped"] if end else None
    return {
        "id": found.hex(),
        "seq": header["seq"],
        "lamport": header["lamport"],
        "day": day,
        "entries": (end["entries"] if same else 0) + 1,
        "kinds": kinds,
        "norms": max(end["norms"] if end else 0, cited(header) or 0),
        "stopped": header["seq"] if stopped is None and stops else stopped,
    }


def keep(data, context):
    """The end of the log after the header stage; a refusal also where an entry waits."""
    return keep_read(entry.read(data), context)


def keep_read(triple, context):
    """The same for an entry that was read."""
    raw, found, header = triple
    end, seq, kind = context["log"], header["seq"], header["kind"]
    if end is not None and seq <= end["seq"] and context["there"] is not None:
        need(context["there"] == found.hex(), "fork")
        return end
    need(header["at"] <= context["now"] + 10 * MINUTE, "time")
    need(header["device"].hex() in context["writers"], "writer")
    counts = context["counts"]
    last = {"all": 2**64, "none": -1}[counts] if isinstance(counts, str) else counts["until"]
    need(seq <= last + 64, "beyond")
    need(seq == (end["seq"] + 1 if end else 0), "predecessor")
    need(header["prev"] == (bytes.fromhex(end["id"]) if end else None), "unlinked")
    need(context["sort"] is not None, "writer")
    need((context["sort"] == "shop") == (64 <= kind < 96), "kind")
    days = max(header["at"] // DAY - context["created"] // DAY, 0)
    need(seq > 0 or header["log"] < 4_096 * (1 + days), "number")
    need(raw["p"] is not None or bodies.KINDS.get(kind, (0, "content"))[1] == "content", "hollow")
    after = follow(end, found, header)
    need(after["entries"] <= (50_000 if context["sort"] == "shop" else 2_000), "day")
    return after


class Judge:
    """The body stage for one entry."""

    def __init__(self, one, end, held, context):
        self.context, self.held, self.end = context, held, end
        self.raw, self.header = one
        self.author = self.person(self.header["device"])

    @classmethod
    def told(cls, data, context):
        """The same where the context tells the end of the log before it, what is held, and the norms."""
        raw, found, header = entry.read(data)
        held = {}
        for hex_text in context["held"]:
            other_raw, other, other_header = entry.read(bytes.fromhex(hex_text))
            held[other] = (other_raw, other_header)
        every = None
        if context["norms"] is not None:
            read = [(told["at"], decode(bytes.fromhex(told["norms"]), bodies.NORMS)) for told in context["norms"]]
            every = {norms["version"]: (at, norms) for at, norms in read}
        return cls((raw, header), follow(context["log"], found, header), held, context | {"norms": every})

    def person(self, device):
        """Whose device this is."""
        return bytes.fromhex(self.context["writers"].get(device.hex(), ""))

    def keeper(self, shop):
        """Who keeps a shop; no bytes when it is not known."""
        return bytes.fromhex(self.context["shops"].get(shop.hex(), ""))

    def effect(self):
        """The body that takes effect."""
        need(self.end["stopped"] is None, "stopped")
        kind = self.header["kind"]
        need(kind in bodies.KINDS, "newer")
        key = bytes.fromhex(self.context["key"]) if self.context["key"] else None
        plain = entry.open_payload(self.raw, self.header, key)
        self._lamport()
        body = bodies.read(kind, plain)
        name, _, quota, _, _ = bodies.KINDS[kind]
        need(name != "epoch" or self._counted(("epoch",)) <= 100, "epochs")
        if kind in JUDGED and self.context["norms"] is not None:
            self._norms(kind, name, quota, body)
        need(name != "norms" or self._counted(("norms",)) <= 16, "quota")
        self._author(name, body)
        return body

    def _lamport(self):
        names = [*([self.header["prev"]] if self.header["prev"] else []), *self.header["refs"]]
        times = [self.held[one][1]["lamport"] for one in names if one in self.held]
        least, is_whole = 1 + max(times, default=0), len(times) == len(names)
        lamport = self.header["lamport"]
        need(lamport == least if is_whole else lamport >= least, "lamport")

    def _counted(self, names):
        return sum(count for kind, count in self.end["kinds"].items() if bodies.KINDS.get(int(kind), ("",))[0] in names)

    def _norms(self, kind, name, quota, body):
        every = self.context["norms"]
        version = cited(self.header)
        need(version is not None and version >= self.end["norms"], "norms_cited")
        need(version in every, "norms_missing")
        after = every.get(version + 1)
        need(after is None or self.header["at"] <= after[0] + DAY, "norms_over")
        norms = every[version][1]
        if quota is not None:
            together = [other for other, _, counted, _, _ in bodies.KINDS.values() if counted == quota]
            need(self._counted(together) <= norms[LOWER[quota]], "quota")
        need(kind not in norms["denied"], "denied")
        need(name != "share" or RANK[self.context["role"]] >= RANK[norms["sell"]], "role")
        if name != "recommend":
            return
        need(norms["interest"] == "any" or body["interest"] == "none", "denied")
        bands = {band["currency"]: band for band in norms["prices"]}
        for price in self._prices(body["listing"]["version"]):
            band = bands.get(price["currency"])
            need(band is None or band["min"] <= price["minor"] <= band["max"], "band")

    def _prices(self, version):
        raw, header = self.held.get(version, (None, None))
        if raw is None or header["kind"] != 65:
            return []
        return [variant["price"] for variant in bodies.read(65, entry.open_payload(raw, header, None))["variants"]]

    def _author(self, name, body):
        me = self.author
        if name == "vouch":
            need(body["identity"] != me, "not_theirs")
        elif name == "retract" and body["entry"] in self.held:
            header = self.held[body["entry"]][1]
            need(self.person(header["device"]) == me and header["space"] == self.header["space"], "not_theirs")
        elif name == "review":
            need(me in (body["right"]["right"]["buyer"], body["right"]["right"]["seller"]), "not_theirs")
        elif name == "recommend":
            need(body["interest"] == "seller" or self.keeper(body["listing"]["shop"]) != me, "undisclosed")
        elif name == "share":
            need(body["inception"]["creator"] == me, "not_theirs")
        elif name == "unshare":
            need(self.keeper(body["shop"]) in (b"", me), "not_theirs")
        elif name in ("circle_create", "shop_create"):
            inception = body["inception"]
            need(bodies.space_of(inception) == self.header["space"] and inception["creator"] == me, "not_theirs")
