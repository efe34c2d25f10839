/* Stage "scan": a block of text becomes an index of where its tokens end. */
#ifndef FP_SCAN_H
#define FP_SCAN_H

#include <stdint.h>

/* The caller owns the arrays: marks holds bytes + 65 entries, line_ends and odd_words
 * bytes + 1 each. */
typedef struct fp_index {
    uint32_t *marks; /* marks[0] is -1; then where each token ends, and each newline */
    uint32_t n_marks;
    uint32_t *line_ends; /* for each newline: its place in marks */
    uint32_t n_lines;
    uint32_t *odd_words; /* numbers of the 64-byte words with more than plain tokens: a
                            separator beside another, a CR, or a byte over 127 */
    uint32_t n_odd_words;
} fp_index;

typedef void (*fp_scan)(const uint8_t *text, uint32_t bytes, fp_index *index);

/* text: bytes + 64 readable; its last byte is a newline. */
void fp_scan_scalar(const uint8_t *text, uint32_t bytes, fp_index *index);
void fp_scan_avx2(const uint8_t *text, uint32_t bytes, fp_index *index);

/* The kernel in use. */
extern fp_scan fp_scan_block;

#endif
