/* Stage "filter": a pushed-down predicate chooses rows before any column is built. */
#ifndef FP_FILTER_H
#define FP_FILTER_H

#include "rows.h"

/* Keeps the rows for which the layout's terms hold. scratch: two bytes a row. All numbers were
 * checked before. */
void fp_select_rows(fp_rows *rows, const fp_layout *layout, int64_t first_line, uint8_t *scratch);

#endif
