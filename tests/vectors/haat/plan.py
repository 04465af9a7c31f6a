"""What one comparison found: what the other claims to have more of, in waves, and what it lacks (11.5)."""

from typing import NamedTuple

from . import wire

PARKED, PROBE, GAPS = 4_096, 64, 8


class Row(NamedTuple):
    """A part of a stream that is asked for; up to the end when `count` is 0."""

    scope: str
    stream: int
    first: int
    count: int
    is_newest: bool

    def shown(self):
        """As the vectors tell it."""
        return [self.scope, self.stream, self.first, self.count]


class Behind:
    """A stream of which the other claims more, or another end."""

    def __init__(self, scope, stream, key, claim, probe):
        self.scope, self.stream, self.key, self.claim, self.probe = scope, stream, key, claim, probe
        self.asked = None


class Plan:
    """The waves of one round."""

    def __init__(self, side, joint, answer):
        self.side, self.joint, self.parts, self.behind, self.offers = side, joint, {}, [], []
        self.waves, self.rows, self.is_stale, self.is_put_off, self.is_changed = 0, [], False, False, False
        self.has_moved, self.is_short, self.lacking = False, False, 0
        for heights in answer:
            if heights["scope"] in ("circle", "people", "records") and heights["scope"] not in self.parts:
                self._add(heights)

    def _add(self, heights):
        scope, mine = heights["scope"], self.side.streams(heights["scope"])
        claims = wire.read_heights(heights["rows"], heights["named"])
        if not heights["named"] and (len(claims) != len(mine) or wire.summary(mine, self.joint)[1] != heights["names"]):
            # The names changed here since they were compared.
            self.is_changed = True
            return
        self.parts[scope] = heights["names"]
        named = {wire.name_of(key, self.joint): key for key, _, _ in mine}
        unseen = {wire.name_of(key, self.joint): (key, height) for key, height, _ in mine}
        for stream, claim in enumerate(claims):
            key = named.get(claim["name"]) if heights["named"] else mine[stream][0]
            height = 0 if key is None else self.side.height(key)
            if key is not None:
                unseen.pop(wire.name_of(key, self.joint), None)
            is_other = key is not None and wire.head_tag(self.joint, self.side.head(key)) != claim["head"]
            if claim["height"] > height:
                self.behind.append(Behind(scope, stream, key, claim, None))
            elif claim["height"] < height:
                self._offer(key, claim["height"], height)
            elif is_other and scope == "circle":
                self.behind.append(Behind(scope, stream, key, claim, max(height - PROBE, 0)))
            elif is_other and scope == "records":
                self._offer(key, 0, 1)
        for key, height in unseen.values():
            self._offer(key, 0, height)

    def _offer(self, key, first, height):
        self.offers.append((key, first, None))
        self.lacking += height - first if "log" in key else 1

    def offered(self):
        """How much the other lacks."""
        return self.lacking

    def _state(self, behind):
        if behind.key is None:
            streams = [key for key, _, _ in self.side.streams(behind.scope)]
            waiting = [{"log": {"space": self.side.space, "device": log[0], "number": log[1]}} for log, _ in self.side.waits]
            keys = {wire.name_of(key, self.joint): key for key in [*streams, *waiting]}
            behind.key = keys.get(behind.claim["name"])
        height = 0 if behind.key is None else self.side.height(behind.key)
        return height, sum(count for _, count in self.side.runs(behind.key))

    def wave(self):
        """The rows of the next wave; none when nothing is left to ask for."""
        if self.is_stale:
            return []
        rows = []
        for behind in self.behind:
            behind.asked = self._state(behind)
            rows += self._rows(behind, behind.asked[0])
        self.waves, self.rows = self.waves + 1, rows
        return rows

    def _rows(self, behind, height):
        is_log = behind.scope == "circle"
        if behind.probe is not None:
            return [Row(behind.scope, behind.stream, behind.probe, 0, False)]
        if not is_log:
            return [Row(behind.scope, behind.stream, 0, 0, False)]
        is_newest = self.waves == 0 and behind.claim["height"] - height <= PARKED
        gaps, first = [], height
        for start, count in self.side.runs(behind.key):
            if start + count <= height or start >= behind.claim["height"]:
                continue
            if start > first:
                gaps.append((first, start - first))
            first = start + count
        if first < behind.claim["height"]:
            gaps.append((first, 0))
        return [Row(behind.scope, behind.stream, first, count, is_newest) for first, count in gaps[:GAPS]]

    def read(self, request):
        """The rows that a pull asks for; None for one that this wave does not need."""
        rows = []
        for part in request["wants"]:
            for row in wire.read_wants(part["rows"], 1 << 53):
                names = self.parts.get(part["scope"])
                place = (part["scope"], row["stream"], row["from"])
                same = [one for one in self.rows if one[:3] == place and part["names"] == names]
                rows.append(next((one for one in same if self._end(one) == self._end(one, row["count"] or 0)), None))
        return rows

    def _end(self, row, count=None):
        """Where a row ends; one that reaches what is claimed goes to the end."""
        count = row.count if count is None else count
        claim = next(one.claim for one in self.behind if (one.scope, one.stream) == row[:2])
        return 0 if count == 0 or row.first + count == claim["height"] else row.first + count

    def came(self):
        """Looks at what a wave brought: what is complete is not asked for again, and what cannot be had neither."""
        states = {behind: self._state(behind) for behind in self.behind}
        has_moved = any(states[behind] != behind.asked for behind in self.behind)
        self.has_moved |= has_moved
        rest = []
        for behind in self.behind:
            height = states[behind][0]
            if behind.probe is not None:
                self.is_short |= states[behind] != behind.asked
            elif height >= behind.claim["height"]:
                is_other = height == behind.claim["height"] and wire.head_tag(self.joint, self.side.head(behind.key)) != behind.claim["head"]
                self.is_short |= is_other
            elif has_moved:
                rest.append(behind)
            elif behind.scope == "circle" and height > 0:
                # Perhaps it goes on from another branch.
                behind.probe = max(height - PROBE, 0)
                rest.append(behind)
            else:
                self.is_short = True
        self.behind = rest

    def is_amiss(self):
        """Whether another round may bring more."""
        return self.is_changed or self.is_stale or (self.has_moved and self.is_short)
