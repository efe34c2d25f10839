/* A span of digits -> an integer. */
#ifndef FP_DECODE_NUMBER_H
#define FP_DECODE_NUMBER_H

#include "bits.h"
#include "flowparse.h"

/* Eight digits at most, the last of them before end. Eight bytes before end are readable, be
 * they digits or not: the shift drops those before the number, and zeros take their place. */
static inline bool fp_decode_8(const uint8_t *end, uint32_t size, uint64_t *value) {
    uint32_t dropped_bits = 64 - 8 * size;
    uint64_t word = fp_load8(end - 8) ^ 0x3030303030303030u;
    word = word >> dropped_bits << dropped_bits;
    uint64_t wrong = ((word + 0x7676767676767676u) | word) & 0x8080808080808080u;
    word = (word * 10 + (word >> 8)) & 0x00ff00ff00ff00ffu;
    word = (word * 100 + (word >> 16)) & 0x0000ffff0000ffffu;
    *value = (word * 10000 + (word >> 32)) & 0xffffffffu;
    return wrong == 0;
}

/* The rare long ones: leading zeros count for nothing, and the value may overflow. */
static inline fp_reason fp_decode_long(const uint8_t *at, uint32_t size, uint64_t *value) {
    uint64_t sum = 0;
    bool overflow = false;
    for (uint32_t i = 0; i < size; i++) {
        uint32_t digit = (uint32_t)at[i] - '0';
        if (digit > 9)
            return FP_REASON_NOT_A_NUMBER;
        if (sum > (UINT64_MAX - digit) / 10)
            overflow = true;
        else
            sum = sum * 10 + digit;
    }
    *value = sum;
    return overflow ? FP_REASON_OUT_OF_RANGE : FP_REASON_NONE;
}

/* size >= 1. `-` is for the caller to know: it comes back as not a number. */
static inline fp_reason fp_decode_number(const uint8_t *at, uint32_t size, uint64_t maximum,
                                         int64_t *value) {
    const uint8_t *end = at + size;
    uint64_t number = 0;
    if (FP_LIKELY(size <= 8)) {
        if (!fp_decode_8(end, size, &number))
            return FP_REASON_NOT_A_NUMBER;
    } else if (size <= 16) {
        uint64_t high;
        if (!fp_decode_8(end, 8, &number) || !fp_decode_8(end - 8, size - 8, &high))
            return FP_REASON_NOT_A_NUMBER;
        number += high * 100000000u;
    } else {
        fp_reason reason = fp_decode_long(at, size, &number);
        if (reason != FP_REASON_NONE)
            return reason;
    }
    *value = (int64_t)number;
    return number <= maximum ? FP_REASON_NONE : FP_REASON_OUT_OF_RANGE;
}

/* Times of so many seconds and more are milliseconds, seen in old data. */
#define FP_MILLISECONDS_FROM 100000000000

static inline int64_t fp_scale_time(int64_t time) {
    return time >= FP_MILLISECONDS_FROM ? time / 1000 : time;
}

#endif
