/* What passes between the stages after scan: where each record's fields lie. */
#ifndef FP_ROWS_H
#define FP_ROWS_H

#include "flowparse.h"

enum { FP_ROW_PAD = 8 }; /* entries of fp_rows.first behind the last: most rows done at once */

/* Field f of row r is text[marks[first[r] + f] + 1 .. marks[first[r] + f + 1]). Records that
 * stand in the text as they should use the scanner's marks; others were written anew, with
 * single blanks, after the block, and have marks of their own. */
typedef struct fp_rows {
    const uint8_t *text; /* FP_PAD bytes before and behind it are readable */
    const uint32_t *marks;
    uint32_t *first; /* for each row: its first mark */
    uint32_t *line;  /* for each row: the number of its line in the block, from 0 */
    uint32_t count;
} fp_rows;

typedef struct fp_span {
    const uint8_t *at;
    uint32_t size; /* never 0 */
} fp_span;

static inline fp_span fp_field_at(const fp_rows *rows, uint32_t row, uint32_t field) {
    const uint32_t *mark = rows->marks + rows->first[row] + field;
    uint32_t begin = mark[0] + 1;
    return (fp_span){rows->text + begin, mark[1] - begin};
}

static inline bool fp_is_null(fp_span span) {
    return span.size == 1 && *span.at == '-';
}

/* Repeats the last row behind the last, so that kernels may read rows by the eight; what they
 * make of a repeated one is nobody's. After every change of count. */
static inline void fp_pad_rows(fp_rows *rows) {
    if (rows->count)
        for (uint32_t i = 0; i < FP_ROW_PAD; i++)
            rows->first[rows->count + i] = rows->first[rows->count - 1];
}

/* Rows that turned out not to be records. */
typedef struct fp_bad_row {
    uint32_t row, field;
    fp_reason reason;
} fp_bad_row;

typedef struct fp_bad_rows {
    fp_bad_row *list; /* room for every row */
    uint32_t count;
    uint8_t *is_bad; /* a byte a row; all 0 while count is 0. The first bad field counts. */
} fp_bad_rows;

static inline void fp_note_bad(fp_bad_rows *bad, uint32_t row, uint32_t field, fp_reason reason) {
    if (bad->is_bad[row])
        return;
    bad->is_bad[row] = 1;
    bad->list[bad->count++] = (fp_bad_row){row, field, reason};
}

#endif
