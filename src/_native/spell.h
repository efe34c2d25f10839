/* Rows of Arrow columns -> lines of text: values with a blank between them, a newline behind.
 *
 * Null is `-`. How much room the lines take at most is known before any is written, so nothing is
 * checked while they are.
 *
 * Source: Apache Arrow, "Columnar Format"; AWS, "Flow log records".
 */
#ifndef FP_SPELL_H
#define FP_SPELL_H

#include "flowparse.h"

enum {
    FP_SPELL_PAD = 32, /* bytes that can be written behind the room for lines */
    FP_SPELL_TIME = 29 /* bytes of the longest ISO time */
};

typedef enum fp_spell_kind {
    FP_SPELL_NULL, /* no row has a value */
    FP_SPELL_INT32,
    FP_SPELL_INT64,
    FP_SPELL_SECONDS,  /* int64; from FP_MILLISECONDS_FROM on, milliseconds are written */
    FP_SPELL_ISO_TIME, /* int64 milliseconds */
    FP_SPELL_TEXT,     /* utf8 or binary, int32 offsets */
    FP_SPELL_CODES,    /* int32 codes of a dictionary of such text */
} fp_spell_kind;

/* A column as its rows are read. Borrows the array's buffers. */
typedef struct fp_spelling {
    fp_spell_kind kind;
    int64_t offset;            /* of row 0 in the bitmap */
    const uint8_t *validity;   /* NULL: no row is null */
    const void *values;        /* of row 0: numbers or codes */
    const int32_t *offsets;    /* of text: of row 0, or of code 0 */
    const uint8_t *bytes;      /* of text */
    int32_t spare_until;       /* FP_SPELL_PAD bytes of text are readable from here, or -1 */
    const uint8_t *validities; /* of the dictionary's values, as `validity` */
    int64_t dictionary_offset;
} fp_spelling;

/* What is spelled: the columns in the order of a line, a column as often as a line has it. */
typedef struct fp_spell {
    const fp_spelling *columns;
    uint32_t n_columns;
    int64_t rows;
    int64_t room;     /* bytes of all lines, at most */
    int64_t row_room; /* bytes of the longest, at most */
} fp_spell;

/* Looks at all values. `columns` has room for one an array, and out points into it.
 * FP_ERR_STATE: there is no column, they differ in length, or an array contradicts itself.
 * FP_ERR_SIZE: 2^31 rows or more, or a time that no line can say; `*column` is its place. */
fp_status fp_spell_prepare(const struct ArrowArray *const *arrays, const fp_spell_kind *kinds,
                           uint32_t n_columns, fp_spelling *columns, uint32_t *column,
                           fp_spell *out);

/* Writes lines at out + at, where is room for FP_SPELL_PAD more than `room`; returns where they
 * end. offsets: NULL, or one more than rows: where each line begins, and the end, counted from out.
 */
int64_t fp_spell_lines(const fp_spell *spell, uint8_t *out, int64_t at, int64_t *offsets);
/* The same of one row; room: `row_room`. */
int64_t fp_spell_line(const fp_spell *spell, int64_t row, uint8_t *out);

#endif
