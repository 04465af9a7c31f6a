"""What two nodes say to each other: shapes of requests, answers and items, tags and digests."""

from .bodies import INCEPTION
from .cbor import Refused, write
from .entry import ENTRY, FORK
from .identity import CHAIN
from .records import SIGNED
from .shape import ID, SIG, boolean, exactly, integer, many, maybe, octets, one_of, record, row, text
from .sign import hash_of

TAG = exactly(16)
SCOPE = one_of("circle", "people", "records", shop=ID)
ITEM = one_of(entry=ENTRY, identity=CHAIN, record=SIGNED, fork=FORK)
MARK = exactly(8)
SUMMARY = record(scope=SCOPE, state=MARK, names=MARK)
HEIGHTS = record(scope=SCOPE, names=MARK, named=boolean, rows=octets)
WANTS = record(scope=SCOPE, names=MARK, rows=octets)
ENCLOSED = record(salt=ID, data=octets)
ORDER = record(order=ID, events=many(octets), receipts=many(octets), enclosed=many(ENCLOSED), chain=maybe(CHAIN))
KEYS = record(control=ID, content=maybe(ID), topic=maybe(ID))

SYNC_REQUEST = one_of(
    greet=record(nonce=TAG),
    compare=record(tag=TAG, scopes=many(SUMMARY)),
    pull=record(tag=TAG, newest=boolean, wants=many(WANTS)),
    push=record(tag=TAG, items=many(ITEM)),
)
SYNC_RESPONSE = one_of(
    greeting=record(nonce=TAG, tags=many(TAG)),
    heights=many(HEIGHTS),
    items=record(items=many(ITEM)),
    stale=record(),
    later=record(after_ms=integer),
    stored=record(),
    stranger=record(),
    removed=record(items=many(ITEM)),
)
DIRECT_REQUEST = one_of(
    join=record(space=ID, invite=ID, proof=SIG, chain=CHAIN, prekey=SIGNED, name=text),
    keys=record(space=ID, prekey=SIGNED),
    order=ORDER,
    order_heads=record(heads=many(record(order=ID, own=maybe(ID), other=maybe(ID)))),
    case=record(order=ID, evidence=octets),
    decision=record(order=ID, decision=SIGNED),
)
DIRECT_RESPONSE = one_of(
    welcome=record(sealed=octets),
    declined=record(code=text, reason=text),
    stored=record(receipts=many(octets)),
    refused=record(code=text),
    orders=many(ORDER),
)
WELCOME = record(inception=INCEPTION, name=text, epochs=many(row(ID, KEYS)), items=many(ITEM))

PLACES = many(TAG)


def _ascending(inner):
    """A request whose places are few, and in order without doubles."""

    def shape(value):
        inner(value)
        places = next(iter(value.values()))["places"]
        if len(places) > 640 or any(a >= b for a, b in zip(places, places[1:])):
            raise Refused("form", "places are too many, double or not in order")

    return shape


MEET_REQUEST = _ascending(one_of(post=record(places=PLACES, record=SIGNED), look=record(places=PLACES)))
MEET_RESPONSE = one_of(
    posted=record(life_ms=integer), found=many(record(place=TAG, records=many(SIGNED))), refused=record(code=text)
)

# Name of the check: shape and most bytes.
MESSAGES = {
    "meet_request": (MEET_REQUEST, 131072),
    "meet_response": (MEET_RESPONSE, 524288),
    "sync_request": (SYNC_REQUEST, 131072),
    "sync_response": (SYNC_RESPONSE, 524288),
    "direct_request": (DIRECT_REQUEST, 131072),
    "direct_response": (DIRECT_RESPONSE, 524288),
    "welcome": (WELCOME, 524288),
    "item": (ITEM, 65536),
}


def joint_nonce(asker, answerer, asked, answered):
    """What a greeting makes of two devices and two nonces."""
    return hash_of("space tag", asker, answerer, asked, answered)


def tag(topic, joint, side):
    """The tag of a circle, from the side `a` or `b`."""
    return hash_of("space tag", topic, joint, side.encode())[:16]


def head_tag(joint, head):
    """The mark of a stream's end."""
    return hash_of("head tag", joint, head)[:8]


def place_of(stream):
    """The place of a stream in the order of its scope."""
    (name, value) = next(iter(stream.items()))
    if name == "log":
        return 0, value["space"], value["device"], value["number"]
    if name == "identity":
        return 1, value
    if name == "record":
        return 2, value[0], ("prekey", "addresses").index(value[1])
    return 3, value["space"], value["device"], value["number"]


def digest(streams):
    """The digest of a scope, whose streams come in any order."""
    return hash_of("sync digest", write(sorted(streams, key=lambda stream: place_of(stream[0]))))


def place(secret, seed, sort):
    """Where somebody is met at a seed: of a circle `c`, of an invite `i`."""
    return hash_of("meeting place", secret, seed, sort.encode())[:16]


def _varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def _number(data, at):
    """A varint and the place after it; None when it is damaged."""
    value = 0
    for shift in range(0, 56, 7):
        if at >= len(data):
            return None
        byte, at = data[at], at + 1
        value |= (byte & 127) << shift
        if byte < 128:
            return (value, at) if (byte or not shift) and value < 2**53 else None
    return None


def summary(streams, joint):
    """The marks of the digest of a scope, and of its names."""
    names = hash_of("sync digest", write([key for key, _, _ in streams]))
    return head_tag(joint, hash_of("sync digest", write(streams))), head_tag(joint, names)


def name_of(key, joint):
    """The mark of the name of a stream."""
    return head_tag(joint, hash_of("sync digest", write(key)))


def rows_of(streams, is_named, joint):
    """The rows of heights."""
    rows = b""
    for key, height, head in streams:
        rows += name_of(key, joint) if is_named else b""
        rows += _varint(height) + head_tag(joint, head)
    return rows


def comparison(asker, answerer, joint):
    """What the asker says of a scope, and what the answerer says to that."""
    state, names = summary(asker, joint)
    own_state, own_names = summary(answerer, joint)
    answer = None
    if state != own_state:
        named = names != own_names
        answer = {"names": own_names, "named": named, "rows": rows_of(answerer, named, joint)}
    return {"state": state, "names": names, "answer": answer}


def read_heights(data, named):
    """The rows of heights; one that is damaged spoils all."""
    rows, at, skip = [], 0, 8 if named else 0
    while at < len(data):
        name, found = data[at : at + skip], _number(data, at + skip)
        if len(name) < skip or found is None or len(data) < found[1] + 8:
            raise Refused("rows")
        rows.append({"name": name if named else None, "height": found[0], "head": data[found[1] : found[1] + 8]})
        at = found[1] + 8
    return rows


def read_wants(data, streams):
    """The rows of a pull, as far as they can be read."""
    rows, at, stream = [], 0, 0
    while len(rows) < 500:
        three = []
        for _ in range(3):
            found = _number(data, at)
            if found is None:
                return rows
            three.append(found[0])
            at = found[1]
        stream += three[0]
        if stream >= streams:
            return rows
        rows.append({"stream": stream, "from": three[1], "count": three[2] or None})
    return rows
