/* Vectors of four lanes, with the Advanced SIMD that every 64-bit ARM has. A register holds two
 * lanes; a pair of them takes fewer instructions a row, since the digits of four rows are joined
 * as one. */
#ifndef FP_SIMD_H
#define FP_SIMD_H

#include <arm_neon.h>

#include "rows.h"
#include "scan.h"

/* --- 64 bytes -> masks --- */
typedef struct fp_bytes64 {
    uint8x16_t part[4];
} fp_bytes64;

static inline fp_bytes64 fp_load64(const uint8_t *at) {
    return (fp_bytes64){{vld1q_u8(at), vld1q_u8(at + 16), vld1q_u8(at + 32), vld1q_u8(at + 48)}};
}
static inline fp_bytes64 fp_match64(fp_bytes64 bytes, uint8_t byte) {
    uint8x16_t pattern = vdupq_n_u8(byte);
    for (int i = 0; i < 4; i++)
        bytes.part[i] = vceqq_u8(bytes.part[i], pattern);
    return bytes;
}
/* Signed: bytes over 127 are below any. */
static inline fp_bytes64 fp_match_below(fp_bytes64 bytes, int8_t byte) {
    int8x16_t pattern = vdupq_n_s8(byte);
    for (int i = 0; i < 4; i++)
        bytes.part[i] = vcltq_s8(vreinterpretq_s8_u8(bytes.part[i]), pattern);
    return bytes;
}
/* Bytes that are all ones or 0 -> a bit each: each byte keeps the bit of its place in eight, and
 * neighbours are added until eight are one. Here to two bytes that are one. */
static inline uint8x16_t fp_begin_mask(fp_bytes64 set) {
    const uint8x16_t bit = vreinterpretq_u8_u64(vdupq_n_u64(0x8040201008040201u));
    for (int i = 0; i < 4; i++)
        set.part[i] = vandq_u8(set.part[i], bit);
    return vpaddq_u8(vpaddq_u8(set.part[0], set.part[1]), vpaddq_u8(set.part[2], set.part[3]));
}
static inline uint64_t fp_mask_of(fp_bytes64 set) {
    uint8x16_t mask = fp_begin_mask(set);
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(mask, mask)), 0);
}

/* Three comparisons tell all of plain text; what else is below the blank, or over 127, is told
 * apart only where there is any. */
FP_INLINE fp_masks fp_classify(const uint8_t *text) {
    fp_bytes64 bytes = fp_load64(text);
    uint64x2_t both = vreinterpretq_u64_u8(
        vpaddq_u8(fp_begin_mask(fp_match64(bytes, '\n')), fp_begin_mask(fp_match64(bytes, ' '))));
    fp_masks m = {.newline = vgetq_lane_u64(both, 0), .blank = vgetq_lane_u64(both, 1)};
    if (FP_UNLIKELY(fp_mask_of(fp_match_below(bytes, ' ')) != m.newline)) {
        m.blank |= fp_mask_of(fp_match64(bytes, '\t'));
        m.odd = fp_mask_of(fp_match64(bytes, '\r')) | fp_mask_of(fp_match_below(bytes, 0));
    }
    return m;
}

/* Zeros below the lowest bit; 64 without one, which C leaves open. */
static inline uint32_t fp_place_of_lowest(uint64_t bits) {
    uint64_t zeros;
    __asm__("rbit %0, %1\n\tclz %0, %0" : "=r"(zeros) : "r"(bits));
    return (uint32_t)zeros;
}

/* Twelve, and then eight, at a time, whether they are there or not: most words of 64 bytes have
 * fewer, and a branch that is guessed wrong costs more. The entries past the last are overwritten
 * by the next word, and the array has room for them. */
static inline uint32_t *fp_flatten(uint64_t bits, uint32_t base, uint32_t *out) {
    uint32_t *end = out + fp_count_ones(bits);
    for (int i = 0; i < 12; i++) {
        *out++ = base + fp_place_of_lowest(bits);
        bits &= bits - 1;
    }
    while (FP_UNLIKELY(bits != 0)) {
        for (int i = 0; i < 8; i++) {
            *out++ = base + fp_place_of_lowest(bits);
            bits &= bits - 1;
        }
    }
    return end;
}

