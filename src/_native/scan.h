/* Stage "scan": a block of text becomes an index of where its tokens end. */
#ifndef FP_SCAN_H
#define FP_SCAN_H

#include <stdint.h>

/* What of 64 bytes is what: a bit a byte. odd: a CR, or over 127. */
typedef struct fp_masks {
    uint64_t newline, blank, odd;
} fp_masks;

/* The caller owns the arrays: marks holds bytes + 66 entries, line_ends bytes + 2, odd_words
 * bytes / 64 + 2. */
typedef struct fp_index {
    uint32_t *marks; /* marks[0] is -1; then where each token ends, and each newline */
    uint32_t n_marks;
    uint32_t *line_ends; /* for each newline: its place in marks */
    uint32_t n_lines;
    uint32_t *odd_words; /* numbers of the 64-byte words with more than plain tokens: a
                            separator beside another, a CR, or a byte over 127 */
    uint32_t n_odd_words;
} fp_index;

#endif
