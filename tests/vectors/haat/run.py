"""How a run of sync goes: what is asked and answered, in order, on one connection after the other (11.5).

The messages are told; this reader works out each of them, says of every answer whether it is what the answerer's holdings give, and
refuses a question that the rules do not ask.
"""

from . import wire
from .cbor import Refused, write
from .plan import Plan
from .shape import ID, decode, many, maybe, octets, record
from .side import SCOPES, SIDE, Side

EXCHANGE = record(request=octets, answer=maybe(octets))
PILE = record(space=ID, asker=SIDE, answerer=SIDE, connections=many(many(EXCHANGE)))
ROUNDS, PULLS, WANTS, PUSH_BYTES, UNASKED, HOLES = 8, 4, 500, 73_728, 64, 256


class Ended(Exception):
    """A run is over; it says how."""


def need(holds, why):
    """Refuses a message that is not what has to be said here."""
    if not holds:
        raise Refused("run", why)


class Connection:
    """One connection: a greeting, then a run."""

    def __init__(self, asker, answerer, exchanges):
        self.asker, self.answerer, self.exchanges, self.said = asker, answerer, list(exchanges), []
        self.nonce, self.joint, self.tag, self.is_introduced = None, None, None, False

    def go(self):
        """What was said, and how it ended."""
        try:
            self._greet()
            self._run()
        except Ended as ended:
            how = str(ended)
        need(not self.exchanges, "something is asked after the end")
        return {"said": self.said, "end": how}

    def _next(self):
        """The next request; nobody goes on when the connection is gone."""
        if not self.exchanges:
            raise Ended("cut")
        request = decode(self.exchanges[0]["request"], *wire.MESSAGES["sync_request"])
        return next(iter(request.items()))

    def _answered(self, asked, is_held):
        """The answer to it; `is_held` says whether it is what the answerer's holdings give."""
        data = self.exchanges.pop(0)["answer"]
        if data is None:
            self.said.append({"asks": asked, "answer": "none", "held": False})
            raise Ended("cut")
        name, value = next(iter(decode(data, *wire.MESSAGES["sync_response"]).items()))
        self.said.append({"asks": asked, "answer": name, "held": is_held({name: value})})
        return name, value

    def _greet(self):
        name, request = self._next()
        need(name == "greet", "a connection begins with a greeting")
        self.nonce = request["nonce"]
        name, answer = self._answered("greet", self._is_greeting)
        if name != "greeting":
            raise Ended("unfinished")
        self.joint = self._joint(answer)
        shared = [secret for secret in self.asker.topics if wire.tag(secret, self.joint, "b") in answer["tags"]]
        # The answerer is a member in the asker's roster, so without a tag the newest secret is tried.
        self.tag = wire.tag((shared or self.asker.topics)[0], self.joint, "a")

    def _joint(self, greeting):
        return wire.joint_nonce(self.asker.device, self.answerer.device, self.nonce, greeting["nonce"])

    def _is_greeting(self, answer):
        greeting = answer.get("greeting")
        if greeting is None:
            return False
        tags = [wire.tag(secret, self._joint(greeting), "b") for secret in self.answerer.topics]
        said = greeting["tags"]
        return set(tags) <= set(said) and len(said) >= 16 and len(said) % 16 == 0 and sorted(said) == said

    def _is_known(self):
        """Whether the answerer knows which circle is meant."""
        return any(wire.tag(secret, self.joint, "a") == self.tag for secret in self.answerer.topics)

    def _run(self):
        for _ in range(ROUNDS):
            plan = self._compare()
            self._pull(plan)
            self._push(plan)
            if not plan.is_amiss():
                self._fill()
                raise Ended("in step")
        raise Ended("unfinished")

    def _compare(self):
        """Asks what differs; the plan of what is missing, and of what the other lacks."""
        name, request = self._next()
        mine = [self.asker.summary(scope, self.joint) for scope in SCOPES]
        need(name == "compare" and request == {"tag": self.tag, "scopes": mine}, "a comparison of all scopes")
        name, answer = self._answered("compare", lambda answer: answer == self._heights(mine))
        if name == "later":
            raise Ended("put off")
        if name == "stranger" and not self.is_introduced:
            self.is_introduced = True
            return self._introduce()
        if name != "heights":
            raise Ended("unfinished")
        try:
            return Plan(self.asker, self.joint, answer)
        except Refused:
            raise Ended("unfinished") from None

    def _heights(self, mine):
        if not self._is_known():
            return {"stranger": {}}
        differing = [self.answerer.heights(summary, self.joint) for summary in mine]
        return {"heights": [heights for heights in differing if heights is not None]}

    def _introduce(self):
        name, request = self._next()
        need(name == "push" and request["tag"] == self.tag, "an introduction")
        need(all("fork" not in item for item in request["items"]), "an introduction holds a chain, a prekey and entries")
        name, _ = self._answered({"push": len(request["items"])}, lambda answer: answer == {"stranger" if not self._is_known() else "stored": {}})
        if name != "stored":
            raise Ended("unfinished")
        return self._compare()

    def _pull(self, plan):
        """Waves of pulls, until nothing is left to ask for."""
        while rows := plan.wave():
            pulls = self._wave(plan, rows)
            need(pulls <= PULLS, "more pulls under way than may be")
            if plan.is_put_off:
                raise Ended("put off")
            plan.came()

    def _wave(self, plan, rows):
        """One wave: pulls that together ask for these rows, and their answers."""
        pulls, batches = 0, []
        while rows:
            name, request = self._next()
            need(name == "pull" and request["tag"] == self.tag, f"{len(rows)} rows are to be pulled")
            asked = plan.read(request)
            need(0 < len(asked) <= WANTS and all(row in rows for row in asked), "rows that are wanted")
            need(request["newest"] == any(row.is_newest for row in asked), "the newest first, where they may come so")
            rows = [row for row in rows if row not in asked]
            shown = {"pull": [row.shown() for row in asked], "newest": request["newest"]}
            name, answer = self._answered(shown, lambda answer: answer == self._items(request))
            pulls += 1
            if name == "items":
                batches.append(answer["items"])
            elif name == "stale":
                plan.is_stale = True
            elif name == "later":
                plan.is_put_off = True
            else:
                raise Ended("unfinished")
            # Answers may be taken in before the next pull of a wave is sent; nothing that is asked depends on it.
            self.asker.take(answer["items"] if name == "items" else [])
        return pulls

    def _items(self, request):
        """What the answerer hands over; more than fits into one answer is not told in the vectors."""
        if not self._is_known():
            return {"stranger": {}}
        wants = []
        for part in request["wants"]:
            streams = self.answerer.streams(part["scope"])
            if wire.summary(streams, self.joint)[1] != part["names"]:
                return {"stale": {}}
            rows = wire.read_wants(part["rows"], len(streams))
            wants += [(streams[row["stream"]][0], row["from"], row["count"]) for row in rows]
        return {"items": {"items": self.answerer.items(wants)}}

    def _push(self, plan):
        """What the other lacks is handed over; of more than a few it is told that there is something."""
        offered = plan.offered()
        if offered > UNASKED:
            name, request = self._next()
            need(name == "push" and request == {"tag": self.tag, "items": []}, "an empty push")
            self._stored({"push": 0})
            return
        items = self.asker.items(plan.offers)
        while items:
            name, request = self._next()
            need(name == "push" and request["tag"] == self.tag, f"{len(items)} items are to be pushed")
            now = request["items"]
            need(now and all(item in items for item in now) and len(write(now)) <= PUSH_BYTES, "what the other lacks")
            items = [item for item in items if item not in now]
            self.answerer.take(now)
            self._stored({"push": len(now)})

    def _fill(self):
        """Payloads that are missing here are asked for once."""
        holes = self.asker.holes()[:HOLES]
        if not holes:
            return
        name, request = self._next()
        need(name == "pull" and request["tag"] == self.tag and not request["newest"], "missing payloads are to be pulled")
        names = wire.summary(self.asker.streams("circle"), self.joint)[1]
        need([(part["scope"], part["names"]) for part in request["wants"]] == [("circle", names)], "of the circle's logs")
        rows = wire.read_wants(request["wants"][0]["rows"], 1 << 53)
        need([(row["stream"], row["from"]) for row in rows] == holes and all(row["count"] == 1 for row in rows), "each place once")
        shown = {"pull": [["circle", row["stream"], row["from"], 1] for row in rows], "newest": False}
        name, answer = self._answered(shown, lambda answer: answer == self._items(request))
        if name == "items":
            self.asker.take(answer["items"])
        elif name != "stale":
            raise Ended("put off" if name == "later" else "unfinished")

    def _stored(self, asked):
        name, _ = self._answered(asked, lambda answer: answer == {"stored": {}})
        if name != "stored":
            raise Ended("put off" if name == "later" else "unfinished")


def read(data):
    """What was said on each connection and how it ended, and where the streams of both end."""
    pile = decode(data, PILE)
    asker, answerer = (Side(pile["space"], pile[side]) for side in ("asker", "answerer"))
    connections = [Connection(asker, answerer, exchanges).go() for exchanges in pile["connections"]]
    return {"connections": connections, "asker": asker.shown(), "answerer": answerer.shown()}
