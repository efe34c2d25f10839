/* The tail is carried to the front of the next block, so whole + tail is the input, always. */
#include "block.h"

#include <stdlib.h>
#include <string.h>

fp_status fp_block_new(fp_block *block, uint32_t step_bytes) {
    *block = (fp_block){0};
    if (step_bytes == 0 || step_bytes > FP_BLOCK_BYTES_MAX)
        return FP_ERR_SIZE;
    block->step_bytes = step_bytes;
    block->capacity = step_bytes + FP_LINE_MAX + 2;
    block->spill = block->capacity + FP_PAD;
    size_t size = FP_PAD + (size_t)block->spill + block->capacity + FP_PAD;
    uint8_t *memory = malloc(size);
    if (!memory)
        return FP_ERR_MEMORY;
    memset(memory, 0, FP_PAD);
    block->own = memory + FP_PAD;
    fp_block_begin(block);
    return FP_OK;
}

void fp_block_free(fp_block *block) {
    if (block->own)
        free(block->own - FP_PAD);
    block->own = NULL;
}

void fp_block_begin(fp_block *block) {
    block->text = block->own;
    block->size = block->tail = 0;
    block->byte_offset = 0;
    block->line = 1;
    block->lent = NULL;
    block->n_lent = block->n_used = 0;
    block->finished = block->past_start = block->in_long_line = block->long_ended = false;
}

static bool is_blank_text(const uint8_t *text, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r')
            return false;
    return true;
}

/* Behind what was dealt with; the tail moves to the front. */
void fp_block_pass(fp_block *block, uint32_t n_lines) {
    block->byte_offset += block->size;
    block->line += n_lines;
    if (block->tail)
        memmove(block->own, block->own + block->size, block->tail);
    block->size = 0;
}

uint8_t *fp_block_own(fp_block *block) {
    if (block->text != block->own) /* then there is no tail */
        memcpy(block->own, block->text, block->size);
    block->text = block->own;
    return block->own;
}

static void pass_lent(fp_block *block, size_t n) {
    block->lent += n;
    block->n_lent -= n;
    block->n_used += n;
}

static uint32_t find_last_newline(const uint8_t *text, uint32_t from, uint32_t to) {
    while (to > from && text[to - 1] != '\n')
        to--;
    return to == from ? 0 : to;
}

/* Few bytes are not worth two blocks more; a test's blocks are smaller than any piece. */
static bool is_worth_while(const fp_block *block) {
    return block->n_lent >= 4 * FP_PAD && block->n_lent >= block->step_bytes / 16;
}

/* Whole lines of the lent bytes, but for FP_PAD bytes at either end. */
static bool cut_in_place(fp_block *block) {
    if (block->tail || block->n_used < FP_PAD || !is_worth_while(block))
        return false;
    size_t most = block->n_lent - FP_PAD;
    uint32_t n = most < block->step_bytes ? (uint32_t)most : block->step_bytes;
    block->size = find_last_newline(block->lent, 0, n);
    if (block->size == 0)
        return false;
    block->text = block->lent;
    pass_lent(block, block->size);
    return true;
}

/* How many bytes to take in: all, or where the rest can then be cut in place, the line that is
 * under way, and FP_PAD at least. */
static uint32_t count_to_take(const fp_block *block) {
    uint32_t all = block->n_lent < block->step_bytes ? (uint32_t)block->n_lent : block->step_bytes;
    if (!is_worth_while(block) || all <= FP_PAD || block->n_used >= FP_PAD)
        return all;
    const uint8_t *newline = memchr(block->lent + FP_PAD, '\n', all - FP_PAD);
    return newline ? (uint32_t)(newline - block->lent) + 1 : all;
}

/* Takes in the next lent bytes behind the tail; returns how many. */
static uint32_t take_in(fp_block *block) {
    uint32_t n = count_to_take(block);
    if (n) {
        memcpy(block->own + block->tail, block->lent, n);
        block->tail += n;
        pass_lent(block, n);
    }
    return n;
}

/* A UTF-8 byte order mark at the start of a source is no text. False: too few bytes to tell. */
static bool skip_byte_order_mark(fp_block *block) {
    static const uint8_t mark[3] = {0xef, 0xbb, 0xbf};
    uint32_t n = block->tail < 3 ? block->tail : 3;
    if (memcmp(block->own, mark, n) == 0) {
        if (n < 3)
            return block->finished && block->n_lent == 0;
        block->tail -= 3;
        block->byte_offset = 3;
        memmove(block->own, block->own + 3, block->tail);
    }
    block->past_start = true;
    return true;
}

/* The tail is longer than any line may be. What is kept of it is its beginning. */
static void begin_long_line(fp_block *block) {
    uint32_t kept = block->tail < FP_TEXT_KEPT ? block->tail : FP_TEXT_KEPT;
    memcpy(block->long_text, block->own, kept);
    block->long_size = kept;
    block->long_is_blank = is_blank_text(block->own, block->tail);
    block->long_offset = block->byte_offset;
    block->byte_offset += block->tail;
    block->tail = 0;
    block->in_long_line = true;
}

/* Runs through lent bytes to the end of the long line. False: it goes on. */
static bool end_long_line(fp_block *block) {
    const uint8_t *newline = block->n_lent ? memchr(block->lent, '\n', block->n_lent) : NULL;
    size_t n = newline ? (size_t)(newline - block->lent) : block->n_lent;
    block->long_is_blank = block->long_is_blank && is_blank_text(block->lent, n);
    if (newline)
        n++;
    if (n) /* nothing may have been lent */
        pass_lent(block, n);
    block->byte_offset += (int64_t)n;
    return newline != NULL;
}

void fp_block_drop_long_line(fp_block *block) {
    block->line++;
    block->in_long_line = block->long_ended = false;
}

static fp_cut cut_long_line(fp_block *block) {
    if (!block->long_ended && !end_long_line(block)) {
        if (!block->finished)
            return FP_CUT_INPUT;
        if (!block->whole) {
            block->in_long_line = false;
            return FP_CUT_END;
        }
    }
    block->long_ended = true;
    return FP_CUT_LONG_LINE;
}

/* The last line: whole without its newline, or of a cut-off source and so no line. */
static fp_cut cut_last_line(fp_block *block) {
    if (block->tail == 0 || !block->whole) {
        block->tail = 0;
        return FP_CUT_END;
    }
    block->own[block->tail] = '\n';
    block->size = block->tail + 1;
    block->tail = 0;
    return FP_CUT_BLOCK;
}

fp_cut fp_block_cut(fp_block *block) {
    for (;;) {
        if (block->in_long_line)
            return cut_long_line(block);
        if (cut_in_place(block))
            return FP_CUT_BLOCK;
        block->text = block->own;
        uint32_t before = block->tail;
        uint32_t taken = take_in(block);
        if (taken == 0 && !block->finished)
            return FP_CUT_INPUT;
        if (!block->past_start) {
            if (!skip_byte_order_mark(block))
                continue;
            before = 0;
        }
        if (taken == 0 && block->tail <= FP_LINE_MAX)
            return cut_last_line(block);
        block->size = find_last_newline(block->own, before, block->tail);
        block->tail -= block->size;
        if (block->size)
            return FP_CUT_BLOCK;
        if (block->tail > FP_LINE_MAX)
            begin_long_line(block);
    }
}
