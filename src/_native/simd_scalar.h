/* 64 bytes -> masks, without intrinsics: the kernel that every CPU can run. */
#ifndef FP_SIMD_SCALAR_H
#define FP_SIMD_SCALAR_H

#include "bits.h"

typedef struct fp_masks {
    uint64_t newline, blank, odd;
} fp_masks;

/* The high bit of each byte of word that equals the byte repeated in pattern. */
static inline uint64_t fp_match8(uint64_t word, uint64_t pattern) {
    uint64_t differs = word ^ pattern;
    uint64_t low = (differs & 0x7f7f7f7f7f7f7f7fu) + 0x7f7f7f7f7f7f7f7fu;
    return ~(low | differs | 0x7f7f7f7f7f7f7f7fu);
}

/* The high bits of eight bytes, gathered into one. */
static inline uint64_t fp_gather8(uint64_t high_bits) {
    return ((high_bits >> 7) * 0x0102040810204080u) >> 56;
}

static inline fp_masks fp_classify(const uint8_t *text) {
    fp_masks m = {0, 0, 0};
    for (int i = 0; i < 8; i++) {
        uint64_t word = fp_load8(text + 8 * i);
        uint64_t newline = fp_match8(word, 0x0a0a0a0a0a0a0a0au);
        uint64_t blank =
            fp_match8(word, 0x2020202020202020u) | fp_match8(word, 0x0909090909090909u);
        uint64_t odd = fp_match8(word, 0x0d0d0d0d0d0d0d0du) | (word & 0x8080808080808080u);
        m.newline |= fp_gather8(newline) << (8 * i);
        m.blank |= fp_gather8(blank) << (8 * i);
        m.odd |= fp_gather8(odd) << (8 * i);
    }
    return m;
}

static inline uint32_t *fp_flatten(uint64_t bits, uint32_t base, uint32_t *out) {
    while (bits) {
        *out++ = base + fp_count_trailing_zeros(bits);
        bits &= bits - 1;
    }
    return out;
}

#endif
