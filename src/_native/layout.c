/* What the other stages take for granted of a layout. */
#include "layout.h"

static bool is_place(const fp_layout *layout, int32_t field) {
    return field >= 0 && (uint32_t)field < layout->n_fields;
}

static bool is_number_kind(fp_kind kind) {
    return kind <= FP_KIND_ISO_TIME;
}

/* The check that makes a field fit for a kind of column. */
static fp_check check_of_kind(fp_kind kind) {
    if (!is_number_kind(kind))
        return FP_CHECK_TEXT;
    return kind == FP_KIND_ISO_TIME ? FP_CHECK_ISO_TIME : FP_CHECK_NUMBER;
}

static bool is_sound_target(const fp_layout *layout, uint32_t i) {
    fp_target target = layout->targets[i];
    if ((unsigned)target.kind > FP_KIND_SOURCE)
        return false;
    if (target.field < 0 || target.kind >= FP_KIND_LINE)
        return target.field < 0;
    return is_place(layout, target.field) &&
           layout->fields[target.field].check == check_of_kind(target.kind) &&
           (!is_number_kind(target.kind) || layout->target_of_field[target.field] == (int32_t)i);
}

static bool is_sound_term(const fp_layout *layout, const fp_term *term) {
    bool one_value = term->op >= FP_OP_EQ && term->op <= FP_OP_GE;
    uint32_t n_values = term->operand == FP_OPERAND_TEXT ? term->n_texts : term->n_numbers;
    bool placed = term->op <= FP_OP_TRUE || is_place(layout, term->field) ||
                  (term->operand == FP_OPERAND_LINE && term->op >= FP_OP_EQ);
    return placed && (!one_value || n_values > 0);
}

bool fp_is_sound_layout(const fp_layout *layout) {
    bool sound = layout->n_fields > 0;
    for (uint32_t i = 0; i < layout->n_targets && sound; i++)
        sound = is_sound_target(layout, i);
    for (uint32_t i = 0; i < layout->n_terms && sound; i++)
        sound = is_sound_term(layout, &layout->terms[i]);
    return sound;
}
