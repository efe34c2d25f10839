/* Loads and bit counts, the same on every compiler. */
#ifndef FP_BITS_H
#define FP_BITS_H

#include <stdbool.h>
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
#define FP_INLINE static __forceinline
#define FP_APART static __declspec(noinline)
#define FP_PREFETCH(at) ((void)(at))
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
#define FP_INLINE static inline __attribute__((always_inline))
#define FP_APART static __attribute__((noinline))
#define FP_PREFETCH(at) __builtin_prefetch((at), 1)
#endif

/* FP_INLINE: for a function that is one loop for each constant it is called with. FP_APART: for
 * what is seldom needed, and would take registers from the loop that calls it. */

/* Eight bytes, the first in the lowest byte. */
static inline uint64_t fp_load8(const uint8_t *at) {
    uint64_t word;
    memcpy(&word, at, 8);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

static inline void fp_store8(uint8_t *at, uint64_t word) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    memcpy(at, &word, 8);
}

/* Are size bytes the same? size > 0; eight bytes from either's begin are readable. The last eight
 * overlap those before them, so there is no loop over single bytes. */
FP_INLINE bool fp_equal(const uint8_t *a, const uint8_t *b, uint32_t size) {
    if (size <= 8)
        return (fp_load8(a) ^ fp_load8(b)) << (64 - 8 * size) == 0;
    uint64_t differs = fp_load8(a + size - 8) ^ fp_load8(b + size - 8);
    for (uint32_t at = 0; at + 8 < size; at += 8)
        differs |= fp_load8(a + at) ^ fp_load8(b + at);
    return differs == 0;
}

#endif
