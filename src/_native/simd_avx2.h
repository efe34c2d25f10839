/* 64 bytes -> masks, with AVX2 and BMI. */
#ifndef FP_SIMD_AVX2_H
#define FP_SIMD_AVX2_H

#include <immintrin.h>

#include "bits.h"

typedef struct fp_masks {
    uint64_t newline, blank, odd;
} fp_masks;

static inline uint64_t fp_join_halves(__m256i low, __m256i high) {
    return (uint32_t)_mm256_movemask_epi8(low) |
           ((uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32);
}

static inline uint64_t fp_match64(__m256i low, __m256i high, char byte) {
    __m256i pattern = _mm256_set1_epi8(byte);
    return fp_join_halves(_mm256_cmpeq_epi8(low, pattern), _mm256_cmpeq_epi8(high, pattern));
}

static inline fp_masks fp_classify(const uint8_t *text) {
    __m256i low = _mm256_loadu_si256((const __m256i *)text);
    __m256i high = _mm256_loadu_si256((const __m256i *)(text + 32));
    fp_masks m;
    m.newline = fp_match64(low, high, '\n');
    m.blank = fp_match64(low, high, ' ') | fp_match64(low, high, '\t');
    m.odd = fp_match64(low, high, '\r') | fp_join_halves(low, high);
    return m;
}

/* Eight at a time, whether they are there or not: a branch for each would cost more. The
 * entries past the last are overwritten by the next word, and the array has room for them. */
static inline uint32_t *fp_flatten(uint64_t bits, uint32_t base, uint32_t *out) {
    uint32_t *end = out + fp_count_ones(bits);
    do {
        for (int i = 0; i < 8; i++) {
            out[i] = base + (uint32_t)_tzcnt_u64(bits);
            bits = _blsr_u64(bits);
        }
        out += 8;
    } while (FP_UNLIKELY(bits != 0));
    return end;
}

#endif
