#include "weave.h"

#include "text_rows.h"

/* --- lines of a text --- */

int64_t fp_count_lines(const uint8_t *text, int64_t size) {
    int64_t count = size && text[size - 1] != '\n';
    for (int64_t at = 0; at < size; at++)
        count += text[at] == '\n';
    return count;
}

void fp_find_lines(const uint8_t *text, int64_t size, int64_t *offsets) {
    const uint8_t *at = text, *end = text + size;
    while (at < end) {
        *offsets++ = at - text;
        const uint8_t *newline = memchr(at, '\n', (size_t)(end - at));
        at = newline ? newline + 1 : end;
    }
    *offsets = size;
}

/* Numbers of lines, one a row and none null; NULL: they are not. */
static const int64_t *line_numbers(const struct ArrowArray *array, int64_t rows) {
    static const int64_t none[1];
    if (!fp_is_fixed_width(array) || array->length != rows)
        return NULL;
    int64_t end = array->offset + rows;
    if (fp_validity(array) && fp_find_bit(fp_validity(array), array->offset, end, false) < end)
        return NULL;
    return rows ? (const int64_t *)array->buffers[1] + array->offset : none;
}

/* The place of a number among `count` from `first` on; at or over `count`: it is not there. */
static inline uint64_t place_of(int64_t number, int64_t first) {
    return (uint64_t)number - (uint64_t)first;
}

fp_status fp_match_lines(const fp_spell *spell, const fp_text_lines *lines,
                         const struct ArrowArray *numbers, uint8_t *room, uint8_t *told,
                         int32_t *differing, int64_t *n_differing, int64_t *bad) {
    const int64_t *number = line_numbers(numbers, spell->rows);
    *n_differing = 0;
    if (!number)
        return FP_ERR_STATE;
    for (int64_t row = 0; row < spell->rows; row++) {
        uint64_t line = place_of(number[row], lines->first);
        if (line >= (uint64_t)lines->count)
            continue;
        const int64_t *offset = lines->offsets + line;
        int64_t size = fp_spell_line(spell, row, room);
        if (size != offset[1] - offset[0] ||
            memcmp(room, lines->text + offset[0], (size_t)size) != 0) {
            differing[(*n_differing)++] = (int32_t)row;
            continue;
        }
        if (fp_bit(told, (int64_t)line)) {
            *bad = number[row];
            return FP_ERR_SIZE;
        }
        fp_set_bit(told, (int64_t)line);
    }
    return FP_OK;
}

/* --- text out of lines --- */

/* fp_is_text, of text with int64 offsets. */
static bool is_large_text(const struct ArrowArray *array) {
    if (array->n_buffers != 3 || !array->buffers || array->length < 0 || array->offset < 0 ||
        array->offset > INT64_MAX - array->length || fp_validity(array) || array->null_count > 0)
        return false;
    if (array->length == 0)
        return true;
    if (!array->buffers[1])
        return false;
    const int64_t *offsets = (const int64_t *)array->buffers[1] + array->offset;
    int64_t falls = offsets[0];
    for (int64_t i = 0; i < array->length; i++)
        falls |= offsets[i] > offsets[i + 1] ? -1 : 0;
    return falls >= 0 && (offsets[array->length] == 0 || array->buffers[2]);
}

fp_status fp_place_lines(const struct ArrowArray *values, const struct ArrowArray *numbers,
                         bool over, int64_t first, int64_t count, fp_place *places, int64_t *bad) {
    static const uint8_t nothing[1];
    const int64_t *number = is_large_text(values) ? line_numbers(numbers, values->length) : NULL;
    if (!number)
        return FP_ERR_STATE;
    if (!values->length)
        return FP_OK;
    const int64_t *offsets = (const int64_t *)values->buffers[1] + values->offset;
    const uint8_t *bytes = values->buffers[2] ? values->buffers[2] : nothing;
    for (int64_t row = 0; row < values->length; row++) {
        uint64_t line = place_of(number[row], first);
        if (line >= (uint64_t)count)
            continue;
        if (places[line].size >= 0 && !over) {
            *bad = number[row];
            return FP_ERR_SIZE;
        }
        places[line] = (fp_place){bytes + offsets[row], offsets[row + 1] - offsets[row]};
    }
    return FP_OK;
}

int64_t fp_measure_places(const fp_place *places, int64_t count) {
    int64_t size = 0;
    for (int64_t i = 0; i < count; i++) {
        if (places[i].size < 0)
            return -1 - i;
        size += places[i].size;
    }
    return size;
}

/* Sorted rows are spread over all of the memory that they lie in: a line is asked for so long
 * before it is copied. */
enum { LINES_AHEAD = 16 };

void fp_copy_places(const fp_place *places, int64_t count, uint8_t *out, int64_t *offsets) {
    uint8_t *at = out;
    for (int64_t i = 0; i < count; i++) {
        if (i + LINES_AHEAD < count) {
            FP_PREFETCH(places[i + LINES_AHEAD].at);
            FP_PREFETCH(places[i + LINES_AHEAD].at + 64);
        }
        if (offsets)
            offsets[i] = at - out;
        memcpy(at, places[i].at, (size_t)places[i].size);
        at += places[i].size;
    }
    if (offsets)
        offsets[count] = at - out;
}
