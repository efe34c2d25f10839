/* Each term is evaluated for all rows at once into a byte a row, and-ed within its group. */
#include "filter.h"

#include "decode_address.h"
#include "decode_number.h"
#include "decode_time.h"
#include "kernel.h"

#include <stdlib.h>
#include <string.h>

/* --- one value against one term --- */
static inline bool holds_order(fp_op op, int order) {
    switch (op) {
    case FP_OP_EQ:
        return order == 0;
    case FP_OP_NE:
        return order != 0;
    case FP_OP_LT:
        return order < 0;
    case FP_OP_LE:
        return order <= 0;
    case FP_OP_GT:
        return order > 0;
    default:
        return order >= 0;
    }
}

static bool holds_number(const fp_term *term, int64_t value) {
    if (term->op != FP_OP_IN && term->op != FP_OP_NOT_IN) {
        int64_t other = term->numbers[0];
        return holds_order(term->op, (value > other) - (value < other));
    }
    uint32_t low = 0, high = term->n_numbers;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (term->numbers[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < term->n_numbers && term->numbers[low] == value;
    return found == (term->op == FP_OP_IN);
}

static int compare_text(fp_span span, fp_text text) {
    uint32_t shorter = span.size < text.size ? span.size : text.size;
    int order = shorter ? memcmp(span.at, text.bytes, shorter) : 0;
    return order ? order : (span.size > text.size) - (span.size < text.size);
}

static bool holds_text(const fp_term *term, fp_span span) {
    if (term->op != FP_OP_IN && term->op != FP_OP_NOT_IN)
        return holds_order(term->op, compare_text(span, term->texts[0]));
    uint32_t low = 0, high = term->n_texts;
    bool found = false;
    while (low < high && !found) {
        uint32_t middle = low + (high - low) / 2;
        int order = compare_text(span, term->texts[middle]);
        found = order == 0;
        if (order > 0)
            low = middle + 1;
        else
            high = middle;
    }
    return found == (term->op == FP_OP_IN);
}

static bool in_ranges4(const fp_term *term, uint32_t address) {
    uint32_t low = 0, high = term->n_ranges4;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (term->ranges4[middle].high < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < term->n_ranges4 && term->ranges4[low].low <= address;
}

static bool is_below(const uint64_t a[2], const uint64_t b[2]) {
    return a[0] != b[0] ? a[0] < b[0] : a[1] < b[1];
}

static bool in_ranges6(const fp_term *term, const uint64_t address[2]) {
    uint32_t low = 0, high = term->n_ranges6;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (is_below(term->ranges6[middle].high, address))
            low = middle + 1;
        else
            high = middle;
    }
    return low < term->n_ranges6 && !is_below(address, term->ranges6[low].low);
}

static bool holds_network(const fp_term *term, fp_span span) {
    uint32_t ipv4;
    uint64_t ipv6[2];
    if (fp_decode_ipv4(span.at, span.size, &ipv4))
        return in_ranges4(term, ipv4);
    return fp_decode_ipv6(span.at, span.size, ipv6) && in_ranges6(term, ipv6);
}

/* --- one term over all rows --- */
static bool holds_value(const fp_term *term, fp_span span) {
    int64_t value = 0;
    switch (term->operand) {
    case FP_OPERAND_TEXT:
        return holds_text(term, span);
    case FP_OPERAND_NETWORK:
        return holds_network(term, span);
    case FP_OPERAND_ISO_TIME:
        fp_decode_iso_time(span.at, span.size, &value);
        return holds_number(term, value);
    default:
        fp_decode_number(span.at, span.size, INT64_MAX, &value);
        return holds_number(term, term->operand == FP_OPERAND_TIME ? fp_scale_time(value) : value);
    }
}

static void and_nulls(const fp_term *term, const fp_rows *rows, uint8_t *keep) {
    bool wanted = term->op == FP_OP_IS_NULL;
    for (uint32_t row = 0; row < rows->count; row++)
        keep[row] &= fp_is_null(fp_field_at(rows, row, (uint32_t)term->field)) == wanted;
}

static void and_lines(const fp_term *term, const fp_rows *rows, int64_t first_line, uint8_t *keep) {
    for (uint32_t row = 0; row < rows->count; row++)
        keep[row] &= holds_number(term, first_line + rows->line[row]);
}

static void and_values(const fp_term *term, const fp_rows *rows, uint8_t *keep) {
    for (uint32_t row = 0; row < rows->count; row++) {
        if (!keep[row])
            continue;
        fp_span span = fp_field_at(rows, row, (uint32_t)term->field);
        keep[row] = !fp_is_null(span) && holds_value(term, span);
    }
}

/* Text of up to eight bytes against one such: most filters are of this kind. */
static void and_short_text(const fp_term *term, const fp_rows *rows, uint8_t *keep) {
    const uint32_t *before = fp_ends(rows, (uint32_t)term->field);
    const uint32_t *end = fp_ends(rows, (uint32_t)term->field + 1);
    uint32_t size = term->texts[0].size;
    uint8_t wanted[8] = {0};
    memcpy(wanted + 8 - size, term->texts[0].bytes, size);
    uint64_t word = fp_load8(wanted), mask = ~(uint64_t)0 << (64 - 8 * size);
    bool equal = term->op == FP_OP_EQ;
    for (uint32_t row = 0; row < rows->count; row++) {
        uint64_t found = fp_load8(rows->text + end[row] - 8);
        uint32_t found_size = end[row] - before[row] - 1;
        bool same = (found_size == size) & ((found & mask) == word);
        bool null = (found_size == 1) & (found >> 56 == '-');
        keep[row] &= (same == equal) & !null;
    }
}

static bool is_short_text(const fp_term *term) {
    return term->operand == FP_OPERAND_TEXT && (term->op == FP_OP_EQ || term->op == FP_OP_NE) &&
           term->texts[0].size >= 1 && term->texts[0].size <= 8;
}

static void and_term(const fp_term *term, const fp_rows *rows, int64_t first_line, uint8_t *keep) {
    if (term->op == FP_OP_TRUE)
        return;
    if (term->op == FP_OP_FALSE)
        memset(keep, 0, rows->count);
    else if (term->operand == FP_OPERAND_LINE)
        and_lines(term, rows, first_line, keep);
    else if (term->op == FP_OP_IS_NULL || term->op == FP_OP_IS_NOT_NULL)
        and_nulls(term, rows, keep);
    else if (is_short_text(term))
        and_short_text(term, rows, keep);
    else
        and_values(term, rows, keep);
}

static void keep_rows(fp_rows *rows, const uint8_t *keep) {
    uint32_t kept = 0;
    for (uint32_t row = 0; row < rows->count; row++) {
        rows->first[kept] = rows->first[row];
        rows->line[kept] = rows->line[row];
        kept += keep[row];
    }
    rows->count = kept;
    fp_run->lay(rows);
}

/* The terms of one group, from `i` on, and-ed into keep. Returns the next group's first. */
static uint32_t and_group(const fp_layout *layout, uint32_t i, const fp_rows *rows,
                          int64_t first_line, uint8_t *keep) {
    uint32_t group = layout->terms[i].group;
    memset(keep, 1, rows->count);
    for (; i < layout->n_terms && layout->terms[i].group == group; i++)
        and_term(&layout->terms[i], rows, first_line, keep);
    return i;
}

void fp_select_rows(fp_rows *rows, const fp_layout *layout, int64_t first_line, uint8_t *scratch) {
    uint8_t *any = scratch, *all = scratch + rows->count;
    uint32_t i = 0;
    if (layout->n_terms)
        i = and_group(layout, 0, rows, first_line, any);
    else
        memset(any, 0, rows->count);
    while (i < layout->n_terms) {
        i = and_group(layout, i, rows, first_line, all);
        for (uint32_t row = 0; row < rows->count; row++)
            any[row] |= all[row];
    }
    keep_rows(rows, any);
}
