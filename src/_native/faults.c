/* Faults are found by line and by field; rejects are told by line. */
#include "faults.h"

#include "kernel.h"

#include <stdlib.h>

static int compare_faults(const void *a, const void *b) {
    uint32_t line_a = ((const fp_fault *)a)->line, line_b = ((const fp_fault *)b)->line;
    return (line_a > line_b) - (line_a < line_b);
}

static fp_fault fault_of(const fp_rows *rows, fp_bad_row bad) {
    fp_span span = fp_field_at(rows, bad.row, bad.field);
    return (fp_fault){.line = rows->line[bad.row],
                      .reason = bad.reason,
                      .field = (int32_t)bad.field,
                      .value = (uint32_t)(span.at - rows->text),
                      .value_size = span.size};
}

void fp_drop_bad_rows(fp_lines *lines, fp_bad_rows *bad) {
    fp_rows *rows = &lines->rows;
    for (uint32_t i = 0; i < bad->count; i++)
        lines->faults[lines->n_faults++] = fault_of(rows, bad->list[i]);
    uint32_t kept = 0;
    for (uint32_t row = 0; row < rows->count; row++) {
        rows->first[kept] = rows->first[row];
        rows->line[kept] = rows->line[row];
        kept += !bad->is_bad[row];
        bad->is_bad[row] = 0;
    }
    rows->count = kept;
    fp_run->lay(rows);
    bad->count = 0;
    qsort(lines->faults, lines->n_faults, sizeof *lines->faults, compare_faults);
}

static fp_status emit_fault(const fp_lines *lines, const fp_block *block, const fp_fault *fault,
                            fp_rejects *rejects) {
    uint32_t begin, end;
    fp_line_bounds(lines, fault->line, &begin, &end);
    const uint8_t *text = block->text;
    fp_reject reject = {.line = block->line + fault->line,
                        .byte_offset = block->byte_offset + begin,
                        .reason = fault->reason,
                        .field = fault->field,
                        .found = fault->found,
                        .text = {text + begin, end - begin},
                        .value = {text + fault->value, fault->value_size}};
    return fp_append_reject(rejects, &reject);
}

fp_status fp_emit_faults(fp_lines *lines, const fp_block *block, fp_rejects *rejects) {
    fp_status status = FP_OK;
    for (uint32_t i = 0; i < lines->n_faults && status == FP_OK; i++)
        status = emit_fault(lines, block, &lines->faults[i], rejects);
    lines->n_faults = 0;
    return status;
}

fp_status fp_emit_long_line(const fp_block *block, fp_rejects *rejects) {
    fp_reject reject = {.line = block->line,
                        .byte_offset = block->long_offset,
                        .reason = FP_REASON_LINE_TOO_LONG,
                        .field = -1,
                        .text = {block->long_text, block->long_size},
                        .value = {block->long_text, 0}};
    return fp_append_reject(rejects, &reject);
}
