"""Who is in a circle: the fold over its membership entries, after section 9 of the document."""

from . import bodies, entry, identity
from .cbor import Refused
from .shape import ID, decode, many, record
from .sign import holds

PILE = record(space=ID, chains=many(identity.CHAIN), entries=many(entry.ENTRY))
RANK = {"member": 0, "steward": 1, "owner": 2}
ROUNDS, RIVALS, MEMBERS, REQUESTS = 64, 256, 500, 500


class Op:
    """A membership entry: what the fold needs of its header, and its body."""

    def __init__(self, found, header, author, body):
        self.id, self.author, self.body, self.kind = found, author, body, bodies.KINDS[header["kind"]][0]
        self.lamport, self.at, self.seq = header["lamport"], header["at"], header["seq"]
        self.log = (header["device"], header["log"])
        self.proven = False
        self.whom = {"member_remove": body.get("identity"), "member_leave": author}.get(self.kind)
        if self.whom is not None:
            self.cuts = self._cuts()

    def _cuts(self):
        """Per log the lowest cut; whoever leaves cuts the log of the leave there, and nowhere else."""
        found = {}
        for cut in self.body["cuts"]:
            lowest(found, cut)
        if self.kind == "member_leave":
            found[self.log] = self.here()
        return found

    def here(self):
        """The cut of its own log at itself."""
        return {"device": self.log[0], "log": self.log[1], "seq": self.seq, "id": self.id}


def lowest(cuts, cut):
    """Keeps the lower cut of each log."""
    log = (cut["device"], cut["log"])
    if log not in cuts or (cut["seq"], cut["id"]) < (cuts[log]["seq"], cuts[log]["id"]):
        cuts[log] = cut


def heir_of(members):
    """Who becomes owner: without an owner who was let in first, stewards before members."""
    if members and not any(member["role"] == "owner" for member in members.values()):
        return min(members, key=lambda one: (-RANK[members[one]["role"]], members[one]["lamport"], members[one]["by"]))
    return None


class Circle:
    """All entries of one circle, in order and without doubles."""

    def __init__(self, space, ops):
        self.space = space
        self.ops = sorted({op.id: op for op in ops}.values(), key=lambda op: (op.lamport, op.id))
        self.begin = next((op for op in self.ops if self._begins(op)), None)
        if self.begin is None:
            raise Refused("no_roster")
        invites = {op.id: op.body for op in self.ops if op.kind == "invite"}
        for op in self.ops:
            if op.kind in ("member_add", "join_request"):
                invite, body = invites.get(op.body["invite"]), op.body
                message = space + body["identity"] + body["device"]
                op.proven = invite is not None and op.at <= invite["expires"] and holds("invite", invite["key"], message, body["proof"])
        self.adds = [op for op in self.ops if op.kind == "member_add" and op.proven]
        self.removals = [op for op in self.ops if op.whom is not None]

    def _begins(self, op):
        if op.kind != "circle_create":
            return False
        inception = op.body["inception"]
        return (
            bodies.space_of(inception) == self.space
            and (op.author, op.log, op.seq) == (inception["creator"], (inception["device"], 0), 0)
        )

    def beats(self, one, other):
        """Whether a removal removes the other's author, and the other lies beyond it."""
        if one.whom != other.author or one.id == other.id:
            return False
        if other.log in one.cuts:
            return other.seq > one.cuts[other.log]["seq"]
        return not any(add.body["identity"] == one.whom and one.lamport < add.lamport < other.lamport for add in self.adds)

    def settle(self, standing, fresh):
        """Those of the rightful removals that stand now."""
        fresh = [one for one in fresh if not any(self.beats(other, one) for other in standing)]
        by = {one.id: [other for other in fresh if self.beats(other, one)] for one in fresh}
        unbeaten = [one for one in fresh if not by[one.id]]
        if unbeaten or not fresh:
            return unbeaten
        first = {one.id for one in fresh[:RIVALS]}

        def leading(to):
            found, queue = {to.id: to}, [to]
            while queue:
                for other in by[queue.pop().id]:
                    if other.id in first and other.id not in found:
                        found[other.id] = other
                        queue.append(other)
            return found

        order = {one.id: place for place, one in enumerate(fresh)}
        starts = sorted(leading(fresh[0]).values(), key=lambda one: order[one.id])
        return list(min((leading(one) for one in starts), key=len).values())

    def fold(self):
        """The roster."""
        standing, barred = [], set()
        walk = Walk(self, standing)
        for _ in range(ROUNDS):
            held = {one.id for one in standing}
            fresh = self.settle(standing, [one for one in walk.rightful if one.id not in held | barred])
            if not fresh:
                rightful = {one.id for one in walk.rightful}
                lost = [one for one in self.removals if one.id in held - rightful]
                if not lost:
                    break
                barred.add(lost[-1].id)
                standing = []
            standing = standing + fresh
            walk = Walk(self, standing)
        walk.raise_cuts()
        return walk


