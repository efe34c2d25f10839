/* What the kernels of x86 share: AVX2 is enough for it, and wider vectors gain nothing. */
#ifndef FP_SIMD_X86_H
#define FP_SIMD_X86_H

#include <immintrin.h>

#include "decode_address.h"
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

/* --- an IPv4 address --- */
/* Each part ends at a dot, or where the text does: its last three bytes come to stand in a lane of
 * their own, but for those before its beginning. There is no branch on what the text is. */
FP_INLINE bool fp_code_ipv4_wide(const uint8_t *at, uint32_t size, const uint8_t *end,
                                 uint32_t *bits) {
    if (FP_UNLIKELY(end - at < 16))
        return fp_decode_ipv4(at, size, bits);
    const __m128i lanes = _mm_set_epi8(3, 3, 3, 3, 2, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0);
    const __m128i back = _mm_set1_epi32((int)0x80fffefdu); /* -3, -2, -1, and no byte at all */
    __m128i text = _mm_loadu_si128((const __m128i *)(const void *)at);
    __m128i digits = _mm_sub_epi8(text, _mm_set1_epi8('0'));
    uint32_t inside = (1u << (size & 31)) - 1;
    uint32_t dots = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(text, _mm_set1_epi8('.'))) & inside;
    __m128i over_9 = _mm_cmpeq_epi8(_mm_max_epu8(digits, _mm_set1_epi8(10)), digits);
    uint32_t others = (uint32_t)_mm_movemask_epi8(over_9) & inside;
    uint32_t second = _blsr_u32(dots), third = _blsr_u32(second);
    uint32_t ends = (uint32_t)_tzcnt_u32(dots) | (uint32_t)_tzcnt_u32(second) << 8 |
                    (uint32_t)_tzcnt_u32(third) << 16 | size << 24;
    uint32_t begins = (ends << 8) + 0x01010100u, sizes = ends - begins;
    uint32_t bad = ((sizes + 0x7c7c7c7cu) | (sizes - 0x01010101u)) & 0x80808080u;
    __m128i places = _mm_add_epi8(_mm_shuffle_epi8(_mm_cvtsi32_si128((int)ends), lanes), back);
    __m128i first = _mm_shuffle_epi8(_mm_cvtsi32_si128((int)begins), lanes);
    __m128i parts =
        _mm_andnot_si128(_mm_cmpgt_epi8(first, places), _mm_shuffle_epi8(digits, places));
    __m128i pairs = _mm_maddubs_epi16(parts, _mm_set1_epi32(0x00010a64)); /* 100, 10, 1 */
    __m128i values = _mm_madd_epi16(pairs, _mm_set1_epi16(1));
    __m128i least =
        _mm_shuffle_epi8(_mm_set_epi8(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 100, 10, 0, 0),
                         _mm_cvtepu8_epi32(_mm_cvtsi32_si128((int)sizes)));
    __m128i wrong =
        _mm_or_si128(_mm_cmpgt_epi32(values, _mm_set1_epi32(255)), _mm_cmpgt_epi32(least, values));
    __m128i bytes = _mm_shuffle_epi8(values, _mm_set1_epi32(0x0004080c));
    *bits = (uint32_t)_mm_cvtsi128_si32(bytes);
    bad |= (uint32_t)_mm_movemask_epi8(wrong) | (others ^ dots) | _blsr_u32(third);
    return (size - 7 <= 8) & (third != 0) & (bad == 0);
}
#define FP_CODE_IPV4 fp_code_ipv4_wide

#endif
