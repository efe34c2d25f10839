/* Columns stay as long as the formats that follow each other have the same kinds of them. */
#include "batch.h"

#include <stdlib.h>

enum { EXPECT_ROWS = 1024 }; /* that many rows tell how large a batch of them will be */

static void free_columns(fp_batch *batch) {
    for (uint32_t i = 0; i < batch->n_columns; i++)
        fp_column_free(&batch->columns[i]);
    free(batch->columns);
    free(batch->saved);
    batch->columns = NULL;
    batch->saved = NULL;
    batch->n_columns = 0;
}

void fp_batch_free(fp_batch *batch) {
    free_columns(batch);
    fp_arena_close(&batch->arena);
}

void fp_batch_clear(fp_batch *batch) {
    for (uint32_t i = 0; i < batch->n_columns; i++)
        fp_column_clear(&batch->columns[i]);
    batch->rows = 0;
    batch->is_expected = false;
}

static bool fits(const fp_batch *batch, const fp_layout *layout) {
    if (batch->n_columns != layout->n_targets || (!batch->columns && layout->n_targets))
        return false;
    for (uint32_t i = 0; i < batch->n_columns; i++)
        if (batch->columns[i].kind != layout->targets[i].kind)
            return false;
    return true;
}

fp_status fp_batch_fit(fp_batch *batch, const fp_layout *layout) {
    if (fits(batch, layout))
        return FP_OK;
    if (batch->rows)
        return FP_ERR_STATE;
    free_columns(batch);
    batch->columns = calloc(layout->n_targets + 1, sizeof *batch->columns);
    batch->saved = calloc(layout->n_targets + 1, sizeof *batch->saved);
    if (!batch->columns || !batch->saved)
        return FP_ERR_MEMORY;
    batch->n_columns = layout->n_targets;
    for (uint32_t i = 0; i < batch->n_columns; i++)
        fp_column_begin(&batch->columns[i], layout->targets[i].kind, batch->seed, &batch->arena);
    return FP_OK;
}

void fp_batch_expect(fp_batch *batch, uint32_t rows) {
    if (batch->is_expected || batch->rows < EXPECT_ROWS)
        return;
    batch->is_expected = true;
    for (uint32_t i = 0; i < batch->n_columns; i++)
        fp_column_expect(&batch->columns[i], rows);
}

size_t fp_batch_bytes(const fp_batch *batch) {
    size_t bytes = 0;
    for (uint32_t i = 0; i < batch->n_columns; i++) {
        const fp_column *column = &batch->columns[i];
        bytes += column->kind == FP_KIND_TEXT ? column->values.size : column->dictionary.size;
    }
    return bytes;
}
