/* Arrow arrays that came from elsewhere: are they whole, and which of their rows hold a value? */
#ifndef FP_ARROW_ROWS_H
#define FP_ARROW_ROWS_H

#include "arrow_abi.h"
#include "bits.h"

/* Rows of one array, from `begin` to before `end`, its offset counted in. */
typedef struct fp_rows {
    int64_t begin, end;
} fp_rows;

/* The first bit from `at` on that is `wanted`, or `end`. */
int64_t fp_find_bit(const uint8_t *bits, int64_t at, int64_t end, bool wanted);
/* n bits from `at` on. */
void fp_set_bits(uint8_t *bits, size_t at, size_t n);

/* The bitmap of an array's rows without null; NULL: there is none, or none is needed. */
static inline const uint8_t *fp_validity(const struct ArrowArray *array) {
    return array->null_count ? array->buffers[0] : NULL;
}

/* The rows from `at` on that hold values one after another; empty at `end`. */
static inline fp_rows fp_next_valid(const uint8_t *validity, int64_t at, int64_t end) {
    if (!validity)
        return (fp_rows){at, end};
    int64_t begin = fp_find_bit(validity, at, end, true);
    return (fp_rows){begin, fp_find_bit(validity, begin, end, false)};
}

/* Are there so many buffers, lengths that can be, and the buffers that its rows need? */
bool fp_is_fixed_width(const struct ArrowArray *array);
/* The same for utf8 and binary; and no offset lies before the one in front of it. */
bool fp_is_text(const struct ArrowArray *array);

#endif
