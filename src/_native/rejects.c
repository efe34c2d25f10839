/* Rejects are rare, or the input is rubbish: a row at a time is fast enough. */
#include "rejects.h"

#include <string.h>

enum { LINE, BYTE_OFFSET, REASON, FIELD, FOUND, TEXT, VALUE };

static const fp_kind kinds[FP_REJECT_COLUMNS] = {
    [LINE] = FP_KIND_INT64,  [BYTE_OFFSET] = FP_KIND_INT64, [REASON] = FP_KIND_INT32,
    [FIELD] = FP_KIND_INT32, [FOUND] = FP_KIND_INT32,       [TEXT] = FP_KIND_TEXT,
    [VALUE] = FP_KIND_TEXT,
};

void fp_rejects_begin(fp_rejects *rejects) {
    for (int i = 0; i < FP_REJECT_COLUMNS; i++)
        fp_column_begin(&rejects->columns[i], kinds[i], 0, NULL);
}

void fp_rejects_free(fp_rejects *rejects) {
    for (int i = 0; i < FP_REJECT_COLUMNS; i++)
        fp_column_free(&rejects->columns[i]);
}

size_t fp_rejects_bytes(const fp_rejects *rejects) {
    return rejects->columns[TEXT].values.size + rejects->columns[VALUE].values.size;
}

int64_t fp_rejects_rows(const fp_rejects *rejects) {
    return rejects->columns[LINE].rows;
}

static fp_status append_int(fp_column *column, int64_t value) {
    fp_status status = fp_reserve(&column->values, 8);
    if (status != FP_OK)
        return status;
    if (column->kind == FP_KIND_INT32)
        ((int32_t *)column->values.data)[column->rows] = (int32_t)value;
    else
        ((int64_t *)column->values.data)[column->rows] = value;
    column->values.size += fp_kind_width(column->kind);
    return fp_column_extend(column, 1, NULL, 0);
}

static fp_status append_bytes(fp_column *column, fp_text text, uint32_t kept) {
    uint32_t size = text.size < kept ? text.size : kept;
    fp_status status = fp_reserve(&column->values, size);
    if (status == FP_OK)
        status = fp_reserve(&column->offsets, 8);
    if (status != FP_OK)
        return status;
    if (size)
        memcpy(column->values.data + column->values.size, text.bytes, size);
    int32_t *offsets = (int32_t *)column->offsets.data + column->rows;
    offsets[0] = (int32_t)column->values.size;
    column->values.size += size;
    offsets[1] = (int32_t)column->values.size;
    column->offsets.size = (size_t)(column->rows + 2) * 4;
    return fp_column_extend(column, 1, NULL, 0);
}

fp_status fp_append_reject(fp_rejects *rejects, const fp_reject *reject) {
    fp_column *columns = rejects->columns;
    fp_status status = append_int(&columns[LINE], reject->line);
    if (status == FP_OK)
        status = append_int(&columns[BYTE_OFFSET], reject->byte_offset);
    if (status == FP_OK)
        status = append_int(&columns[REASON], reject->reason);
    if (status == FP_OK)
        status = append_int(&columns[FIELD], reject->field);
    if (status == FP_OK)
        status = append_int(&columns[FOUND], reject->found);
    if (status == FP_OK)
        status = append_bytes(&columns[TEXT], reject->text, FP_TEXT_KEPT);
    if (status == FP_OK)
        status = append_bytes(&columns[VALUE], reject->value, FP_VALUE_KEPT);
    return status;
}
