/* The conductor: the only file that sees every stage.
 *
 *   cut -> scan -> judge lines -> check numbers -> filter -> convert -> export
 */
#include "batch.h"
#include "block.h"
#include "convert.h"
#include "export.h"
#include "faults.h"
#include "filter.h"
#include "kernel.h"
#include "layout.h"
#include "lines.h"
#include "repeats.h"

#include <stdlib.h>
#include <string.h>

struct fp_parser {
    const fp_names *known;
    const fp_layout *layout; /* the format in force, or NULL */
    uint32_t batch_rows;

    fp_block block;
    fp_lines lines;
    bool in_block; /* the block has lines beyond the cursor */
    bool at_long;  /* a long line waits to be judged */
    int waiting;   /* FIRST_LINE or HEADER, until fp_parser_use */

    uint8_t *nulls; /* scratch, a bit a row */
    uint8_t *keep;  /* scratch, two bytes a row */
    fp_bad_rows bad;

    fp_repeats repeats;
    fp_batch batch;
    fp_rejects rejects;
    fp_counts counts;
    fp_buffer source;
};

/* --- life --- */
fp_parser *fp_parser_new(const fp_names *known, uint64_t seed, uint32_t block_bytes,
                         uint32_t batch_rows) {
    fp_parser *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->known = known;
    p->batch.seed = seed;
    p->batch_rows = batch_rows ? batch_rows : 1;
    fp_rejects_begin(&p->rejects);
    fp_status status = fp_block_new(&p->block, block_bytes);
    if (status == FP_OK)
        status = fp_lines_new(&p->lines, p->block.capacity);
    if (status == FP_OK) {
        p->nulls = malloc(FP_TILE_ROWS / 8 + 1);
        p->keep = malloc(2 * FP_TILE_ROWS);
        p->bad.list = malloc(FP_TILE_ROWS * sizeof *p->bad.list);
        p->bad.is_bad = calloc(FP_TILE_ROWS, 1);
        if (!p->nulls || !p->keep || !p->bad.list || !p->bad.is_bad)
            status = FP_ERR_MEMORY;
    }
    if (status != FP_OK) {
        fp_parser_free(p);
        return NULL;
    }
    return p;
}

void fp_parser_free(fp_parser *p) {
    if (!p)
        return;
    fp_batch_free(&p->batch);
    fp_rejects_free(&p->rejects);
    fp_block_free(&p->block);
    fp_lines_free(&p->lines);
    fp_repeats_free(&p->repeats);
    free(p->nulls);
    free(p->keep);
    free(p->bad.list);
    free(p->bad.is_bad);
    fp_release(&p->source);
    free(p);
}

fp_status fp_parser_begin(fp_parser *p, const uint8_t *source, uint32_t source_bytes) {
    fp_batch_clear(&p->batch);
    for (int i = 0; i < FP_REJECT_COLUMNS; i++)
        fp_column_clear(&p->rejects.columns[i]);
    return fp_parser_next(p, source, source_bytes);
}

fp_status fp_parser_next(fp_parser *p, const uint8_t *source, uint32_t source_bytes) {
    if (fp_rejects_rows(&p->rejects))
        return FP_ERR_STATE;
    fp_block_begin(&p->block);
    p->layout = NULL;
    p->in_block = p->at_long = false;
    p->waiting = 0;
    p->counts = (fp_counts){0};
    p->source.size = 0;
    fp_status status = fp_reserve(&p->source, source_bytes);
    if (status == FP_OK && source_bytes) {
        memcpy(p->source.data, source, source_bytes);
        p->source.size = source_bytes;
    }
    return status;
}

void fp_parser_set_batch(fp_parser *p, uint32_t rows) {
    p->batch_rows = rows ? rows : 1;
    p->batch.is_expected = false;
}

/* --- input --- */
fp_status fp_parser_write(fp_parser *p, const uint8_t *bytes, size_t size) {
    if (p->block.n_lent || p->block.finished)
        return FP_ERR_STATE;
    p->block.lent = bytes;
    p->block.n_lent = size;
    p->block.n_used = 0;
    p->counts.text_bytes += (int64_t)size;
    return FP_OK;
}

void fp_parser_finish(fp_parser *p, bool whole) {
    p->block.finished = true;
    p->block.whole = whole;
}

/* --- the format in force --- */
fp_status fp_parser_use(fp_parser *p, const fp_layout *layout, bool taken) {
    if (!p->waiting || !fp_is_sound_layout(layout) || (taken && fp_parser_line(p).too_long) ||
        (!taken && p->waiting == FP_EVENT_HEADER))
        return FP_ERR_STATE;
    fp_status status = fp_batch_fit(&p->batch, layout);
    if (status != FP_OK)
        return status;
    if (!fp_repeats_plan(&p->repeats, layout) || fp_lines_fit(&p->lines, layout) != FP_OK)
        return FP_ERR_MEMORY;
    if (taken) {
        p->counts.headers++;
        p->lines.cursor++;
    }
    p->layout = layout;
    p->waiting = 0;
    return FP_OK;
}

