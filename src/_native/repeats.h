/* Stage before convert: which fields repeat from row to row. Records of one interface follow each
 * other, so several fields side by side are the same for many rows. */
#ifndef FP_REPEATS_H
#define FP_REPEATS_H

#include "lines.h"

typedef struct fp_repeat_group {
    uint32_t field, n_fields;
    uint32_t wait; /* tiles to let pass, since it did not pay */
    bool known;    /* same is of the rows at hand */
    uint8_t same[FP_TILE_ROWS + FP_ROW_PAD];
} fp_repeat_group;

typedef struct fp_repeats {
    fp_repeat_group *groups;
    uint32_t n_groups;
    int16_t *group_of_field; /* or -1 */
} fp_repeats;

/* For a layout; false: no memory. */
bool fp_repeats_plan(fp_repeats *repeats, const fp_layout *layout);
void fp_repeats_free(fp_repeats *repeats);
/* Looks at rows that follow each other in the text. */
void fp_repeats_find(fp_repeats *repeats, const fp_rows *rows);
/* The rows are others now. */
void fp_repeats_forget(fp_repeats *repeats);

static inline fp_place fp_repeats_at(const fp_repeats *repeats, uint32_t field) {
    int16_t at = repeats->group_of_field[field];
    if (at < 0 || !repeats->groups[at].known)
        return (fp_place){.field = field};
    const fp_repeat_group *group = &repeats->groups[at];
    return (fp_place){field, group->same, (uint8_t)(1u << (field - group->field))};
}

#endif
