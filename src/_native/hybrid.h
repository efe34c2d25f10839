/* Parquet's hybrid of run lengths and bit packing. */
#ifndef FP_HYBRID_H
#define FP_HYBRID_H

#include "bits.h"

enum { FP_HYBRID_GROUP = 8, FP_HEADER_BYTES = 5 }; /* values packed at a time; of a run, at most */

/* Bits that n different codes take; at least 1, which every reader knows. */
static inline uint32_t fp_code_bits(uint32_t n) {
    uint32_t width = 1;
    while (width < 32 && (uint64_t)1 << width < n)
        width++;
    return width;
}

/* Bytes that n codes may take, and those that packing may touch behind them. */
static inline size_t fp_hybrid_room(size_t n, uint32_t width) {
    return n / 8 * width + n / 8 + 4 * (size_t)width + 64;
}

/* A number in groups of seven bits; returns where it ended. */
static inline uint8_t *fp_put_varint(uint8_t *out, uint32_t value) {
    for (; value > 127; value >>= 7)
        *out++ = (uint8_t)(value | 128);
    *out++ = (uint8_t)value;
    return out;
}

/* n codes of `width` bits, 1..32; returns where they ended. Up to 7 codes behind the last are set
 * to 0; out has fp_hybrid_room. */
uint8_t *fp_put_hybrid(uint8_t *out, uint32_t *codes, size_t n, uint32_t width);

#endif
