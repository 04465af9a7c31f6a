"""Review rights: what both parties of an order signed, without a price."""

from .cbor import Refused, write
from .shape import ID, SIG, record
from .sign import holds

RIGHT = record(order=ID, buyer=ID, seller=ID, listing=ID, salt=ID)
REVIEW_RIGHT = record(right=RIGHT, buyer_device=ID, seller_device=ID, buyer_sig=SIG, seller_sig=SIG)


def check_review_right(both):
    """Refuses two halves that do not hold, or one person or device on both sides."""
    right, signed = both["right"], write(both["right"])
    sides = right["buyer"] != right["seller"] and both["buyer_device"] != both["seller_device"]
    halves = ("buyer", "seller")
    if not sides or not all(holds("review-right", both[f"{half}_device"], signed, both[f"{half}_sig"]) for half in halves):
        raise Refused("right")
