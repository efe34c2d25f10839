/* What the kernels of x86 share: AVX2 is enough for it, and wider vectors gain nothing. */
#ifndef FP_SIMD_X86_H
#define FP_SIMD_X86_H

#include <immintrin.h>

#include "rows.h"
#include "scan.h"

/* --- marks: eight rows of eight become eight columns --- */
static inline void fp_transpose8(const uint32_t *const from[8], uint32_t mark, uint32_t *to) {
    __m256i rows[8], pairs[8], fours[8];
    for (int i = 0; i < 8; i++)
        rows[i] = _mm256_loadu_si256((const __m256i *)(const void *)(from[i] + mark));
    for (int i = 0; i < 8; i += 2) {
        pairs[i] = _mm256_unpacklo_epi32(rows[i], rows[i + 1]);
        pairs[i + 1] = _mm256_unpackhi_epi32(rows[i], rows[i + 1]);
    }
    for (int i = 0; i < 8; i += 4) {
        fours[i] = _mm256_unpacklo_epi64(pairs[i], pairs[i + 2]);
        fours[i + 1] = _mm256_unpackhi_epi64(pairs[i], pairs[i + 2]);
        fours[i + 2] = _mm256_unpacklo_epi64(pairs[i + 1], pairs[i + 3]);
        fours[i + 3] = _mm256_unpackhi_epi64(pairs[i + 1], pairs[i + 3]);
    }
    for (int i = 0; i < 4; i++) {
        __m256i low = _mm256_permute2x128_si256(fours[i], fours[i + 4], 0x20);
        __m256i high = _mm256_permute2x128_si256(fours[i], fours[i + 4], 0x31);
        _mm256_storeu_si256((__m256i *)(void *)(to + i * FP_ROW_STRIDE), low);
        _mm256_storeu_si256((__m256i *)(void *)(to + (i + 4) * FP_ROW_STRIDE), high);
    }
}

/* A byte for each of eight rows, not 0 where two ends are not as far apart as a row earlier. The
 * row before the first may be anything that can be read. */
static inline uint64_t fp_moved8(const uint32_t *from, const uint32_t *to) {
    __m256i now = _mm256_sub_epi32(_mm256_loadu_si256((const __m256i *)(const void *)to),
                                   _mm256_loadu_si256((const __m256i *)(const void *)from));
    __m256i then = _mm256_sub_epi32(_mm256_loadu_si256((const __m256i *)(const void *)(to - 1)),
                                    _mm256_loadu_si256((const __m256i *)(const void *)(from - 1)));
    __m256i same = _mm256_cmpeq_epi32(now, then);
    __m128i words =
        _mm_packs_epi32(_mm256_castsi256_si128(same), _mm256_extracti128_si256(same, 1));
    return ~(uint64_t)_mm_cvtsi128_si64(_mm_packs_epi16(words, words));
}

/* Loads of pairs: the gather instructions take longer on many CPUs. */
static inline __m128i fp_load_pair(const void *low, const void *high) {
    __m128 pair = _mm_castsi128_ps(_mm_loadl_epi64(low));
    return _mm_castps_si128(_mm_loadh_pi(pair, high));
}

/* --- the first 32 bytes of a text --- */
typedef __m256i fp_key;

static inline fp_key fp_no_key(void) {
    return _mm256_setzero_si256();
}
static inline fp_key fp_read_key(const uint64_t *words) {
    return _mm256_loadu_si256((const __m256i *)(const void *)words);
}
static inline void fp_store_key(uint64_t *words, fp_key key) {
    _mm256_storeu_si256((__m256i *)(void *)words, key);
}

#endif
