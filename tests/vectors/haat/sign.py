"""Hashes and signatures of Haat: one context per kind of thing, one label per kind of signature."""

from . import blake3, ed25519
from .cbor import Refused

LABELS = (
    *("entry", "operation", "device", "record", "invite", "order-event", "receipt", "nack", "review-right", "evidence"),
    *("decision", "takeover"),
)


def hash_of(context, *parts):
    """The hash under one of the contexts, given without its first words."""
    return blake3.derive(f"haat 0 {context}", *parts)


def place(number):
    """A number inside hashed parts."""
    return number.to_bytes(8, "big")


def holds(label, key, message, sig):
    """Whether a signature with this label holds."""
    return ed25519.verify(key, b"haat 0 sig\0" + label.encode() + b"\0" + message, sig)


def need(label, key, message, sig, code="signature"):
    """Refuses a signature that does not hold."""
    if not holds(label, key, message, sig):
        raise Refused(code)
