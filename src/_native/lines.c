/* Nearly every line is plain: single blanks, ASCII, the right number of fields. It is known by
 * its count of marks alone. All others are read byte by byte here, and a record among them is
 * written anew as a plain line, so that the stages after this one meet no other kind. */
#include "lines.h"

#include "bits.h"
#include "kernel.h"
#include "utf8.h"

#include <stdlib.h>

fp_status fp_lines_new(fp_lines *lines, uint32_t capacity) {
    size_t n = (size_t)capacity + 1;
    *lines = (fp_lines){0};
    lines->index.marks = malloc((2 * n + 66) * sizeof(uint32_t));
    lines->index.line_ends = malloc((n + 1) * sizeof(uint32_t));
    lines->index.odd_words = malloc((n / 64 + 2) * sizeof(uint32_t));
    lines->rows.first = malloc((FP_TILE_ROWS + FP_ROW_PAD) * sizeof(uint32_t));
    lines->rows.line = malloc(FP_TILE_ROWS * sizeof(uint32_t));
    lines->faults = malloc(2 * FP_TILE_ROWS * sizeof(fp_fault));
    bool all = lines->index.marks && lines->index.line_ends && lines->index.odd_words &&
               lines->rows.first && lines->rows.line && lines->faults;
    return all ? FP_OK : FP_ERR_MEMORY;
}

static void free_ends(fp_lines *lines) {
    if (lines->rows.ends)
        free(lines->rows.ends - FP_ROW_PAD);
    lines->rows.ends = NULL;
    lines->most_marks = 0;
}

void fp_lines_free(fp_lines *lines) {
    free(lines->index.marks);
    free(lines->index.line_ends);
    free(lines->index.odd_words);
    free(lines->rows.first);
    free(lines->rows.line);
    free_ends(lines);
    free(lines->faults);
    *lines = (fp_lines){0};
}

fp_status fp_lines_fit(fp_lines *lines, const fp_layout *layout) {
    size_t n = ((size_t)layout->n_fields + FP_ROW_PAD) / FP_ROW_PAD * FP_ROW_PAD;
    lines->rows.n_fields = layout->n_fields;
    if (n <= lines->most_marks)
        return FP_OK;
    free_ends(lines);
    uint32_t *memory = calloc(n * FP_ROW_STRIDE + FP_ROW_PAD, sizeof *memory);
    if (!memory)
        return FP_ERR_MEMORY;
    lines->rows.ends = memory + FP_ROW_PAD;
    lines->most_marks = n;
    return FP_OK;
}

void fp_lines_begin(fp_lines *lines, const fp_block *block) {
    fp_run->scan(block->text, block->size, &lines->index);
    lines->rows.text = block->text;
    lines->rows.marks = lines->index.marks;
    lines->rows.count = lines->n_faults = lines->cursor = lines->next_odd = 0;
    lines->spill = block->spill;
}

/* The first byte of the next odd word that is not all before begin. Lines are asked about one
 * after another. */
static inline uint32_t find_odd(fp_lines *lines, uint32_t begin) {
    const fp_index *index = &lines->index;
    while (lines->next_odd < index->n_odd_words && index->odd_words[lines->next_odd] < begin / 64)
        lines->next_odd++;
    return lines->next_odd < index->n_odd_words ? index->odd_words[lines->next_odd] * 64
                                                : UINT32_MAX;
}

static inline void add_row(fp_lines *lines, uint32_t first_mark) {
    lines->rows.first[lines->rows.count] = first_mark;
    lines->rows.line[lines->rows.count] = lines->cursor;
    lines->rows.count++;
}

static void add_fault(fp_lines *lines, fp_reason reason, uint32_t found) {
    lines->faults[lines->n_faults++] =
        (fp_fault){.line = lines->cursor, .reason = reason, .field = -1, .found = found};
}

static bool is_blank(uint8_t byte) {
    return byte == ' ' || byte == '\t';
}

static bool is_outer(uint8_t byte) {
    return is_blank(byte) || byte == '\r';
}

/* Writes a line's bytes [at, end) anew behind the block, with single blanks, and its marks behind
 * the scanner's. Returns the number of fields; it is a row only if they are as many as wanted. */
