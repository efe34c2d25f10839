/* Every ArrowArray made here owns a holder: the pointers that the array shows, and the buffers
 * they point to. */
#include "export.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_BUFFERS = 3 };

typedef struct holder {
    fp_buffer owned[MOST_BUFFERS];
    const void *shown[MOST_BUFFERS];
    struct ArrowArray **children;
} holder;

static void release_array(struct ArrowArray *array) {
    holder *held = array->private_data;
    for (int64_t i = 0; i < array->n_children; i++) {
        struct ArrowArray *child = array->children[i];
        if (child && child->release)
            child->release(child);
        free(child);
    }
    if (array->dictionary) {
        if (array->dictionary->release)
            array->dictionary->release(array->dictionary);
        free(array->dictionary);
    }
    for (int i = 0; i < MOST_BUFFERS; i++)
        fp_release(&held->owned[i]);
    free(held->children);
    free(held);
    array->release = NULL;
}

/* An array that shows and owns nothing yet, and can be released. */
static fp_status begin_array(struct ArrowArray *array, int64_t rows, int64_t nulls,
                             int64_t n_buffers) {
    holder *held = calloc(1, sizeof *held);
    if (!held)
        return FP_ERR_MEMORY;
    *array = (struct ArrowArray){.length = rows,
                                 .null_count = nulls,
                                 .n_buffers = n_buffers,
                                 .buffers = held->shown,
                                 .release = release_array,
                                 .private_data = held};
    return FP_OK;
}

static void show_buffer(struct ArrowArray *array, int i, fp_buffer *buffer) {
    holder *held = array->private_data;
    held->owned[i] = *buffer;
    held->shown[i] = buffer->data;
    held->owned[i].arena = NULL;
    *buffer = (fp_buffer){.hint = buffer->size, .arena = buffer->arena};
}

static struct ArrowArray *new_array(void) {
    return calloc(1, sizeof(struct ArrowArray));
}

/* The dictionary is copied, since the column goes on adding to it. */
static fp_status export_dictionary(const fp_dictionary *dictionary, struct ArrowArray *codes) {
    fp_buffer offsets = {0}, bytes = {0};
    const int32_t none = 0;
    const fp_buffer old_offsets = {
        .data = (uint8_t *)(dictionary->offsets ? dictionary->offsets : &none),
        .size = ((size_t)dictionary->n_values + 1) * 4};
    const fp_buffer old_bytes = {.data = dictionary->bytes, .size = dictionary->size};
    struct ArrowArray *values = new_array();
    fp_status status = values ? fp_copy_buffer(&offsets, &old_offsets) : FP_ERR_MEMORY;
    if (status == FP_OK)
        status = fp_copy_buffer(&bytes, &old_bytes);
    if (status == FP_OK)
        status = begin_array(values, dictionary->n_values, 0, 3);
    if (status != FP_OK) {
        fp_release(&offsets);
        fp_release(&bytes);
        free(values);
        return status;
    }
    show_buffer(values, 1, &offsets);
    show_buffer(values, 2, &bytes);
    codes->dictionary = values;
    return FP_OK;
}

/* What Arrow wants to see even of an array without rows. */
static fp_status complete_buffers(fp_column *column) {
    fp_status status = FP_OK;
    if (column->kind == FP_KIND_TEXT && column->offsets.size == 0) {
        status = fp_reserve(&column->offsets, 4);
        if (status == FP_OK) {
            memset(column->offsets.data, 0, 4);
            column->offsets.size = 4;
        }
    }
    return status == FP_OK ? fp_reserve(&column->values, 0) : status;
}

/* All that can fail comes first, so that a column is moved whole or not at all. */
static fp_status export_column(fp_column *column, struct ArrowArray *out) {
    bool text = column->kind == FP_KIND_TEXT;
    fp_status status = complete_buffers(column);
    if (status == FP_OK)
        status = begin_array(out, column->rows, column->nulls, text ? 3 : 2);
    if (status == FP_OK && fp_kind_has_dictionary(column->kind))
        status = export_dictionary(&column->dictionary, out);
    if (status != FP_OK)
        return status;
    if (column->validity.size) /* else its memory may hold bits of rows long gone */
        show_buffer(out, 0, &column->validity);
    if (text)
        show_buffer(out, 1, &column->offsets);
    show_buffer(out, text ? 2 : 1, &column->values);
    column->rows = column->nulls = 0;
    if (column->dictionary.n_values > FP_CODES_KEPT || column->dictionary.size > FP_CODE_BYTES_KEPT)
        fp_dictionary_clear(&column->dictionary);
    return FP_OK;
}

fp_status fp_export_columns(fp_column *columns, uint32_t n, int64_t rows, struct ArrowArray *out) {
    fp_status status = begin_array(out, rows, 0, 1);
    if (status != FP_OK)
        return status;
    holder *held = out->private_data;
    held->children = out->children = calloc(n ? n : 1, sizeof *out->children);
    status = held->children ? FP_OK : FP_ERR_MEMORY;
    for (uint32_t i = 0; i < n && status == FP_OK; i++) {
        out->children[i] = new_array();
        out->n_children = i + 1;
        status = out->children[i] ? export_column(&columns[i], out->children[i]) : FP_ERR_MEMORY;
    }
    if (status != FP_OK)
        out->release(out);
    return status;
}
