/* Stage between scan and convert: each line becomes a row, a fault, a header or nothing. */
#ifndef FP_LINES_H
#define FP_LINES_H

#include "block.h"
#include "names.h"
#include "rows.h"
#include "scan.h"

/* A line that is not a record. */
typedef struct fp_fault {
    uint32_t line; /* in the block, from 0 */
    fp_reason reason;
    int32_t field;              /* -1: the whole line */
    uint32_t found;             /* fields, for FIELD_COUNT */
    uint32_t value, value_size; /* the bad value, in the text */
} fp_fault;

typedef struct fp_lines {
    fp_index index;
    fp_rows rows;
    fp_fault *faults;
    uint32_t n_faults;
    uint32_t cursor;   /* the next line to judge */
    uint32_t next_odd; /* the first odd word that may lie in it */
    uint32_t spill;    /* where the next line is written anew */
    size_t most_marks; /* that rows.ends has room for */
    int64_t blank, headers;
} fp_lines;

typedef enum fp_stop {
    FP_STOP_NONE = 0,
    FP_STOP_TILE,       /* rows or faults are as many as are dealt with at a time */
    FP_STOP_FIRST_LINE, /* the line at the cursor: no format is in force */
    FP_STOP_HEADER,     /* the line at the cursor: another format */
} fp_stop;

fp_status fp_lines_new(fp_lines *lines, uint32_t block_capacity);
void fp_lines_free(fp_lines *lines);
/* Before lines of a layout are judged. */
fp_status fp_lines_fit(fp_lines *lines, const fp_layout *layout);
/* Scans the block; the cursor is at its first line. */
void fp_lines_begin(fp_lines *lines, const fp_block *block);
/* Judges on from the cursor until a stop or the end. Makes rows and faults, anew. */
fp_stop fp_judge_lines(fp_lines *lines, fp_block *block, const fp_names *known,
                       const fp_layout *layout);

/* Where a line of the block begins and ends, without its newline. */
static inline void fp_line_bounds(const fp_lines *lines, uint32_t line, uint32_t *begin,
                                  uint32_t *end) {
    const fp_index *index = &lines->index;
    *begin = index->marks[line ? index->line_ends[line - 1] : 0] + 1;
    *end = index->marks[index->line_ends[line]];
}

#endif
