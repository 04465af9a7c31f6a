"""The rules of names and texts. White space and control characters are Unicode's, counted in scalar values."""

from unicodedata import category

from .cbor import Refused

WHITE = frozenset("\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000") | {chr(c) for c in range(0x2000, 0x200B)}
ODD = {chr(c) for low, high in ((0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x2069), (0xFEFF, 0xFEFF)) for c in range(low, high + 1)}


def trim(text):
    """The text without white space around it."""
    return text.strip("".join(WHITE))


def is_blank(text):
    """Whether nothing but white space is in it."""
    return not trim(text)


def name(text):
    """A name."""
    odd = any(category(c) == "Cc" or c in ODD for c in text)
    if not 1 <= len(text) <= 64 or trim(text) != text or odd:
        raise Refused("name")


def long_text(text):
    """What people say."""
    if is_blank(text) or len(text) > 4000 or "\0" in text:
        raise Refused("text")


def field(text):
    """A short text that is there."""
    if is_blank(text) or len(text) > 200:
        raise Refused("field")
