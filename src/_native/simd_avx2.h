/* Vectors of four lanes, with AVX2 and BMI. */
#ifndef FP_SIMD_H
#define FP_SIMD_H

#include "simd_x86.h"

/* --- 64 bytes -> masks --- */
static inline uint64_t fp_join_halves(__m256i low, __m256i high) {
    return (uint32_t)_mm256_movemask_epi8(low) |
           ((uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32);
}

static inline uint64_t fp_match64(__m256i low, __m256i high, char byte) {
    __m256i pattern = _mm256_set1_epi8(byte);
    return fp_join_halves(_mm256_cmpeq_epi8(low, pattern), _mm256_cmpeq_epi8(high, pattern));
}

static inline uint64_t fp_match_below(__m256i low, __m256i high, char byte) {
    __m256i pattern = _mm256_set1_epi8(byte);
    return fp_join_halves(_mm256_cmpgt_epi8(pattern, low), _mm256_cmpgt_epi8(pattern, high));
}

/* Three comparisons tell all of plain text; what else is below the blank, or over 127, is told
 * apart only where there is any. */
static inline fp_masks fp_classify(const uint8_t *text) {
    __m256i low = _mm256_loadu_si256((const __m256i *)text);
    __m256i high = _mm256_loadu_si256((const __m256i *)(text + 32));
    fp_masks m = {.newline = fp_match64(low, high, '\n'), .blank = fp_match64(low, high, ' ')};
    if (FP_UNLIKELY(fp_match_below(low, high, ' ') != m.newline)) {
        m.blank |= fp_match64(low, high, '\t');
        m.odd = fp_match64(low, high, '\r') | fp_join_halves(low, high);
    }
    return m;
}

/* Twelve, and then eight, at a time, whether they are there or not: most words of 64 bytes have
 * fewer, and a branch that is guessed wrong costs more. The entries past the last are overwritten
 * by the next word, and the array has room for them. */
static inline uint32_t *fp_flatten(uint64_t bits, uint32_t base, uint32_t *out) {
    uint32_t *end = out + fp_count_ones(bits);
    for (int i = 0; i < 12; i++) {
        *out++ = base + (uint32_t)_tzcnt_u64(bits);
        bits = _blsr_u64(bits);
    }
    while (FP_UNLIKELY(bits != 0)) {
        for (int i = 0; i < 8; i++) {
            *out++ = base + (uint32_t)_tzcnt_u64(bits);
            bits = _blsr_u64(bits);
        }
    }
    return end;
}

/* --- 64 bytes against 64 others --- */
typedef struct fp_bytes64 {
    __m256i low, high;
} fp_bytes64;
static inline fp_bytes64 fp_load64(const uint8_t *at) {
    return (fp_bytes64){_mm256_loadu_si256((const __m256i *)(const void *)at),
                        _mm256_loadu_si256((const __m256i *)(const void *)(at + 32))};
}
static inline uint64_t fp_differ64(fp_bytes64 a, fp_bytes64 b) {
    return ~fp_join_halves(_mm256_cmpeq_epi8(a.low, b.low), _mm256_cmpeq_epi8(a.high, b.high));
}
/* A bit for each mask that has no bit of word. */
static inline uint32_t fp_untouched(uint64_t word, const uint64_t masks[4]) {
    __m256i both = _mm256_and_si256(_mm256_set1_epi64x((long long)word),
                                    _mm256_loadu_si256((const __m256i *)(const void *)masks));
    both = _mm256_cmpeq_epi64(both, _mm256_setzero_si256());
    return (uint32_t)_mm256_movemask_pd(_mm256_castsi256_pd(both));
}

/* --- lanes of 64 bits --- */
enum { FP_LANES = 4, FP_ALL_LANES = (1 << FP_LANES) - 1 };
typedef __m256i fp_lanes;
typedef __m256i fp_flags; /* all ones or 0 in each lane */

/* A constant that the compiler must keep, and not make anew in every round of a loop. */
static inline fp_lanes fp_keep(fp_lanes value) {
    __asm__("" : "+x"(value));
    return value;
}
static inline fp_lanes fp_splat(uint64_t value) {
    return _mm256_set1_epi64x((long long)value);
}
static inline __m256i fp_join_pairs(__m128i low, __m128i high) {
    return _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
}
/* A lane is a row. Bits of an eight byte word that are not of what lies between two ends: below 0
 * if it is longer. */
static inline fp_lanes fp_load_spare(const uint32_t *before, const uint32_t *end) {
    __m128i past = _mm_sub_epi32(_mm_loadu_si128((const __m128i *)(const void *)before),
                                 _mm_loadu_si128((const __m128i *)(const void *)end));
    return _mm256_cvtepi32_epi64(_mm_add_epi32(_mm_slli_epi32(past, 3), _mm_set1_epi32(72)));
}
/* Eight bytes at each end. */
static inline fp_lanes fp_load_words(const uint8_t *text, const uint32_t *end) {
    return fp_join_pairs(fp_load_pair(text + end[0], text + end[1]),
                         fp_load_pair(text + end[2], text + end[3]));
}
static inline fp_lanes fp_add(fp_lanes a, fp_lanes b) {
    return _mm256_add_epi64(a, b);
}
static inline fp_lanes fp_xor(fp_lanes a, fp_lanes b) {
    return _mm256_xor_si256(a, b);
}
/* The low halves of each. */
static inline fp_lanes fp_multiply32(fp_lanes a, fp_lanes b) {
    return _mm256_mul_epu32(a, b);
}
/* Of a spare, whose halves are of one sign but where it is 0 and more. */
static inline fp_lanes fp_at_least_0(fp_lanes value) {
    return _mm256_max_epi32(value, _mm256_setzero_si256());
}
/* Zeros for the spare bits, which are 0 and more. */
static inline fp_lanes fp_drop(fp_lanes word, fp_lanes spare) {
    return _mm256_and_si256(word, _mm256_sllv_epi64(fp_splat(~(uint64_t)0), spare));
}
static inline fp_lanes fp_join_digits(fp_lanes word) {
    word = _mm256_maddubs_epi16(word, _mm256_set1_epi16(1 << 8 | 10));
    word = _mm256_madd_epi16(word, _mm256_set1_epi32(1 << 16 | 100));
    return _mm256_add_epi64(_mm256_mul_epu32(word, fp_splat(10000)), _mm256_srli_epi64(word, 32));
}
static inline fp_flags fp_are_equal(fp_lanes a, fp_lanes b) {
    return _mm256_cmpeq_epi64(a, b);
}
static inline fp_flags fp_are_over(fp_lanes a, fp_lanes b) {
    return _mm256_cmpgt_epi64(a, b);
}
static inline fp_flags fp_are_below_0(fp_lanes value) {
    return _mm256_cmpgt_epi64(_mm256_setzero_si256(), value);
}
static inline fp_flags fp_have_others(fp_lanes word) {
    __m256i over = _mm256_subs_epu8(word, _mm256_set1_epi8(9));
    __m256i none = _mm256_cmpeq_epi64(over, _mm256_setzero_si256());
    return _mm256_xor_si256(none, fp_splat(~(uint64_t)0));
}
static inline fp_flags fp_flags_and(fp_flags a, fp_flags b) {
    return _mm256_and_si256(a, b);
}
static inline fp_flags fp_flags_or(fp_flags a, fp_flags b) {
    return _mm256_or_si256(a, b);
}
static inline uint32_t fp_bits(fp_flags flags) {
    return (uint32_t)_mm256_movemask_pd(_mm256_castsi256_pd(flags));
}
static inline fp_lanes fp_clear(fp_lanes value, fp_flags flags) {
    return _mm256_andnot_si256(flags, value);
}
/* a where the flag is set, else b */
static inline fp_lanes fp_select(fp_flags flags, fp_lanes a, fp_lanes b) {
    return _mm256_blendv_epi8(b, a, flags);
}
static inline void fp_store_int32(uint8_t *out, fp_lanes value) {
    __m256i low = _mm256_permutevar8x32_epi32(value, _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6));
    _mm_storeu_si128((__m128i *)(void *)out, _mm256_castsi256_si128(low));
}
static inline void fp_store_int64(uint8_t *out, fp_lanes value) {
    _mm256_storeu_si256((__m256i *)(void *)out, value);
}

/* --- the first 32 bytes of a text --- */
/* Zeros stand behind the text. 32 bytes from text on are readable. */
static inline fp_key fp_load_key(const uint8_t *text, uint32_t size) {
    static const int8_t inside[64] = {
        -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
        -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    };
    const int8_t *mask = inside + 32 - (size < 32 ? size : 32);
    return _mm256_and_si256(_mm256_loadu_si256((const __m256i *)(const void *)text),
                            _mm256_loadu_si256((const __m256i *)(const void *)mask));
}
static inline bool fp_same_key(fp_key a, fp_key b) {
    __m256i differs = _mm256_xor_si256(a, b);
    return _mm256_testz_si256(differs, differs) != 0;
}

#endif
