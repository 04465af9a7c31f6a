"""BLAKE3: derive-key mode for everything that is hashed, the plain mode for gossip's message ids."""

IV = (0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19)
ORDER = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
CHUNK_START, CHUNK_END, PARENT, ROOT = 1, 2, 4, 8
CONTEXT, MATERIAL = 32, 64
MASK = 0xFFFFFFFF

_LANES = ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15), (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14))


def _schedules():
    order, all_rounds = list(range(16)), []
    for _ in range(7):
        all_rounds.append(tuple((*lane, order[2 * i], order[2 * i + 1]) for i, lane in enumerate(_LANES)))
        order = [order[i] for i in ORDER]
    return [step for one in all_rounds for step in one]


_STEPS = _schedules()


def _compress(chain, block, counter, length, flags):
    m = [int.from_bytes(block[i : i + 4], "little") for i in range(0, 64, 4)]
    v = [*chain, *IV[:4], counter & MASK, counter >> 32, length, flags]
    for a, b, c, d, x, y in _STEPS:
        va, vb = v[a], v[b]
        va = (va + vb + m[x]) & MASK
        t = v[d] ^ va
        t = (t >> 16 | t << 16) & MASK
        vc = (v[c] + t) & MASK
        vb ^= vc
        vb = (vb >> 12 | vb << 20) & MASK
        va = (va + vb + m[y]) & MASK
        t ^= va
        t = (t >> 8 | t << 24) & MASK
        vc = (vc + t) & MASK
        vb ^= vc
        v[a], v[b], v[c], v[d] = va, (vb >> 7 | vb << 25) & MASK, vc, t
    return [v[i] ^ v[i + 8] for i in range(8)] + [v[i + 8] ^ chain[i] for i in range(8)]


def _words(data):
    return b"".join(word.to_bytes(4, "little") for word in data)


def _chunk(key, data, counter, flags):
    """What the last compression of a chunk is given."""
    chain, blocks = key, [data[i : i + 64] for i in range(0, len(data), 64)] or [b""]
    for place, block in enumerate(blocks):
        mode = flags | (CHUNK_START if place == 0 else 0)
        if place == len(blocks) - 1:
            return chain, block.ljust(64, b"\0"), counter, len(block), mode | CHUNK_END
        chain = _compress(chain, block, counter, 64, mode)[:8]
    raise AssertionError("there is always a last block")


def _tree(key, data, first, flags):
    if len(data) <= 1024:
        return _chunk(key, data, first, flags)
    half = 1024
    while half * 2 < len(data):
        half *= 2
    left = _compress(*_tree(key, data[:half], first, flags))[:8]
    right = _compress(*_tree(key, data[half:], first + half // 1024, flags))[:8]
    return key, _words(left + right), 0, 64, flags | PARENT


def _digest(key, data, flags, length):
    chain, block, _, size, mode = _tree(key, data, 0, flags)
    out = b""
    while len(out) < length:
        out += _words(_compress(chain, block, len(out) // 64, size, mode | ROOT))
    return out[:length]


def plain(data, length=32):
    """The hash without key or context."""
    return _digest(IV, data, 0, length)


_contexts = {}


def derive(context, *parts, length=32):
    """The hash of the parts, one after the other, in derive-key mode under a context."""
    if context not in _contexts:
        key = _digest(IV, context.encode(), CONTEXT, 32)
        _contexts[context] = tuple(int.from_bytes(key[i : i + 4], "little") for i in range(0, 32, 4))
    return _digest(_contexts[context], b"".join(parts), MATERIAL, length)
