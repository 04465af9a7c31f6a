"""The one encoding: strict DAG-CBOR without tags and floats. A value has exactly one spelling, and another one is refused."""

DEPTH = 64


class Refused(Exception):
    """Something is refused; the code says why."""

    def __init__(self, code, why=""):
        super().__init__(f"{code}: {why}" if why else code)
        self.code = code


def _head(data, at):
    if at >= len(data):
        raise Refused("form", "it ends too early")
    major, low = data[at] >> 5, data[at] & 31
    if low < 24:
        return major, low, at + 1
    if low > 27:
        raise Refused("form", "an indefinite or reserved length")
    size = 1 << low - 24
    if at + 1 + size > len(data):
        raise Refused("form", "it ends too early")
    number = int.from_bytes(data[at + 1 : at + 1 + size], "big")
    if number < (24 if size == 1 else 1 << size * 4):
        raise Refused("form", "a number is not in its shortest form")
    return major, number, at + 1 + size


def _read(data, at, depth):
    if depth > DEPTH:
        raise Refused("form", "too deep")
    if at < len(data) and data[at] in (0xF4, 0xF5, 0xF6):
        return {0xF4: False, 0xF5: True, 0xF6: None}[data[at]], at + 1
    major, number, at = _head(data, at)
    if major == 0:
        return number, at
    if major == 1:
        return -1 - number, at
    if major in (2, 3):
        if at + number > len(data):
            raise Refused("form", "it ends too early")
        part = data[at : at + number]
        if major == 2:
            return part, at + number
        try:
            return part.decode("utf-8"), at + number
        except UnicodeDecodeError:
            raise Refused("form", "a text is not UTF-8") from None
    if major == 4:
        items = []
        for _ in range(number):
            item, at = _read(data, at, depth + 1)
            items.append(item)
        return items, at
    if major == 5:
        return _read_map(data, at, number, depth)
    raise Refused("form", "a tag, a float or another simple value")


def _read_map(data, at, number, depth):
    found, last = {}, None
    for _ in range(number):
        start = at
        key, at = _read(data, at, depth + 1)
        if not isinstance(key, str):
            raise Refused("form", "a key is no text")
        spelled = data[start:at]
        # The head of a text sorts by its length, so comparing the spelled keys puts shorter ones first.
        if last is not None and spelled <= last:
            raise Refused("form", "keys are double or not in order")
        last = spelled
        found[key], at = _read(data, at, depth + 1)
    return found, at


def read(data, most=None):
    """The value of bytes that are its canonical encoding, `most` bytes at most."""
    if most is not None and len(data) > most:
        raise Refused("oversize", f"{len(data)} bytes")
    value, at = _read(data, 0, 0)
    if at != len(data):
        raise Refused("form", "bytes are left over")
    return value


def _spell(major, number):
    if number < 24:
        return bytes([major << 5 | number])
    for low, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 1 << size * 8:
            return bytes([major << 5 | low]) + number.to_bytes(size, "big")
    raise ValueError("beyond 64 bits")


def write(value):
    """The canonical encoding of a value."""
    if value is None:
        return b"\xf6"
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return _spell(0, value) if value >= 0 else _spell(1, -1 - value)
    if isinstance(value, bytes):
        return _spell(2, len(value)) + value
    if isinstance(value, str):
        return _spell(3, len(value.encode())) + value.encode()
    if isinstance(value, (list, tuple)):
        return _spell(4, len(value)) + b"".join(write(item) for item in value)
    pairs = sorted((write(key), write(item)) for key, item in value.items())
    return _spell(5, len(pairs)) + b"".join(key + item for key, item in pairs)
