/* Loads and bit counts, the same on every compiler. */
#ifndef FP_BITS_H
#define FP_BITS_H

#include <stdint.h>
#include <string.h>

#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
static inline uint32_t fp_count_ones(uint64_t bits) {
    bits -= (bits >> 1) & 0x5555555555555555u;
    bits = (bits & 0x3333333333333333u) + ((bits >> 2) & 0x3333333333333333u);
    return (uint32_t)((((bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0fu) * 0x0101010101010101u) >> 56);
}
static inline uint32_t fp_count_trailing_zeros(uint64_t bits) {
    unsigned long at;
    _BitScanForward64(&at, bits);
    return at;
}
#define FP_LIKELY(x) (x)
#define FP_UNLIKELY(x) (x)
#else
static inline uint32_t fp_count_ones(uint64_t bits) {
    return (uint32_t)__builtin_popcountll(bits);
}
/* bits must not be 0 */
static inline uint32_t fp_count_trailing_zeros(uint64_t bits) {
    return (uint32_t)__builtin_ctzll(bits);
}
#define FP_LIKELY(x) __builtin_expect(!!(x), 1)
#define FP_UNLIKELY(x) __builtin_expect(!!(x), 0)
#endif

/* Eight bytes, the first in the lowest byte. */
static inline uint64_t fp_load8(const uint8_t *at) {
    uint64_t word;
    memcpy(&word, at, 8);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

#endif