fp_line fp_parser_line(const fp_parser *p) {
    const fp_block *block = &p->block;
    if (!p->waiting)
        return (fp_line){0};
    if (p->at_long)
        return (fp_line){block->long_text, block->long_size, block->line, block->long_offset, true};
    uint32_t begin, end;
    fp_line_bounds(&p->lines, p->lines.cursor, &begin, &end);
    uint32_t size = end - begin;
    return (fp_line){block->text + begin, size, block->line + p->lines.cursor,
                     block->byte_offset + begin, size > FP_LINE_MAX};
}

/* --- rows --- */
static fp_status emit_faults(fp_parser *p) {
    p->counts.rejects += p->lines.n_faults;
    return fp_emit_faults(&p->lines, &p->block, &p->rejects);
}

static void check_numbers(fp_parser *p) {
    for (uint32_t f = 0; f < p->layout->n_fields; f++)
        if (p->layout->fields[f].check != FP_CHECK_TEXT)
            fp_check_numbers(&p->lines.rows, (fp_place){.field = f}, &p->layout->fields[f],
                             p->nulls, &p->bad);
}

/* The numbers of every row: into their columns where they are wanted, the others only checked,
 * if `check`. In the order of the fields, since the first bad one is the one to name. */
static fp_status append_numbers(fp_parser *p, bool check) {
    const fp_layout *layout = p->layout;
    for (uint32_t f = 0; f < layout->n_fields; f++) {
        const fp_field *rule = &layout->fields[f];
        int32_t target = layout->target_of_field[f];
        fp_place place = fp_repeats_at(&p->repeats, f);
        if (rule->check == FP_CHECK_TEXT)
            continue;
        if (target < 0) {
            if (check)
                fp_check_numbers(&p->lines.rows, place, rule, p->nulls, &p->bad);
            continue;
        }
        fp_column *column = &p->batch.columns[target];
        p->batch.saved[target] = (fp_saved_size){column->rows, column->nulls};
        fp_status status =
            fp_append_numbers(column, &p->lines.rows, place, rule, p->nulls, &p->bad);
        if (status != FP_OK)
            return status;
    }
    return FP_OK;
}

static void take_back_numbers(fp_parser *p) {
    for (uint32_t f = 0; f < p->layout->n_fields; f++) {
        int32_t target = p->layout->target_of_field[f];
        if (target >= 0 && p->layout->fields[f].check != FP_CHECK_TEXT)
            fp_column_truncate(&p->batch.columns[target], p->batch.saved[target].rows,
                               p->batch.saved[target].nulls);
    }
}

static bool are_all_of_size(const fp_rows *rows, uint32_t field, uint32_t size) {
    const uint32_t *begin = fp_ends(rows, field), *end = fp_ends(rows, field + 1);
    uint32_t differs = 0;
    for (uint32_t row = 0; row < rows->count; row++)
        differs |= (end[row] - begin[row]) ^ (size + 1);
    return differs == 0;
}

static void count_records(fp_parser *p) {
    const fp_rows *rows = &p->lines.rows;
    p->counts.records += rows->count;
    if (p->layout->status_field < 0)
        return;
    uint32_t field = (uint32_t)p->layout->status_field;
    if (are_all_of_size(rows, field, 2)) /* OK */
        return;
    for (uint32_t row = 0; row < rows->count; row++) {
        fp_span status = fp_field_at(rows, row, field);
        if (status.size == 6 && memcmp(status.at, "NODATA", 6) == 0)
            p->counts.no_data++;
        else if (status.size == 8 && memcmp(status.at, "SKIPDATA", 8) == 0)
            p->counts.skip_data++;
    }
}

static fp_status append_other(fp_parser *p, fp_column *column, int32_t field) {
    const fp_rows *rows = &p->lines.rows;
    if (column->kind == FP_KIND_LINE)
        return fp_append_lines(column, rows, p->block.line);
    if (column->kind == FP_KIND_SOURCE)
        return fp_append_value(column, rows->count, p->source.data, (uint32_t)p->source.size);
    if (field < 0)
        return fp_column_append_nulls(column, rows->count);
    if (column->kind == FP_KIND_TEXT)
        return fp_append_text(column, rows, (uint32_t)field, p->block.size, p->nulls);
    if (column->kind == FP_KIND_DICTIONARY)
        return fp_append_codes(column, rows, fp_repeats_at(&p->repeats, (uint32_t)field), p->nulls);
    return FP_OK; /* a number: append_numbers was here */
}

