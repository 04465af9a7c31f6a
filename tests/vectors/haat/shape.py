"""Types as the document writes them. A shape is a function that takes a value read from CBOR, or refuses it with `form`."""

from .cbor import Refused, read


def _need(holds, why):
    if not holds:
        raise Refused("form", why)


def integer(value):
    """An unsigned integer below 2^64."""
    _need(type(value) is int and 0 <= value < 2**64, "an unsigned integer is expected")


def signed(value):
    """An integer of 64 bits with a sign."""
    _need(type(value) is int and -(2**63) <= value < 2**63, "an integer is expected")


def boolean(value):
    """True or false."""
    _need(isinstance(value, bool), "true or false is expected")


def text(value):
    """A text."""
    _need(isinstance(value, str), "a text is expected")


def octets(value):
    """A byte string."""
    _need(isinstance(value, bytes), "a byte string is expected")


def exactly(size):
    """A byte string of this size."""

    def shape(value):
        _need(isinstance(value, bytes) and len(value) == size, f"a byte string of {size} is expected")

    return shape


ID = exactly(32)
SIG = exactly(64)


def maybe(inner):
    """The shape, or null."""

    def shape(value):
        if value is not None:
            inner(value)

    return shape


def many(inner):
    """An array of it."""

    def shape(value):
        _need(isinstance(value, list), "an array is expected")
        for item in value:
            inner(item)

    return shape


def row(*parts):
    """An array of exactly these."""

    def shape(value):
        _need(isinstance(value, list) and len(value) == len(parts), f"an array of {len(parts)} is expected")
        for part, item in zip(parts, value):
            part(item)

    return shape


def record(**fields):
    """A map with exactly these keys."""

    def shape(value):
        _need(isinstance(value, dict), "a map is expected")
        _need(set(value) == set(fields), f"other fields than {sorted(fields)}")
        for name, part in fields.items():
            part(value[name])

    return shape


def named(inner):
    """A map from any text to this shape."""

    def shape(value):
        _need(isinstance(value, dict), "a map is expected")
        for item in value.values():
            inner(item)

    return shape


def one_of(*plain, **filled):
    """An enum: a name alone as text, or a map of one name to its value."""

    def shape(value):
        if isinstance(value, str):
            _need(value in plain, f"{value!r} is not known")
            return
        _need(isinstance(value, dict) and len(value) == 1, "one name is expected")
        name, inner = next(iter(value.items()))
        _need(name in filled, f"{name!r} is not known")
        filled[name](inner)

    return shape


def decode(data, shape, most=None):
    """Reads canonical bytes of this shape."""
    value = read(data, most)
    shape(value)
    return value


def show(value):
    """The value as JSON writes it: bytes as hexadecimal text."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list):
        return [show(item) for item in value]
    if isinstance(value, dict):
        return {key: show(item) for key, item in value.items()}
    return value
