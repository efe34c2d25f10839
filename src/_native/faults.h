/* Lines that are no records, from what was found out about them to the table of rejects. */
#ifndef FP_FAULTS_H
#define FP_FAULTS_H

#include "block.h"
#include "lines.h"
#include "rejects.h"

/* Bad rows become faults, in the order of their lines, and the rows that stay close up. */
void fp_drop_bad_rows(fp_lines *lines, fp_bad_rows *bad);
/* Every fault becomes a reject; then there are none. */
fp_status fp_emit_faults(fp_lines *lines, const fp_block *block, fp_rejects *rejects);
/* So does the long line that has ended. */
fp_status fp_emit_long_line(const fp_block *block, fp_rejects *rejects);

#endif
