/* Vectors of one lane, without intrinsics: the kernel that every CPU can run. */
#ifndef FP_SIMD_H
#define FP_SIMD_H

#include "rows.h"
#include "scan.h"

/* --- 64 bytes -> masks --- */
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

/* --- 64 bytes against 64 others: eight by eight, that would not pay --- */
#define FP_NO_REPEAT

/* --- marks: eight rows of eight become eight columns --- */
static inline void fp_transpose8(const uint32_t *const from[8], uint32_t mark, uint32_t *to) {
    for (uint32_t i = 0; i < 8; i++)
        for (uint32_t row = 0; row < 8; row++)
            to[(size_t)i * FP_ROW_STRIDE + row] = from[row][mark + i];
}

/* --- lanes of 64 bits --- */
enum { FP_LANES = 1, FP_ALL_LANES = (1 << FP_LANES) - 1 };
typedef uint64_t fp_lanes;
typedef uint64_t fp_flags; /* all ones or 0 */

static inline fp_lanes fp_keep(fp_lanes value) {
    return value;
}
static inline fp_lanes fp_splat(uint64_t value) {
    return value;
}
/* Bits of an eight byte word that are not of what lies between two ends: below 0
 * if it is longer. */
static inline fp_lanes fp_load_spare(const uint32_t *before, const uint32_t *end) {
    return (uint64_t)(72 - 8 * (int64_t)(*end - *before));
}
/* Eight bytes at each end. */
static inline fp_lanes fp_load_words(const uint8_t *text, const uint32_t *end) {
    return fp_load8(text + *end);
}
static inline fp_lanes fp_add(fp_lanes a, fp_lanes b) {
    return a + b;
}
static inline fp_lanes fp_xor(fp_lanes a, fp_lanes b) {
    return a ^ b;
}
static inline fp_lanes fp_multiply32(fp_lanes a, fp_lanes b) {
    return (uint32_t)a * (uint64_t)(uint32_t)b;
}
static inline fp_lanes fp_at_least_0(fp_lanes value) {
    return (int64_t)value > 0 ? value : 0;
}
/* Zeros for the spare bits, which are 0 and more. */
static inline fp_lanes fp_drop(fp_lanes word, fp_lanes spare) {
    return spare < 64 ? word >> spare << spare : 0;
}
static inline fp_lanes fp_join_digits(fp_lanes word) {
    word = (word * 10 + (word >> 8)) & 0x00ff00ff00ff00ffu;
    word = (word * 100 + (word >> 16)) & 0x0000ffff0000ffffu;
    return (word * 10000 + (word >> 32)) & 0xffffffffu;
}
static inline fp_flags fp_are_equal(fp_lanes a, fp_lanes b) {
    return a == b ? ~(uint64_t)0 : 0;
}
/* a > b, both signed */
static inline fp_flags fp_are_over(fp_lanes a, fp_lanes b) {
    return (int64_t)a > (int64_t)b ? ~(uint64_t)0 : 0;
}
static inline fp_flags fp_are_below_0(fp_lanes value) {
    return (int64_t)value < 0 ? ~(uint64_t)0 : 0;
}
/* Lanes with a byte over 9. */
static inline fp_flags fp_have_others(fp_lanes word) {
    return ((word + 0x7676767676767676u) | word) & 0x8080808080808080u ? ~(uint64_t)0 : 0;
}
static inline fp_flags fp_flags_and(fp_flags a, fp_flags b) {
    return a & b;
}
static inline fp_flags fp_flags_or(fp_flags a, fp_flags b) {
    return a | b;
}
static inline uint32_t fp_bits(fp_flags flags) {
    return flags & 1;
}
static inline fp_lanes fp_clear(fp_lanes value, fp_flags flags) {
    return value & ~flags;
}
/* a where the flag is set, else b */
static inline fp_lanes fp_select(fp_flags flags, fp_lanes a, fp_lanes b) {
    return (a & flags) | (b & ~flags);
}
static inline void fp_store_int32(uint8_t *out, fp_lanes value) {
    uint32_t low = (uint32_t)value;
    memcpy(out, &low, 4);
}
static inline void fp_store_int64(uint8_t *out, fp_lanes value) {
    memcpy(out, &value, 8);
}

/* --- the first 32 bytes of a text --- */
typedef struct fp_key {
    uint64_t words[4];
} fp_key;

static inline fp_key fp_no_key(void) {
    return (fp_key){{0, 0, 0, 0}};
}
/* Zeros stand behind the text. 32 bytes from text on are readable. */
static inline fp_key fp_load_key(const uint8_t *text, uint32_t size) {
    fp_key key;
    for (uint32_t i = 0; i < 4; i++) {
        uint32_t left = size > 8 * i ? size - 8 * i : 0;
        uint64_t mask = left >= 8 ? ~(uint64_t)0 : ((uint64_t)1 << (8 * left)) - 1;
        key.words[i] = fp_load8(text + 8 * i) & mask;
    }
    return key;
}
static inline fp_key fp_read_key(const uint64_t *words) {
    fp_key key;
    memcpy(&key, words, sizeof key);
    return key;
}
static inline void fp_store_key(uint64_t *words, fp_key key) {
    memcpy(words, &key, sizeof key);
}
static inline bool fp_same_key(fp_key a, fp_key b) {
    return ((a.words[0] ^ b.words[0]) | (a.words[1] ^ b.words[1]) | (a.words[2] ^ b.words[2]) |
            (a.words[3] ^ b.words[3])) == 0;
}

#endif
