/* Stage "export": columns become one Arrow struct array that owns their buffers. */
#ifndef FP_EXPORT_H
#define FP_EXPORT_H

#include "column.h"

/* Moves the columns' buffers out; they begin anew with the same kinds, and keep their
 * dictionaries, if those are small. On failure their rows are lost. */
fp_status fp_export_columns(fp_column *columns, uint32_t n, int64_t rows, struct ArrowArray *out);

#endif
