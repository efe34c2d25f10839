/* Looking costs a comparison a row and group; what seldom repeats is looked at seldom. */
#include "repeats.h"

#include "kernel.h"

#include <stdlib.h>

enum { TILES_TO_WAIT = 31, LEAST_FIELDS = 3 };

/* Text of few values may repeat; of numbers only the version does, which comes first. */
static bool may_repeat(const fp_layout *layout, uint32_t field) {
    int32_t target = layout->target_of_field[field];
    if (layout->fields[field].check == FP_CHECK_NUMBER)
        return field == 0;
    return target >= 0 && layout->targets[target].kind == FP_KIND_DICTIONARY;
}

bool fp_repeats_plan(fp_repeats *repeats, const fp_layout *layout) {
    fp_repeats_free(repeats);
    uint32_t n = layout->n_fields;
    repeats->groups = malloc((n / 2 + 1) * sizeof *repeats->groups);
    repeats->group_of_field = malloc((n + 1) * sizeof *repeats->group_of_field);
    if (!repeats->groups || !repeats->group_of_field)
        return false;
    for (uint32_t f = 0; f < n;) {
        uint32_t end = f;
        while (end < n && end - f < FP_REPEAT_FIELDS && may_repeat(layout, end))
            end++;
        bool is_group = end - f >= LEAST_FIELDS && fp_run->repeat && repeats->n_groups < INT16_MAX;
        if (is_group)
            repeats->groups[repeats->n_groups++] =
                (fp_repeat_group){.field = f, .n_fields = end - f};
        do {
            repeats->group_of_field[f] = is_group ? (int16_t)(repeats->n_groups - 1) : -1;
        } while (++f < end);
    }
    return true;
}

void fp_repeats_free(fp_repeats *repeats) {
    free(repeats->groups);
    free(repeats->group_of_field);
    *repeats = (fp_repeats){0};
}

/* Half of the fields must repeat, row for row. */
static bool pays(const fp_repeat_group *group, uint32_t rows) {
    uint32_t repeated = 0;
    for (uint32_t row = 0; row < rows; row += FP_ROW_PAD)
        repeated += fp_count_ones(fp_load8(group->same + row));
    return repeated >= rows * group->n_fields / 2;
}

void fp_repeats_find(fp_repeats *repeats, const fp_rows *rows) {
    for (uint32_t i = 0; i < repeats->n_groups; i++) {
        fp_repeat_group *group = &repeats->groups[i];
        group->known = group->wait == 0 && rows->count > FP_ROW_PAD;
        if (group->known) {
            fp_run->repeat(rows, group->field, group->n_fields, group->same);
            if (!pays(group, rows->count))
                group->wait = TILES_TO_WAIT;
        } else if (group->wait) {
            group->wait--;
        }
    }
}

void fp_repeats_forget(fp_repeats *repeats) {
    for (uint32_t i = 0; i < repeats->n_groups; i++)
        repeats->groups[i].known = false;
}
