"""Bodies: the fields of each kind, and the rules that hold wherever a body appears."""

from . import texts
from .cbor import Refused, write
from .money import MONEY, currency, in_range
from .right import REVIEW_RIGHT, check_review_right
from .shape import ID, SIG, boolean, decode, exactly, integer, many, maybe, octets, one_of, record, row, text
from .sign import hash_of

INCEPTION = record(sort=one_of("circle", "shop"), creator=ID, device=ID, salt=exactly(16), created=integer)
ROLE = one_of("member", "steward", "owner")
NORMS = record(
    version=integer,
    posts_per_day=integer,
    recommendations_per_day=integer,
    vouches_per_day=integer,
    reviews_per_day=integer,
    history_window_ms=integer,
    approval=boolean,
    invite=ROLE,
    sell=ROLE,
    denied=many(integer),
    prices=many(record(currency=currency, min=integer, max=integer)),
    interest=one_of("any", "none"),
)
REF = record(shop=ID, listing=ID, version=ID)
DELIVERY = one_of(pickup=record(place=text), ship=record(zone=text, price=MONEY), digital=record())
PAYMENT = record(method=text, timing=one_of("before", "on-delivery", "after"), instructions=maybe(text))
VARIANT = record(sku=text, options=many(row(text, text)), price=MONEY, stock=maybe(integer))
CUT = record(device=ID, log=integer, seq=integer, id=ID)
MANIFEST = record(
    control=ID,
    content=ID,
    topic=ID,
    generation=integer,
    parents=many(row(ID, octets)),
    covers=many(ID),
    chunks=many(row(exactly(8), ID)),
)
POST = record(text=text, listings=many(REF), reply_to=maybe(ID))
LISTING = record(
    lineage=maybe(ID),
    handle=maybe(text),
    title=text,
    description=text,
    currency=currency,
    variants=many(VARIANT),
    delivery=many(DELIVERY),
    payment=many(PAYMENT),
    returns=maybe(text),
    images=many(text),
    tags=many(text),
    expires=maybe(integer),
)


def space_of(inception):
    """The id of the space that begins so."""
    return hash_of("space", write(inception))


def need(holds, code):
    """Refuses with the code what does not hold."""
    if not holds:
        raise Refused(code)


def check_ways(delivery, payment, code):
    """Ways to get and to pay, in one currency."""
    need(len(delivery) <= 32 and len(payment) <= 32, "choices")
    for way in delivery:
        if "pickup" in way:
            texts.field(way["pickup"]["place"])
        elif "ship" in way:
            texts.field(way["ship"]["zone"])
            price = way["ship"]["price"]
            need(price["minor"] >= 0 and price["currency"] == code, "price")
    for way in payment:
        texts.field(way["method"])
        if way["instructions"] is not None:
            texts.field(way["instructions"])


def check_norms(norms):
    """Norms, wherever they appear."""
    quotas = ("posts_per_day", "recommendations_per_day", "vouches_per_day", "reviews_per_day")
    need(all(norms[quota] <= 10000 for quota in quotas), "norms")
    need(norms["version"] < 2**53 and norms["history_window_ms"] < 2**53, "norms")
    denied, prices = norms["denied"], norms["prices"]
    need(all(one < other for one, other in zip(denied, denied[1:])), "norms")
    need(all(kind in (6, 8) or 32 <= kind <= 36 for kind in denied), "norms")
    codes = [band["currency"] for band in prices]
    need(len(prices) <= 32 and all(one < other for one, other in zip(codes, codes[1:])), "norms")
    need(all(0 <= band["min"] <= band["max"] for band in prices), "norms")


def _circle_create(body):
    texts.name(body["name"])
    texts.name(body["creator_name"])
    check_norms(body["norms"])
    need(body["norms"]["version"] == 0, "norms")
    need(body["inception"]["sort"] == "circle", "inception_sort")


def _ascending(items):
    return all(one < other for one, other in zip(items, items[1:]))


def _epoch(body):
    manifest = body["manifest"]
    parents, covers, chunks = (manifest[name] for name in ("parents", "covers", "chunks"))
    need(manifest["generation"] < 2**53, "generation")
    need((not parents) == (manifest["generation"] == 0), "parents")
    need(len(parents) <= 8 and _ascending([key for key, _ in parents]), "parents")
    need(len(covers) <= 64 and _ascending(covers), "covers")
    tags = [tag for tag, _ in chunks]
    need(len(chunks) <= 10 and sorted(tags) == tags, "chunks")
    held = hash_of("epoch boxes", body["boxes"]) if body["boxes"] else None
    need((chunks[0][1] if chunks else None) == held, "boxes")


def _share(body):
    earlier = body["earlier"]
    few = len(earlier) <= 512 and all(generation <= body["generation"] for generation, _ in earlier)
    need(few and body["generation"] < 2**53, "earlier")
    need(body["inception"]["sort"] == "shop", "inception_sort")


def _post(body):
    need(body["reply_to"] is None and len(body["listings"]) <= 8, "post")
    texts.long_text(body["text"])


def _reply(body):
    need(body["reply_to"] is not None and len(body["listings"]) <= 8, "reply")
    texts.long_text(body["text"])


OUTCOME = one_of(
    "open", "trouble", "completed", "called_off", "refunded", "settled", "performed", "buyer_defaulted", "seller_defaulted", "unresolved"
)