static fp_status append_others(fp_parser *p) {
    for (uint32_t i = 0; i < p->batch.n_columns; i++) {
        fp_status status = append_other(p, &p->batch.columns[i], p->layout->targets[i].field);
        if (status != FP_OK)
            return status;
    }
    p->batch.rows += p->lines.rows.count;
    return FP_OK;
}

/* The rows between two stops. With a filter all numbers are checked first and only what is kept
 * is converted; without one, checking and converting are one pass. */
static fp_status convert_rows(fp_parser *p) {
    fp_rows *rows = &p->lines.rows;
    bool filtered = p->layout->filtered;
    fp_status status = FP_OK;
    fp_batch_expect(&p->batch, p->batch_rows);
    fp_run->lay(rows);
    if (filtered) {
        fp_repeats_forget(&p->repeats);
        check_numbers(p);
    } else {
        fp_repeats_find(&p->repeats, rows);
        status = append_numbers(p, true);
    }
    if (status == FP_OK && p->bad.count) {
        fp_repeats_forget(&p->repeats);
        if (!filtered)
            take_back_numbers(p);
        fp_drop_bad_rows(&p->lines, &p->bad);
        if (!filtered)
            status = append_numbers(p, false);
    }
    if (status == FP_OK)
        count_records(p);
    if (status == FP_OK && filtered) {
        fp_select_rows(rows, p->layout, p->block.line, p->keep);
        status = append_numbers(p, false);
    }
    if (status == FP_OK)
        status = append_others(p);
    if (status == FP_OK)
        status = emit_faults(p);
    rows->count = 0;
    return status;
}

/* --- steps --- */
static bool is_batch_full(const fp_parser *p) {
    size_t bytes = fp_rejects_bytes(&p->rejects) + fp_batch_bytes(&p->batch);
    return p->batch.rows >= p->batch_rows || bytes >= FP_BATCH_BYTES ||
           fp_rejects_rows(&p->rejects) >= p->batch_rows;
}

/* On through the block. An event, 0 at its end, or an fp_status. */
static int step_block(fp_parser *p) {
    fp_stop stop;
    do {
        stop = fp_judge_lines(&p->lines, &p->block, p->known, p->layout);
        p->counts.blank += p->lines.blank;
        p->counts.headers += p->lines.headers;
        p->lines.blank = p->lines.headers = 0;
        fp_status status = p->layout ? convert_rows(p) : FP_OK;
        if (status != FP_OK)
            return status;
    } while (stop == FP_STOP_TILE);
    if (stop != FP_STOP_NONE)
        return p->waiting = stop == FP_STOP_HEADER ? FP_EVENT_HEADER : FP_EVENT_FIRST_LINE;
    fp_block_pass(&p->block, p->lines.index.n_lines);
    p->in_block = false;
    return 0;
}

static int step_long_line(fp_parser *p) {
    fp_status status = FP_OK;
    if (p->block.long_is_blank) {
        p->counts.blank++;
    } else if (!p->layout) {
        p->at_long = true;
        return p->waiting = FP_EVENT_FIRST_LINE;
    } else {
        p->counts.rejects++;
        status = fp_emit_long_line(&p->block, &p->rejects);
    }
    p->at_long = false;
    fp_block_drop_long_line(&p->block);
    return status;
}

int fp_parser_step(fp_parser *p) {
    if (p->waiting)
        return FP_ERR_STATE;
    for (;;) {
        int event = 0;
        if (p->in_block) {
            event = step_block(p);
        } else {
            switch (fp_block_cut(&p->block)) {
            case FP_CUT_BLOCK:
                fp_lines_begin(&p->lines, &p->block);
                p->in_block = true;
                continue;
            case FP_CUT_LONG_LINE:
                event = step_long_line(p);
                break;
            case FP_CUT_INPUT:
                return FP_EVENT_INPUT;
            case FP_CUT_END:
                return FP_EVENT_END;
            }
        }
        if (event)
            return event;
        if (is_batch_full(p))
            return FP_EVENT_BATCH;
    }
}

/* --- results --- */
fp_counts fp_parser_counts(const fp_parser *p) {
    return p->counts;
}

int64_t fp_parser_rows(const fp_parser *p) {
    return p->batch.rows;
}

int64_t fp_parser_rejects(const fp_parser *p) {
    return fp_rejects_rows(&p->rejects);
}

fp_status fp_parser_export(fp_parser *p, struct ArrowArray *out) {
    fp_batch *batch = &p->batch;
    fp_status status = fp_export_columns(batch->columns, batch->n_columns, batch->rows, out);
    if (status == FP_OK)
        batch->rows = 0;
    batch->is_expected = false;
    return status;
}

fp_status fp_parser_export_rejects(fp_parser *p, struct ArrowArray *out) {
    return fp_export_columns(p->rejects.columns, FP_REJECT_COLUMNS, fp_rejects_rows(&p->rejects),
                             out);
}