/* --- marks: eight rows of eight become eight columns --- */
static inline void fp_transpose4(const uint32_t *const from[4], uint32_t mark, uint32_t *to) {
    uint32x4_t rows[4];
    for (int i = 0; i < 4; i++)
        rows[i] = vld1q_u32(from[i] + mark);
    uint64x2_t pairs[4] = {vreinterpretq_u64_u32(vtrn1q_u32(rows[0], rows[1])),
                           vreinterpretq_u64_u32(vtrn2q_u32(rows[0], rows[1])),
                           vreinterpretq_u64_u32(vtrn1q_u32(rows[2], rows[3])),
                           vreinterpretq_u64_u32(vtrn2q_u32(rows[2], rows[3]))};
    for (int i = 0; i < 2; i++) {
        vst1q_u32(to + i * FP_ROW_STRIDE,
                  vreinterpretq_u32_u64(vtrn1q_u64(pairs[i], pairs[i + 2])));
        vst1q_u32(to + (i + 2) * FP_ROW_STRIDE,
                  vreinterpretq_u32_u64(vtrn2q_u64(pairs[i], pairs[i + 2])));
    }
}
static inline void fp_transpose8(const uint32_t *const from[8], uint32_t mark, uint32_t *to) {
    for (uint32_t i = 0; i < 8; i += 4) {
        fp_transpose4(from, mark + i, to + i * FP_ROW_STRIDE);
        fp_transpose4(from + 4, mark + i, to + i * FP_ROW_STRIDE + 4);
    }
}

/* --- 64 bytes against 64 others --- */
static inline uint64_t fp_differ64(fp_bytes64 a, fp_bytes64 b) {
    for (int i = 0; i < 4; i++)
        a.part[i] = vceqq_u8(a.part[i], b.part[i]);
    return ~fp_mask_of(a);
}

/* Four flags, of 64 bits each, as four bits. */
static inline uint32_t fp_four_bits(uint64x2_t low, uint64x2_t high) {
    static const uint32_t bit[4] = {1, 2, 4, 8};
    uint32x4_t flags = vuzp1q_u32(vreinterpretq_u32_u64(low), vreinterpretq_u32_u64(high));
    return vaddvq_u32(vandq_u32(flags, vld1q_u32(bit)));
}
/* A bit for each mask that has no bit of word. */
static inline uint32_t fp_untouched(uint64_t word, const uint64_t masks[4]) {
    uint64x2_t words = vdupq_n_u64(word);
    return 0xf ^
           fp_four_bits(vtstq_u64(words, vld1q_u64(masks)), vtstq_u64(words, vld1q_u64(masks + 2)));
}

/* A byte for each of eight rows, not 0 where two ends are not as far apart as a row earlier. The
 * row before the first may be anything that can be read. */
static inline uint64_t fp_moved8(const uint32_t *from, const uint32_t *to) {
    uint32x4_t same[2];
    for (int i = 0; i < 2; i++, from += 4, to += 4)
        same[i] = vceqq_u32(vsubq_u32(vld1q_u32(to), vld1q_u32(from)),
                            vsubq_u32(vld1q_u32(to - 1), vld1q_u32(from - 1)));
    uint16x8_t words = vuzp1q_u16(vreinterpretq_u16_u32(same[0]), vreinterpretq_u16_u32(same[1]));
    return ~vget_lane_u64(vreinterpret_u64_u8(vmovn_u16(words)), 0);
}

/* --- lanes of 64 bits --- */
enum { FP_LANES = 4, FP_ALL_LANES = (1 << FP_LANES) - 1 };
typedef struct fp_lanes {
    uint64x2_t low, high;
} fp_lanes;
typedef fp_lanes fp_flags; /* all ones or 0 in each lane */