def _review(body):
    need(1 <= body["rating"] <= 5, "rating")
    check_review_right(body["right"])
    texts.long_text(body["text"])


def _shop_create(body):
    texts.name(body["name"])
    need(body["inception"]["sort"] == "shop", "inception_sort")
    need(not texts.is_blank(body["returns"]) and len(body["returns"]) <= 200, "returns")
    check_ways(body["delivery"], body["payment"], body["currency"])


def _listing(body):
    title, variants = body["title"], body["variants"]
    need(1 <= len(title) <= 140 and texts.trim(title) == title, "title")
    need(len(body["description"]) <= 6000, "description")
    need(1 <= len(variants) <= 100, "variants")
    for place, variant in enumerate(variants):
        price = variant["price"]
        need(price["minor"] >= 0 and in_range(price["minor"]) and price["currency"] == body["currency"], "price")
        need(len(variant["sku"]) <= 200, "field")
        for pair in variant["options"]:
            texts.field(pair[0])
            texts.field(pair[1])
        for other in variants[:place]:
            twin = other["sku"] == variant["sku"] or (variant["options"] and other["options"] == variant["options"])
            need(not twin, "ambiguous")
        need(variant["sku"] or len(variants) == 1, "ambiguous")
    check_ways(body["delivery"], body["payment"], body["currency"])
    need(len(body["images"]) <= 256 and len(body["tags"]) <= 256, "choices")
    if body["returns"] is not None:
        texts.field(body["returns"])


# Number: name, which key hides it, which quota counts it, shape, rules.
KINDS = {
    1: ("circle_create", "clear", None, record(inception=INCEPTION, name=text, norms=NORMS, creator_name=text), _circle_create),
    2: (
        "epoch",
        "clear",
        None,
        record(manifest=MANIFEST, boxes=octets),
        _epoch,
    ),
    3: ("invite", "control", None, record(key=ID, uses=integer, expires=integer), lambda b: need(1 <= b["uses"] <= 100, "uses")),
    4: (
        "member_add",
        "control",
        None,
        record(identity=ID, device=ID, name=text, invite=ID, proof=SIG),
        lambda b: texts.name(b["name"]),
    ),
    5: ("member_remove", "control", None, record(identity=ID, cuts=many(CUT)), None),
    6: (
        "share",
        "control",
        None,
        record(inception=INCEPTION, generation=integer, secret=ID, earlier=many(row(integer, ID))),
        _share,
    ),
    7: ("profile", "control", None, record(name=text), lambda b: texts.name(b["name"])),
    8: (
        "vouch",
        "control",
        "vouches",
        record(identity=ID, weight=one_of("acquaintance", "friend", "close"), text=text),
        lambda b: need(len(b["text"]) <= 4000, "text"),
    ),
    9: ("unvouch", "control", "vouches", record(identity=ID), None),
    10: ("member_leave", "control", None, record(cuts=many(CUT)), None),
    11: ("role", "control", None, record(identity=ID, role=ROLE), None),
    12: ("norms", "control", None, record(norms=NORMS), lambda b: check_norms(b["norms"])),
    13: ("invite_revoke", "control", None, record(invite=ID), None),
    14: ("unshare", "control", None, record(shop=ID), None),
    15: (
        "join_request",
        "control",
        None,
        record(identity=ID, device=ID, name=text, invite=ID, proof=SIG),
        lambda b: texts.name(b["name"]),
    ),
    16: ("join_decline", "control", None, record(identity=ID, reason=maybe(text)), lambda b: b["reason"] is None or texts.long_text(b["reason"])),
    17: ("epoch_boxes", "clear", None, record(key=ID, index=integer, boxes=octets), lambda b: need(1 <= b["index"] <= 9, "index")),
    32: ("post", "content", "posts", POST, _post),
    33: ("reply", "content", "posts", POST, _reply),
    34: (
        "recommend",
        "content",
        "recommendations",
        record(listing=REF, text=text, interest=one_of("none", "gift", "commission", "seller", "employee")),
        lambda b: texts.long_text(b["text"]),
    ),
    35: ("review", "content", "reviews", record(right=REVIEW_RIGHT, rating=integer, outcome=OUTCOME, text=text), _review),
    36: ("review_reply", "content", "reviews", record(review=ID, text=text), lambda b: texts.long_text(b["text"])),
    37: ("retract", "content", None, record(entry=ID), None),
    64: (
        "shop_create",
        "shop",
        None,
        record(inception=INCEPTION, name=text, currency=currency, returns=text, delivery=many(DELIVERY), payment=many(PAYMENT)),
        _shop_create,
    ),
    65: ("listing", "shop", None, LISTING, _listing),
    66: ("listing_withdraw", "shop", None, record(listing=ID), None),
    67: ("shop_desk", "shop", None, record(device=ID), None),
}


def read(kind, data):
    """The body of a known kind, well-formed and by the rules."""
    _, _, _, shape, rules = KINDS[kind]
    body = decode(data, shape, 32768)
    if rules:
        rules(body)
    return body


def secrecy(kind):
    """Which key hides a body, also of a kind that is not known."""
    if kind in KINDS:
        return KINDS[kind][1]
    return "control" if kind < 32 else "shop" if 64 <= kind < 96 else "content"
