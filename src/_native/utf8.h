/* Is a line UTF-8? Source: Unicode 15, table 3-7, "Well-Formed UTF-8 Byte Sequences". */
#ifndef FP_UTF8_H
#define FP_UTF8_H

#include <stdbool.h>
#include <stdint.h>

/* Bytes of the well-formed sequence at `at`, at most left; 0 where there is none. */
static inline uint32_t fp_measure_sequence(const uint8_t *at, uint32_t left) {
    uint8_t lead = at[0], low = 0x80, high = 0xbf;
    uint32_t size = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (size == 0 || lead > 0xf4 || size > left)
        return 0;
    if (lead == 0xe0)
        low = 0xa0;
    else if (lead == 0xed)
        high = 0x9f;
    else if (lead == 0xf0)
        low = 0x90;
    else if (lead == 0xf4)
        high = 0x8f;
    for (uint32_t i = 1; i < size; i++) {
        if (at[i] < low || at[i] > high)
            return 0;
        low = 0x80;
        high = 0xbf;
    }
    return size;
}

static inline bool fp_is_utf8(const uint8_t *at, uint32_t size) {
    for (uint32_t i = 0; i < size;) {
        uint32_t step = fp_measure_sequence(at + i, size - i);
        if (step == 0)
            return false;
        i += step;
    }
    return true;
}

#endif