/* A constant: the compiler keeps it without being told. */
static inline fp_lanes fp_keep(fp_lanes value) {
    return value;
}
static inline fp_lanes fp_splat(uint64_t value) {
    return (fp_lanes){vdupq_n_u64(value), vdupq_n_u64(value)};
}
static inline fp_lanes fp_widen(uint32x4_t four) {
    return (fp_lanes){vmovl_u32(vget_low_u32(four)), vmovl_high_u32(four)};
}
static inline uint64x2_t fp_load_pair(const uint8_t *low, const uint8_t *high) {
    return vreinterpretq_u64_u8(vcombine_u8(vld1_u8(low), vld1_u8(high)));
}
/* A lane is a row. Bits of an eight byte word that are not of what lies between two ends: below 0
 * if it is longer. */
static inline fp_lanes fp_load_spare(const uint32_t *before, const uint32_t *end) {
    int32x4_t past = vreinterpretq_s32_u32(vsubq_u32(vld1q_u32(before), vld1q_u32(end)));
    int32x4_t spare = vaddq_s32(vshlq_n_s32(past, 3), vdupq_n_s32(72));
    return (fp_lanes){vreinterpretq_u64_s64(vmovl_s32(vget_low_s32(spare))),
                      vreinterpretq_u64_s64(vmovl_high_s32(spare))};
}
/* Eight bytes at each end. */
static inline fp_lanes fp_load_words(const uint8_t *text, const uint32_t *end) {
    return (fp_lanes){fp_load_pair(text + end[0], text + end[1]),
                      fp_load_pair(text + end[2], text + end[3])};
}
static inline fp_lanes fp_add(fp_lanes a, fp_lanes b) {
    return (fp_lanes){vaddq_u64(a.low, b.low), vaddq_u64(a.high, b.high)};
}
static inline fp_lanes fp_xor(fp_lanes a, fp_lanes b) {
    return (fp_lanes){veorq_u64(a.low, b.low), veorq_u64(a.high, b.high)};
}
/* The low halves of each. */
static inline fp_lanes fp_multiply32(fp_lanes a, fp_lanes b) {
    return (fp_lanes){vmull_u32(vmovn_u64(a.low), vmovn_u64(b.low)),
                      vmull_u32(vmovn_u64(a.high), vmovn_u64(b.high))};
}
/* Of a spare, whose halves are of one sign but where it is 0 and more. */
static inline uint64x2_t fp_pair_at_least_0(uint64x2_t value) {
    return vreinterpretq_u64_s32(vmaxq_s32(vreinterpretq_s32_u64(value), vdupq_n_s32(0)));
}
static inline fp_lanes fp_at_least_0(fp_lanes value) {
    return (fp_lanes){fp_pair_at_least_0(value.low), fp_pair_at_least_0(value.high)};
}
/* Zeros for the spare bits, which are 0 and more. A shift goes by the lowest byte of its count
 * alone, signed: below 0 it goes right. No more than 192 are spare here: 128 and more is right by
 * 64 and more, which leaves nothing, and so does left by 64 and more. */
