/* What passes between the stages after scan: where each record's fields lie. */
#ifndef FP_ROWS_H
#define FP_ROWS_H

#include "bits.h"
#include "flowparse.h"

/* Rows that are dealt with at a time: what is looked at of them fits the L1 cache. */
enum { FP_TILE_ROWS = 128, FP_ROW_PAD = 8, FP_ROW_STRIDE = FP_TILE_ROWS + FP_ROW_PAD };

/* Field f of row r is text(ends[f][r] + 1 .. ends[f + 1][r]), the end not in it; an ends[f] is
 * FP_ROW_STRIDE entries. They are the marks of the rows, laid out field by field. Records that
 * stand in the text as they should have the scanner's marks; others were written anew, with
 * single blanks, after the block, and have marks of their own. */
typedef struct fp_rows {
    const uint8_t *text; /* FP_PAD bytes before and behind it are readable */
    const uint32_t *marks;
    uint32_t *first; /* for each row: its first mark */
    uint32_t *line;  /* for each row: the number of its line in the block, from 0 */
    uint32_t *ends;  /* for n_fields + 1 marks, rounded up to eight; FP_ROW_PAD before them */
    uint32_t n_fields, count;
} fp_rows;

static inline const uint32_t *fp_ends(const fp_rows *rows, uint32_t field) {
    return rows->ends + (size_t)field * FP_ROW_STRIDE;
}

/* A field of the rows. */
typedef struct fp_place {
    uint32_t field;
    const uint8_t *same; /* a byte a row, FP_ROW_PAD more: has `bit` if the field is the same
                            text as in the row before. NULL: that is not known */
    uint8_t bit;
} fp_place;

/* Are the eight rows from `row` on all like the one before? */
static inline bool fp_all_same(fp_place place, uint32_t row) {
    const uint64_t every = 0x0101010101010101u * place.bit;
    return place.same && (fp_load8(place.same + row) & every) == every;
}

/* A bit for each of the eight rows from `row` on: it is not like the one before. */
static inline uint32_t fp_changed_rows(fp_place place, uint32_t row) {
    uint64_t same = fp_load8(place.same + row) >> fp_count_trailing_zeros(place.bit);
    return (uint32_t)((~same & 0x0101010101010101u) * 0x0102040810204080u >> 56);
}

/* What eight rows, or the last few, are in a bitmap of nulls. */
static inline uint8_t fp_null_byte(bool null, uint32_t left) {
    return (uint8_t)(!null ? 0 : left < FP_ROW_PAD ? (1u << left) - 1 : 0xff);
}

typedef struct fp_span {
    const uint8_t *at;
    uint32_t size; /* never 0 */
} fp_span;

static inline fp_span fp_field_at(const fp_rows *rows, uint32_t row, uint32_t field) {
    const uint32_t *end = fp_ends(rows, field) + row;
    uint32_t begin = end[0] + 1;
    return (fp_span){rows->text + begin, end[FP_ROW_STRIDE] - begin};
}

static inline bool fp_is_null(fp_span span) {
    return span.size == 1 && *span.at == '-';
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
