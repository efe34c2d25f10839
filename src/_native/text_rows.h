/* Rows of Arrow text that came from elsewhere, one after another; and text that is written so. */
#ifndef FP_TEXT_ROWS_H
#define FP_TEXT_ROWS_H

#include "arrow_rows.h"
#include "flowparse.h"

/* What an array's rows are read from: utf8 or binary, of which fp_is_text holds. */
typedef struct fp_text_rows {
    const uint8_t *validity; /* NULL: no row is null */
    const int32_t *offsets;  /* of row 0 */
    const uint8_t *bytes;
    int64_t offset; /* of row 0 in the bitmap */
    int64_t count;
} fp_text_rows;

static inline fp_text_rows fp_rows_of_text(const struct ArrowArray *array) {
    fp_text_rows rows = {.validity = fp_validity(array), .offset = array->offset};
    rows.count = array->length;
    if (rows.count) {
        rows.offsets = (const int32_t *)array->buffers[1] + array->offset;
        rows.bytes = array->buffers[2];
    }
    return rows;
}

static inline bool fp_bit(const uint8_t *bits, int64_t at) {
    return bits[at >> 3] >> (at & 7) & 1;
}

static inline void fp_set_bit(uint8_t *bits, int64_t at) {
    bits[at >> 3] |= (uint8_t)(1 << (at & 7));
}

/* False: the row is null. */
static inline bool fp_text_at(const fp_text_rows *rows, int64_t row, fp_text *text) {
    static const uint8_t nothing[1];
    if (rows->validity && !fp_bit(rows->validity, rows->offset + row))
        return false;
    int32_t begin = rows->offsets[row];
    text->bytes = rows->bytes ? rows->bytes + begin : nothing;
    text->size = (uint32_t)(rows->offsets[row + 1] - begin);
    return true;
}

/* Bytes of all rows together; -1: the array contradicts itself. */
static inline int64_t fp_text_size(const struct ArrowArray *array) {
    if (!fp_is_text(array))
        return -1;
    fp_text_rows rows = fp_rows_of_text(array);
    return rows.count ? (int64_t)rows.offsets[rows.count] - rows.offsets[0] : 0;
}

/* Where text is written, in the caller's memory. */
typedef struct fp_texts {
    int32_t *offsets;  /* one more than rows */
    uint8_t *bytes;    /* room of them */
    size_t room;       /* at most INT32_MAX */
    uint8_t *validity; /* a bit a row, all 0 at first */
    size_t size;       /* out: bytes that were written */
    int64_t nulls;     /* out */
} fp_texts;

/* The next size bytes of the row that is being written; NULL: there is no room. */
static inline uint8_t *fp_text_room(fp_texts *out, size_t size) {
    return size <= out->room - out->size ? out->bytes + out->size : NULL;
}

/* The row holds the bytes that were written since the row before. */
static inline void fp_end_text(fp_texts *out, int64_t row, size_t size) {
    out->size += size;
    out->offsets[row + 1] = (int32_t)out->size;
    fp_set_bit(out->validity, row);
}

static inline void fp_end_null(fp_texts *out, int64_t row) {
    out->offsets[row + 1] = (int32_t)out->size;
    out->nulls++;
}

#endif
