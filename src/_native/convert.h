/* Stage "convert": one column at a time over the rows. */
#ifndef FP_CONVERT_H
#define FP_CONVERT_H

#include "column.h"
#include "rows.h"

/* Appends a number field of every row; what is not in range goes to bad. nulls is scratch with a
 * bit for every row and 7 more. */
fp_status fp_append_numbers(fp_column *column, const fp_rows *rows, fp_place place,
                            const fp_field *rule, uint8_t *nulls, fp_bad_rows *bad);
/* The same for a field that nobody asked for. */
void fp_check_numbers(const fp_rows *rows, fp_place place, const fp_field *rule, uint8_t *nulls,
                      fp_bad_rows *bad);
/* most: bytes of text that the rows can hold. */
fp_status fp_append_text(fp_column *column, const fp_rows *rows, uint32_t field, size_t most,
                         uint8_t *nulls);
fp_status fp_append_codes(fp_column *column, const fp_rows *rows, fp_place place, uint8_t *nulls);
fp_status fp_append_lines(fp_column *column, const fp_rows *rows, int64_t first_line);
/* n times one value. */
fp_status fp_append_value(fp_column *column, uint32_t n, const uint8_t *value, uint32_t size);

#endif
