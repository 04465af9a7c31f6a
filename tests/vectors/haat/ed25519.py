"""Ed25519 signatures, checked strictly: no small-order key or R, canonical points, reduced scalar, no cofactor."""

from hashlib import sha512

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)
NEUTRAL = (0, 1, 1, 0)


def _add(a, b):
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    m, n = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    c, d = 2 * D * t1 * t2 % P, 2 * z1 * z2 % P
    e, f, g, h = n - m, d - c, d + c, n + m
    return e * f % P, g * h % P, f * g % P, e * h % P


def _double(a):
    x, y, z, _ = a
    m, n, c = x * x % P, y * y % P, 2 * z * z % P
    h = m + n
    e = h - (x + y) * (x + y) % P
    g = m - n
    f = c + g
    return e * f % P, g * h % P, f * g % P, e * h % P


def _negate(a):
    return -a[0] % P, a[1], a[2], -a[3] % P


def multiply(scalar, point):
    """The point taken that many times."""
    result = NEUTRAL
    for bit in bin(scalar)[2:]:
        result = _double(result)
        if bit == "1":
            result = _add(result, point)
    return result


def _two(a, first, b, second):
    """a times the first point and b times the second, in one run."""
    both = _add(first, second)
    table, result = (None, first, second, both), NEUTRAL
    for i in range(max(a.bit_length(), b.bit_length()) - 1, -1, -1):
        result = _double(result)
        pick = (a >> i & 1) | (b >> i & 1) << 1
        if pick:
            result = _add(result, table[pick])
    return result


def equal(a, b):
    """Whether two points are one."""
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def decode(data):
    """The point of 32 bytes; None when they are no canonical encoding of one."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


def encode(point):
    """The 32 bytes of a point."""
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def is_small(point):
    """Whether eight times the point is nothing."""
    return equal(_double(_double(_double(point))), NEUTRAL)


BASE = decode(bytes.fromhex("58" + "66" * 31))
_keys = {}


def _key(data):
    if data not in _keys:
        point = decode(data)
        _keys[data] = None if point is None or is_small(point) else _negate(point)
    return _keys[data]


def verify(key, message, sig):
    """Whether the signature holds."""
    negative, r, s = _key(key), decode(sig[:32]), int.from_bytes(sig[32:], "little")
    if negative is None or r is None or is_small(r) or s >= L:
        return False
    k = int.from_bytes(sha512(sig[:32] + key + message).digest(), "little") % L
    return equal(_two(s, BASE, k, negative), r)
