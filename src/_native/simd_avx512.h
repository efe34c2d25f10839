/* Vectors of eight lanes, with AVX-512 of Ice Lake's kind (F, BW, VL, DQ, VBMI2). */
#ifndef FP_SIMD_H
#define FP_SIMD_H

#include "simd_x86.h"

/* --- 64 bytes -> masks --- */
/* Three comparisons tell all of plain text; what else is below the blank, or over 127, is told
 * apart only where there is any. */
static inline fp_masks fp_classify(const uint8_t *text) {
    __m512i bytes = _mm512_loadu_si512(text);
    fp_masks m = {.newline = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\n')),
                  .blank = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(' '))};
    uint64_t low = _mm512_cmple_epi8_mask(bytes, _mm512_set1_epi8(' ')); /* or over 127 */
    if (FP_UNLIKELY(low != (m.newline | m.blank))) {
        m.blank |= _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\t'));
        m.odd = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\r')) | _mm512_movepi8_mask(bytes);
    }
    return m;
}

/* Sixteen at a time, whether they are there or not. The entries past the last are overwritten by
 * the next word, and the array has room for them. */
static inline uint32_t *fp_flatten(uint64_t bits, uint32_t base, uint32_t *out) {
    const __m512i places = _mm512_set_epi8(
        63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41,
        40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18,
        17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    const __m512i bases = _mm512_set1_epi32((int)base);
    __m512i set = _mm512_maskz_compress_epi8(bits, places);
    int n = (int)_mm_popcnt_u64(bits);
    _mm512_storeu_si512(out,
                        _mm512_add_epi32(bases, _mm512_cvtepu8_epi32(_mm512_castsi512_si128(set))));
    for (int i = 16; FP_UNLIKELY(i < n); i += 16) {
        set = _mm512_alignr_epi64(set, set, 2);
        _mm512_storeu_si512(
            out + i, _mm512_add_epi32(bases, _mm512_cvtepu8_epi32(_mm512_castsi512_si128(set))));
    }
    return out + n;
}

/* --- 64 bytes against 64 others --- */
typedef __m512i fp_bytes64;
static inline fp_bytes64 fp_load64(const uint8_t *at) {
    return _mm512_loadu_si512(at);
}
static inline uint64_t fp_differ64(fp_bytes64 a, fp_bytes64 b) {
    return _mm512_cmpneq_epi8_mask(a, b);
}
/* A bit for each mask that has no bit of word. */
static inline uint32_t fp_untouched(uint64_t word, const uint64_t masks[4]) {
    return _mm256_testn_epi64_mask(_mm256_set1_epi64x((long long)word),
                                   _mm256_loadu_si256((const __m256i *)(const void *)masks));
}

/* --- lanes of 64 bits --- */
enum { FP_LANES = 8, FP_ALL_LANES = (1 << FP_LANES) - 1 };
typedef __m512i fp_lanes;
typedef __mmask8 fp_flags;

/* A constant that the compiler must keep, and not make anew in every round of a loop. */
static inline fp_lanes fp_keep(fp_lanes value) {
    __asm__("" : "+v"(value));
    return value;
}
static inline fp_lanes fp_splat(uint64_t value) {
    return _mm512_set1_epi64((long long)value);
}
static inline __m512i fp_join_pairs(const __m128i pairs[4]) {
    __m256i low = _mm256_inserti128_si256(_mm256_castsi128_si256(pairs[0]), pairs[1], 1);
    __m256i high = _mm256_inserti128_si256(_mm256_castsi128_si256(pairs[2]), pairs[3], 1);
    return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}
/* A lane is a row. Bits of an eight byte word that are not of what lies between two ends: below 0
 * if it is longer. */
static inline fp_lanes fp_load_spare(const uint32_t *before, const uint32_t *end) {
    __m256i past = _mm256_sub_epi32(_mm256_loadu_si256((const __m256i *)(const void *)before),
                                    _mm256_loadu_si256((const __m256i *)(const void *)end));
    return _mm512_cvtepi32_epi64(
        _mm256_add_epi32(_mm256_slli_epi32(past, 3), _mm256_set1_epi32(72)));
}
/* Eight bytes at each end. */
static inline fp_lanes fp_load_words(const uint8_t *text, const uint32_t *end) {
    __m128i pairs[4];
    for (int i = 0; i < 4; i++)
        pairs[i] = fp_load_pair(text + end[2 * i], text + end[2 * i + 1]);
    return fp_join_pairs(pairs);
}
static inline fp_lanes fp_add(fp_lanes a, fp_lanes b) {
    return _mm512_add_epi64(a, b);
}
static inline fp_lanes fp_xor(fp_lanes a, fp_lanes b) {
    return _mm512_xor_si512(a, b);
}
/* The low halves of each. */
static inline fp_lanes fp_multiply32(fp_lanes a, fp_lanes b) {
    return _mm512_mul_epu32(a, b);
}
/* Of a spare, whose halves are of one sign but where it is 0 and more. */
static inline fp_lanes fp_at_least_0(fp_lanes value) {
    return _mm512_max_epi32(value, _mm512_setzero_si512());
}
/* Zeros for the spare bits, which are 0 and more. */
static inline fp_lanes fp_drop(fp_lanes word, fp_lanes spare) {
    return _mm512_and_si512(word, _mm512_sllv_epi64(fp_splat(~(uint64_t)0), spare));
}
static inline fp_lanes fp_join_digits(fp_lanes word) {
    word = _mm512_maddubs_epi16(word, _mm512_set1_epi16(1 << 8 | 10));
    word = _mm512_madd_epi16(word, _mm512_set1_epi32(1 << 16 | 100));
    return _mm512_add_epi64(_mm512_mul_epu32(word, fp_splat(10000)), _mm512_srli_epi64(word, 32));
}
static inline fp_flags fp_are_equal(fp_lanes a, fp_lanes b) {
    return _mm512_cmpeq_epi64_mask(a, b);
}
static inline fp_flags fp_are_over(fp_lanes a, fp_lanes b) {
    return _mm512_cmpgt_epi64_mask(a, b);
}
static inline fp_flags fp_are_below_0(fp_lanes value) {
    return _mm512_movepi64_mask(value);
}
static inline fp_flags fp_have_others(fp_lanes word) {
    __m512i over = _mm512_subs_epu8(word, _mm512_set1_epi8(9));
    return _mm512_test_epi64_mask(over, over);
}
static inline fp_flags fp_flags_and(fp_flags a, fp_flags b) {
    return a & b;
}
static inline fp_flags fp_flags_or(fp_flags a, fp_flags b) {
    return a | b;
}
static inline uint32_t fp_bits(fp_flags flags) {
    return flags;
}
static inline fp_lanes fp_clear(fp_lanes value, fp_flags flags) {
    return _mm512_maskz_mov_epi64((__mmask8)~flags, value);
}
/* a where the flag is set, else b */
static inline fp_lanes fp_select(fp_flags flags, fp_lanes a, fp_lanes b) {
    return _mm512_mask_mov_epi64(b, flags, a);
}
static inline void fp_store_int32(uint8_t *out, fp_lanes value) {
    _mm256_storeu_si256((__m256i *)(void *)out, _mm512_cvtepi64_epi32(value));
}
static inline void fp_store_int64(uint8_t *out, fp_lanes value) {
    _mm512_storeu_si512(out, value);
}

/* --- the first 32 bytes of a text --- */
static inline fp_key fp_load_key(const uint8_t *text, uint32_t size) {
    __mmask32 inside = _bzhi_u32(~0u, size < 32 ? size : 32);
    return _mm256_maskz_loadu_epi8(inside, text);
}
static inline bool fp_same_key(fp_key a, fp_key b) {
    return _mm256_cmpneq_epu64_mask(a, b) == 0;
}

#endif
