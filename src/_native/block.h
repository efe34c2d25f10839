/* Stage "cut": bytes that end anywhere become blocks that end at a newline. */
#ifndef FP_BLOCK_H
#define FP_BLOCK_H

#include "flowparse.h"

/* A block is parsed where it lies: most in the bytes lent, if those are many, and what crosses
 * their ends in `own`, where the tail is carried. own has FP_PAD bytes, room for a block, FP_PAD
 * bytes, room to write the block's lines anew (see lines.c), FP_PAD bytes. The tail is what
 * follows the last block there: the beginning of a line whose newline has not come. */
typedef struct fp_block {
    const uint8_t *text; /* of the block: FP_PAD bytes before and behind it are readable */
    uint8_t *own;
    uint32_t capacity;   /* of a block */
    uint32_t step_bytes; /* most that is taken in at a time */
    uint32_t size;       /* whole lines, with their newlines */
    uint32_t tail;       /* bytes of own, behind the block if that is there */
    uint32_t spill;      /* where the room to write lines anew begins */
    int64_t byte_offset; /* of the block's first byte in the source */
    int64_t line;        /* number of the block's first line, from 1 */

    const uint8_t *lent;   /* bytes not yet taken in */
    size_t n_lent, n_used; /* and how many before them were */
    bool finished, whole;  /* no more come; and the last line needs no newline */
    bool past_start;       /* the byte order mark was looked for */

    /* A line over FP_LINE_MAX is not held: only its beginning, and whether it is all blank. */
    bool in_long_line, long_is_blank, long_ended;
    uint8_t long_text[FP_TEXT_KEPT];
    uint32_t long_size;
    int64_t long_offset;
} fp_block;

typedef enum fp_cut {
    FP_CUT_BLOCK = 1,     /* size > 0 bytes of whole lines are at text */
    FP_CUT_LONG_LINE = 2, /* the line in long_text has ended; see fp_block_drop_long_line */
    FP_CUT_INPUT = 3,     /* more bytes are wanted */
    FP_CUT_END = 4,
} fp_cut;

fp_status fp_block_new(fp_block *block, uint32_t step_bytes);
void fp_block_free(fp_block *block);
void fp_block_begin(fp_block *block);
/* The next block. Call again only when every line of the last one was dealt with: n_lines. */
fp_cut fp_block_cut(fp_block *block);
/* The block in own, where its lines can be written anew. */
uint8_t *fp_block_own(fp_block *block);
void fp_block_pass(fp_block *block, uint32_t n_lines);
void fp_block_drop_long_line(fp_block *block);

#endif