class Walk:
    """One walk through the entries, with the removals that stand."""

    def __init__(self, circle, standing):
        self.circle, self.rightful, self.fallen, self.removed = circle, [], {}, {}
        ids = {one.id for one in standing}
        self.standing = [one for one in circle.removals if one.id in ids]
        begin = circle.begin
        self.name, norms = begin.body["name"], begin.body["norms"]
        self.norms = {0: {"entry": begin.id, "at": begin.at, "norms": norms}}
        self.members, self.roles = {}, {}
        self._admit(begin.author, "owner", begin.body["creator_name"], begin)
        self.invites, self.requests, self.declined = {}, {}, {}
        self.cuts = {}
        for one in self.standing:
            cuts = self.cuts.setdefault(one.whom, [{}, 0])
            cuts[1] = max(cuts[1], one.lamport)
            for cut in one.cuts.values():
                lowest(cuts[0], cut)
        for op in circle.ops:
            if op.whom is not None:
                if self._is_rightful(op):
                    self.rightful.append(op)
                if op.id in ids:
                    self._fall(op)
            elif op.author in self.members and not self._is_beyond(op):
                getattr(self, f"_{op.kind}", lambda _: None)(op)

    def _admit(self, person, role, name, op):
        self.members[person] = {"role": role, "name": name, "by": op.id, "since": op.at, "lamport": op.lamport}
        if role != "member" or person in self.roles:
            self._has_role(person, role, op)

    def _has_role(self, person, role, op):
        """From this place in the order on."""
        self.roles.setdefault(person, []).append({"lamport": op.lamport, "entry": op.id, "role": role})

    def _is_beyond(self, op):
        cuts, lamport = self.cuts.get(op.author, ({}, 0))
        return op.seq > cuts[op.log]["seq"] if op.log in cuts else op.lamport <= lamport

    def _had(self, person):
        return self.members[person]["role"] if person in self.members else self.fallen.get(person)

    def _is_rightful(self, op):
        by, whom = self._had(op.author), self._had(op.whom)
        if by is None or whom is None:
            return False
        if op.kind == "member_leave":
            return True
        return op.author != op.whom and (by == "owner" or (by == "steward" and whom == "member"))

    def _fall(self, op):
        whom, gone = op.whom, self.members.pop(op.whom, None)
        self.invites = {found: invite for found, invite in self.invites.items() if invite["by"] != whom}
        left = op.kind == "member_leave"
        said = {"by": op.id, "lamport": op.lamport, "left": left, "cuts": dict(op.cuts)}
        before = self.removed.get(whom)
        if before is not None:
            cuts = dict(before["cuts"])
            for cut in said["cuts"].values():
                lowest(cuts, cut)
            later = gone is not None or (before["left"] and not left)
            both = left and (gone is not None or before["left"])
            by = op.id if later else before["by"]
            said = {"by": by, "lamport": max(before["lamport"], op.lamport), "left": both, "cuts": cuts}
        self.removed[whom] = said
        if gone is not None:
            self.fallen[whom] = gone["role"]
        heir = heir_of(self.members)
        if heir is not None:
            self.members[heir]["role"] = "owner"
            self._has_role(heir, "owner", op)

    def _rank(self, op):
        return RANK[self.members[op.author]["role"]]

    def _now(self):
        return self.norms[max(self.norms)]["norms"]

    def _invite(self, op):
        if self._rank(op) >= RANK[self._now()["invite"]]:
            self.invites[op.id] = {"by": op.author, "uses": op.body["uses"], "admitted": [], "revoked": False}

    def _invite_revoke(self, op):
        invite = self.invites.get(op.body["invite"])
        if invite and (invite["by"] == op.author or self._rank(op) >= 1):
            invite["revoked"] = True

    def _would_admit(self, op):
        invite, person = self.invites.get(op.body["invite"]), op.body["identity"]
        usable = invite and not invite["revoked"] and len(invite["admitted"]) < invite["uses"]
        return op.proven and usable and person not in invite["admitted"]

    def _member_add(self, op):
        may = not self._now()["approval"] or self._rank(op) >= 1
        if not (may and self._would_admit(op) and len(self.members) < MEMBERS):
            return
        person = op.body["identity"]
        self.invites[op.body["invite"]]["admitted"].append(person)
        if person not in self.members:
            self._admit(person, "member", op.body["name"], op)
        self.fallen.pop(person, None)
        self.requests.pop(person, None)

    def _join_request(self, op):
        person, invite = op.body["identity"], op.body["invite"]
        new = person not in self.members and person not in self.requests and (person, invite) not in self.declined
        if new and self._would_admit(op) and len(self.requests) < REQUESTS:
            self.requests[person] = {"entry": op.id, "invite": invite}

    def _join_decline(self, op):
        request = self.requests.get(op.body["identity"])
        if request and self._rank(op) >= 1:
            del self.requests[op.body["identity"]]
            self.declined[op.body["identity"], request["invite"]] = op.body["reason"]

    def _norms(self, op):
        norms, last = op.body["norms"], max(self.norms)
        version = norms["version"]
        instead = version == last > 0 and op.id < self.norms[last]["entry"]
        if self._rank(op) >= 1 and (version == last + 1 or instead):
            self.norms[version] = {"entry": op.id, "at": max(op.at, self.norms[version - 1]["at"]), "norms": norms}

    def _role(self, op):
        whom, own = op.body["identity"], op.author == op.body["identity"]
        others = any(member["role"] == "owner" for person, member in self.members.items() if person != op.author)
        if self._rank(op) == 2 and whom in self.members and (not own or others):
            self.members[whom]["role"] = op.body["role"]
            self._has_role(whom, op.body["role"], op)

    def _profile(self, op):
        self.members[op.author]["name"] = op.body["name"]

    def raise_cuts(self):
        """A removal that stands beyond the cut of its own log raises that cut to itself."""
        for op in self.standing:
            cuts = self.removed.get(op.author, {}).get("cuts")
            if cuts is None:
                continue
            if op.log in cuts:
                if cuts[op.log]["seq"] < op.seq:
                    cuts[op.log] = op.here()
            elif op.author not in self.members:
                cuts[op.log] = op.here()

    def counts(self, person, log):
        """What of a log counts."""
        cuts = self.removed.get(person, {}).get("cuts", {})
        if log in cuts:
            return {"until": cuts[log]["seq"]}
        return "all" if person in self.members else "none"

    def shown(self):
        """The roster as the vectors show it."""
        writers = {op.log: op.author for op in self.circle.ops}
        return {
            "name": self.name,
            "members": [{"identity": person, **member} for person, member in sorted(self.members.items())],
            "removed": [
                {**said, "identity": person, "cuts": [cut for _, cut in sorted(said["cuts"].items())]}
                for person, said in sorted(self.removed.items())
            ],
            "invites": [{"entry": found, **invite} for found, invite in sorted(self.invites.items())],
            "norms": [{"version": v, "entry": state["entry"], "at": state["at"]} for v, state in sorted(self.norms.items())],
            "requests": [{"identity": person, "entry": asked["entry"]} for person, asked in sorted(self.requests.items())],
            "declined": [{"identity": p, "invite": invite, "reason": why} for (p, invite), why in sorted(self.declined.items())],
            "roles": [{"identity": person, "roles": roles} for person, roles in sorted(self.roles.items())],
            "logs": [{"device": log[0], "number": log[1], "counts": self.counts(who, log)} for log, who in sorted(writers.items())],
        }


def read(data, key):
    """The roster that entries give, in whatever order they came. What is written by nobody known is left out."""
    pile = decode(data, PILE)
    people = {}
    for chain in pile["chains"]:
        found = identity.check(chain)
        people |= {device: found["id"] for device in [*found["devices"], *found["revoked"]]}
    ops = []
    for raw in pile["entries"]:
        found, header = entry.check(raw)
        if header["device"] in people:
            body = bodies.read(header["kind"], entry.open_payload(raw, header, key))
            ops.append(Op(found, header, people[header["device"]], body))
    return Circle(pile["space"], ops).fold().shown()
