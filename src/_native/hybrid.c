/* Codes are packed in groups of 8, which end at a byte. A run begins where a group does. */
#include "hybrid.h"

typedef uint8_t *(*packer)(uint8_t *out, const uint32_t *codes, size_t n_groups);

static void store8(uint8_t *at, uint64_t word) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    memcpy(at, &word, 8);
}

/* With a constant width this is a line of shifts. The last word reaches behind the group. */
FP_INLINE uint8_t *pack_groups(uint8_t *out, const uint32_t *codes, size_t n_groups,
                               const uint32_t width) {
    for (; n_groups; n_groups--, codes += FP_HYBRID_GROUP, out += width) {
        uint64_t word = 0;
        uint32_t used = 0, at = 0;
        for (int i = 0; i < FP_HYBRID_GROUP; i++) {
            uint64_t code = codes[i];
            word |= code << used;
            used += width;
            if (used >= 64) {
                store8(out + at, word);
                at += 8;
                used -= 64;
                word = used ? code >> (width - used) : 0;
            }
        }
        if (used)
            store8(out + at, word);
    }
    return out;
}

#define PACKER(width)                                                                              \
    static uint8_t *pack_##width(uint8_t *out, const uint32_t *codes, size_t n_groups) {           \
        return pack_groups(out, codes, n_groups, width);                                           \
    }
// clang-format off
#define EACH_WIDTH(X) \
    X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15) X(16) \
    X(17) X(18) X(19) X(20) X(21) X(22) X(23) X(24) X(25) X(26) X(27) X(28) X(29) X(30) X(31) X(32)
// clang-format on
#define NAME(width) pack_##width,
EACH_WIDTH(PACKER)
static const packer packers[] = {NULL, EACH_WIDTH(NAME)};

/* Equal codes from which on a run takes fewer bytes than packing, and the header after it. */
static size_t least_run(uint32_t width) {
    return width < 4 ? 64 / width : 16;
}

static size_t run_length(const uint32_t *codes, size_t n) {
    size_t length = 1;
    while (length < n && codes[length] == codes[0])
        length++;
    return length;
}

/* How many codes, whole groups or all, come before the next run. A window of its least length is
 * looked at from its end: no run that begins before two codes that differ can fill it. */
static size_t literal_length(const uint32_t *codes, size_t n, size_t least) {
    for (size_t at = 0; at + least <= n;) {
        size_t same = at + least - 1;
        while (same > at && codes[same - 1] == codes[same])
            same--;
        if (same == at)
            return at;
        at = (same + FP_HYBRID_GROUP - 1) / FP_HYBRID_GROUP * FP_HYBRID_GROUP;
    }
    return n;
}

static uint8_t *put_run(uint8_t *out, uint32_t code, size_t length, uint32_t width) {
    out = fp_put_varint(out, (uint32_t)length << 1);
    for (uint32_t bits = 0; bits < width; bits += 8)
        *out++ = (uint8_t)(code >> bits);
    return out;
}

uint8_t *fp_put_hybrid(uint8_t *out, uint32_t *codes, size_t n, uint32_t width) {
    memset(codes + n, 0, (FP_HYBRID_GROUP - 1) * sizeof *codes);
    for (size_t at = 0; at < n;) {
        size_t length = literal_length(codes + at, n - at, least_run(width));
        if (length) {
            size_t n_groups = (length + FP_HYBRID_GROUP - 1) / FP_HYBRID_GROUP;
            out = fp_put_varint(out, (uint32_t)n_groups << 1 | 1);
            out = packers[width](out, codes + at, n_groups);
        } else {
            length = run_length(codes + at, n - at);
            out = put_run(out, codes[at], length, width);
        }
        at += length;
    }
    return out;
}