static uint32_t rewrite_line(fp_lines *lines, fp_block *block, uint32_t at, uint32_t end,
                             uint32_t wanted) {
    uint8_t *text = fp_block_own(block);
    lines->rows.text = text;
    uint32_t to = lines->spill, n = 0;
    uint32_t first = lines->index.n_marks;
    lines->index.marks[first] = to - 1;
    while (at < end) {
        while (at < end && !is_blank(text[at]))
            text[to++] = text[at++];
        if (++n <= wanted)
            lines->index.marks[first + n] = to;
        text[to++] = ' ';
        while (at < end && is_blank(text[at]))
            at++;
    }
    if (n == wanted) {
        add_row(lines, first);
        lines->index.n_marks = first + n + 1;
        lines->spill = to;
    }
    return n;
}

static fp_stop judge_header(fp_lines *lines, const fp_layout *layout, const uint8_t *text,
                            uint32_t size) {
    if (!fp_repeats_fields(layout, text, size))
        return FP_STOP_HEADER;
    lines->headers++;
    return FP_STOP_NONE;
}

/* Any line, in the order of the reject reasons. */
static fp_stop judge_line(fp_lines *lines, fp_block *block, const fp_names *known,
                          const fp_layout *layout, bool odd) {
    const uint8_t *text = block->text;
    uint32_t raw_begin, raw_end;
    fp_line_bounds(lines, lines->cursor, &raw_begin, &raw_end);
    uint32_t begin = raw_begin, end = raw_end;
    while (begin < end && is_outer(text[begin]))
        begin++;
    while (begin < end && is_outer(text[end - 1]))
        end--;
    if (begin == end) {
        lines->blank++;
        return FP_STOP_NONE;
    }
    if (!layout)
        return FP_STOP_FIRST_LINE;
    if (raw_end - raw_begin > FP_LINE_MAX) {
        add_fault(lines, FP_REASON_LINE_TOO_LONG, 0);
        return FP_STOP_NONE;
    }
    if (odd && !fp_is_utf8(text + raw_begin, raw_end - raw_begin)) {
        add_fault(lines, FP_REASON_NOT_UTF8, 0);
        return FP_STOP_NONE;
    }
    if (fp_is_name_start(text[begin]) && fp_is_header(known, layout, text + begin, end - begin))
        return judge_header(lines, layout, text + begin, end - begin);
    uint32_t n = rewrite_line(lines, block, begin, end, layout->n_fields);
    if (n != layout->n_fields)
        add_fault(lines, FP_REASON_FIELD_COUNT, n);
    return FP_STOP_NONE;
}

/* Plain lines from the cursor on, as long as they are. Returns the first mark of the next line. */
static uint32_t take_plain_lines(fp_lines *lines, const fp_block *block, const fp_layout *layout,
                                 uint32_t first) {
    const uint8_t *text = block->text;
    const uint32_t *marks = lines->index.marks, *line_ends = lines->index.line_ends;
    uint32_t *row_first = lines->rows.first, *row_line = lines->rows.line;
    uint32_t count = lines->rows.count, cursor = lines->cursor, n_fields = layout->n_fields;
    uint32_t left = lines->index.n_lines - cursor, room = FP_TILE_ROWS - count;
    uint32_t odd = find_odd(lines, marks[first] + 1); /* no line that it touches is plain */
    for (uint32_t end_cursor = cursor + (left < room ? left : room); cursor < end_cursor;) {
        uint32_t last = line_ends[cursor], begin = marks[first] + 1, end = marks[last];
        if (FP_UNLIKELY(last - first != n_fields || fp_is_name_start(text[begin]) ||
                        end - begin > FP_LINE_MAX || end >= odd))
            break;
        row_first[count] = first;
        row_line[count++] = cursor++;
        first = last;
    }
    lines->rows.count = count;
    lines->cursor = cursor;
    return first;
}

fp_stop fp_judge_lines(fp_lines *lines, fp_block *block, const fp_names *known,
                       const fp_layout *layout) {
    const fp_index *index = &lines->index;
    uint32_t first = lines->cursor ? index->line_ends[lines->cursor - 1] : 0;
    for (;;) {
        if (layout)
            first = take_plain_lines(lines, block, layout, first);
        if (lines->cursor == index->n_lines)
            return FP_STOP_NONE;
        if (lines->rows.count == FP_TILE_ROWS || lines->n_faults == FP_TILE_ROWS)
            return FP_STOP_TILE;
        uint32_t last = index->line_ends[lines->cursor];
        bool odd = find_odd(lines, index->marks[first] + 1) <= index->marks[last];
        fp_stop stop = judge_line(lines, block, known, layout, odd);
        if (stop != FP_STOP_NONE)
            return stop;
        lines->cursor++;
        first = last;
    }
}
