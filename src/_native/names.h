/* Which lines are headers. */
#ifndef FP_NAMES_H
#define FP_NAMES_H

#include "flowparse.h"

/* Is this line, stripped of outer blanks, a header while layout is in force? Its tokens are all
 * names, and three of them are known or all repeat the layout's fields. */
bool fp_is_header(const fp_names *known, const fp_layout *layout, const uint8_t *text,
                  uint32_t size);
/* Does it repeat the layout's fields? Only asked of headers. */
bool fp_repeats_fields(const fp_layout *layout, const uint8_t *text, uint32_t size);

static inline bool fp_is_name_start(uint8_t byte) {
    return (uint8_t)(byte - 'a') < 26;
}

#endif