static inline uint64x2_t fp_drop_pair(uint64x2_t word, uint64x2_t spare) {
    uint64x2_t mask = vshlq_u64(vdupq_n_u64(~(uint64_t)0), vreinterpretq_s64_u64(spare));
    return vandq_u64(word, mask);
}
static inline fp_lanes fp_drop(fp_lanes word, fp_lanes spare) {
    return (fp_lanes){fp_drop_pair(word.low, spare.low), fp_drop_pair(word.high, spare.high)};
}
/* Of four words, the digits at even and at odd places: 16 numbers below 100 fill one register. */
static inline fp_lanes fp_join_digits(fp_lanes word) {
    uint8x16_t low = vreinterpretq_u8_u64(word.low), high = vreinterpretq_u8_u64(word.high);
    uint16x8_t twos =
        vreinterpretq_u16_u8(vmlaq_u8(vuzp2q_u8(low, high), vuzp1q_u8(low, high), vdupq_n_u8(10)));
    uint16x8_t even2 = vandq_u16(twos, vdupq_n_u16(0xff));
    uint32x4_t fours = vreinterpretq_u32_u16(vmlaq_n_u16(vshrq_n_u16(twos, 8), even2, 100));
    uint32x4_t even4 = vandq_u32(fours, vdupq_n_u32(0xffff));
    return fp_widen(vmlaq_n_u32(vshrq_n_u32(fours, 16), even4, 10000));
}
static inline fp_flags fp_are_equal(fp_lanes a, fp_lanes b) {
    return (fp_flags){vceqq_u64(a.low, b.low), vceqq_u64(a.high, b.high)};
}
/* a > b, both signed */
static inline fp_flags fp_are_over(fp_lanes a, fp_lanes b) {
    return (fp_flags){vcgtq_s64(vreinterpretq_s64_u64(a.low), vreinterpretq_s64_u64(b.low)),
                      vcgtq_s64(vreinterpretq_s64_u64(a.high), vreinterpretq_s64_u64(b.high))};
}
static inline fp_flags fp_are_below_0(fp_lanes value) {
    return (fp_flags){vcltzq_s64(vreinterpretq_s64_u64(value.low)),
                      vcltzq_s64(vreinterpretq_s64_u64(value.high))};
}
/* Lanes with a byte over 9. */
static inline uint64x2_t fp_pair_has_others(uint64x2_t word) {
    uint64x2_t over = vreinterpretq_u64_u8(vcgtq_u8(vreinterpretq_u8_u64(word), vdupq_n_u8(9)));
    return vtstq_u64(over, over);
}
static inline fp_flags fp_have_others(fp_lanes word) {
    return (fp_flags){fp_pair_has_others(word.low), fp_pair_has_others(word.high)};
}
static inline fp_flags fp_flags_and(fp_flags a, fp_flags b) {
    return (fp_flags){vandq_u64(a.low, b.low), vandq_u64(a.high, b.high)};
}
static inline fp_flags fp_flags_or(fp_flags a, fp_flags b) {
    return (fp_flags){vorrq_u64(a.low, b.low), vorrq_u64(a.high, b.high)};
}
static inline uint32_t fp_bits(fp_flags flags) {
    return fp_four_bits(flags.low, flags.high);
}
static inline fp_lanes fp_clear(fp_lanes value, fp_flags flags) {
    return (fp_lanes){vbicq_u64(value.low, flags.low), vbicq_u64(value.high, flags.high)};
}
/* a where the flag is set, else b */
static inline fp_lanes fp_select(fp_flags flags, fp_lanes a, fp_lanes b) {
    return (fp_lanes){vbslq_u64(flags.low, a.low, b.low), vbslq_u64(flags.high, a.high, b.high)};
}
static inline void fp_store_int32(uint8_t *out, fp_lanes value) {
    uint32x4_t low =
        vuzp1q_u32(vreinterpretq_u32_u64(value.low), vreinterpretq_u32_u64(value.high));
    vst1q_u8(out, vreinterpretq_u8_u32(low));
}
static inline void fp_store_int64(uint8_t *out, fp_lanes value) {
    vst1q_u8(out, vreinterpretq_u8_u64(value.low));
    vst1q_u8(out + 16, vreinterpretq_u8_u64(value.high));
}

/* --- the first 32 bytes of a text --- */
typedef struct fp_key {
    uint8x16_t low, high;
} fp_key;

static inline fp_key fp_no_key(void) {
    return (fp_key){vdupq_n_u8(0), vdupq_n_u8(0)};
}
/* Zeros stand behind the text. 32 bytes from text on are readable. */
static inline fp_key fp_load_key(const uint8_t *text, uint32_t size) {
    static const uint8_t inside[64] = {
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    };
    const uint8_t *mask = inside + 32 - (size < 32 ? size : 32);
    return (fp_key){vandq_u8(vld1q_u8(text), vld1q_u8(mask)),
                    vandq_u8(vld1q_u8(text + 16), vld1q_u8(mask + 16))};
}
static inline fp_key fp_read_key(const uint64_t *words) {
    return (fp_key){vreinterpretq_u8_u64(vld1q_u64(words)),
                    vreinterpretq_u8_u64(vld1q_u64(words + 2))};
}
static inline void fp_store_key(uint64_t *words, fp_key key) {
    vst1q_u64(words, vreinterpretq_u64_u8(key.low));
    vst1q_u64(words + 2, vreinterpretq_u64_u8(key.high));
}
static inline bool fp_same_key(fp_key a, fp_key b) {
    return vmaxvq_u8(vorrq_u8(veorq_u8(a.low, b.low), veorq_u8(a.high, b.high))) == 0;
}

#endif
