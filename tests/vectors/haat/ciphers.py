"""What hides: ChaCha20-Poly1305 and its X variant, and HPKE in base mode with X25519 and HKDF-SHA256."""

import hmac

MASK = 0xFFFFFFFF
P = 2**255 - 19
CONSTANT = (0x61707865, 0x3320646E, 0x79622D32, 0x6B206574)
_ROUND = ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15), (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14))


def _words(data):
    return [int.from_bytes(data[i : i + 4], "little") for i in range(0, len(data), 4)]


def _rounds(state):
    v = list(state)
    for _ in range(10):
        for a, b, c, d in _ROUND:
            for left, right, mixed, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                v[left] = (v[left] + v[right]) & MASK
                t = v[mixed] ^ v[left]
                v[mixed] = (t << turn | t >> 32 - turn) & MASK
    return v


def _block(key, counter, nonce):
    state = [*CONSTANT, *_words(key), counter, *_words(nonce)]
    return b"".join((a + b & MASK).to_bytes(4, "little") for a, b in zip(_rounds(state), state))


def _stream(key, nonce, data):
    out = bytearray()
    for place in range(0, len(data), 64):
        pad = _block(key, place // 64 + 1, nonce)
        out += bytes(a ^ b for a, b in zip(data[place : place + 64], pad))
    return bytes(out)


def _poly1305(key, data):
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    total = 0
    for place in range(0, len(data), 16):
        total = (total + int.from_bytes(data[place : place + 16] + b"\1", "little")) * r % (2**130 - 5)
    return (total + int.from_bytes(key[16:], "little") & 2**128 - 1).to_bytes(16, "little")


def _pad(data):
    return data + bytes(-len(data) % 16)


def open_box(key, nonce, bound, sealed):
    """The text of a ChaCha20-Poly1305 ciphertext; None when it does not open."""
    if len(sealed) < 16:
        return None
    text, tag = sealed[:-16], sealed[-16:]
    sizes = len(bound).to_bytes(8, "little") + len(text).to_bytes(8, "little")
    if not hmac.compare_digest(_poly1305(_block(key, 0, nonce)[:32], _pad(bound) + _pad(text) + sizes), tag):
        return None
    return _stream(key, nonce, text)


def open_x(key, bound, sealed):
    """The text of nonce (24), XChaCha20-Poly1305 ciphertext and tag; None when it does not open."""
    if len(sealed) < 40:
        return None
    nonce = sealed[:24]
    mixed = _rounds([*CONSTANT, *_words(key), *_words(nonce[:16])])
    inner = b"".join(word.to_bytes(4, "little") for word in mixed[:4] + mixed[12:])
    return open_box(inner, bytes(4) + nonce[16:], bound, sealed[24:])


def x25519(scalar, point):
    """The X25519 function of RFC 7748."""
    k = int.from_bytes(scalar, "little") & ~7 & 2**255 - 1 | 2**254
    u = int.from_bytes(point, "little") & 2**255 - 1
    x1, x2, z2, x3, z3, swap = u, 1, 0, u, 1, 0
    for i in range(254, -1, -1):
        bit = k >> i & 1
        if swap != bit:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swap = bit
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        aa, bb, da, cb = a * a % P, b * b % P, d * a % P, c * b % P
        e = aa - bb
        x3, z3 = (da + cb) ** 2 % P, x1 * (da - cb) ** 2 % P
        x2, z2 = aa * bb % P, e * (aa + 121665 * e) % P
    if swap:
        x2, z2 = x3, z3
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")


X25519_BASE = (9).to_bytes(32, "little")
KEM = b"KEM\x00\x20"
SUITE = b"HPKE\x00\x20\x00\x01\x00\x03"


def _extract(salt, suite, label, material):
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + material, "sha256")


def _expand(key, suite, label, info, length):
    info = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    out, block, number = b"", b"", 1
    while len(out) < length:
        block = hmac.digest(key, block + info + bytes([number]), "sha256")
        out, number = out + block, number + 1
    return out[:length]


def prekey(secret):
    """Private and public X25519 key of 32 secret bytes: DeriveKeyPair of RFC 9180."""
    private = _expand(_extract(b"", KEM, b"dkp_prk", secret), KEM, b"sk", b"", 32)
    return private, x25519(private, X25519_BASE)


def open_hpke(secret, info, sealed):
    """What was sealed to the prekey of these secret bytes; None when it does not open."""
    if len(sealed) < 48:
        return None
    private, public = prekey(secret)
    enc, text = sealed[:32], sealed[32:]
    shared = x25519(private, enc)
    if shared == bytes(32):
        return None
    shared = _expand(_extract(b"", KEM, b"eae_prk", shared), KEM, b"shared_secret", enc + public, 32)
    context = b"\0" + _extract(b"", SUITE, b"psk_id_hash", b"") + _extract(b"", SUITE, b"info_hash", info)
    secret = _extract(shared, SUITE, b"secret", b"")
    key = _expand(secret, SUITE, b"key", context, 32)
    nonce = _expand(secret, SUITE, b"base_nonce", context, 12)
    return open_box(key, nonce, b"", text)
