#include "arrow_rows.h"

static bool bit_at(const uint8_t *bits, int64_t at) {
    return bits[at >> 3] >> (at & 7) & 1;
}

int64_t fp_find_bit(const uint8_t *bits, int64_t at, int64_t end, bool wanted) {
    uint64_t flip = wanted ? 0 : UINT64_MAX;
    for (; at < end && at & 7; at++)
        if (bit_at(bits, at) == wanted)
            return at;
    for (; at + 64 <= end; at += 64) {
        uint64_t word = fp_load8(bits + (at >> 3)) ^ flip;
        if (word)
            return at + fp_count_trailing_zeros(word);
    }
    while (at < end && bit_at(bits, at) != wanted)
        at++;
    return at;
}

void fp_set_bits(uint8_t *bits, size_t at, size_t n) {
    for (; n && at & 7; at++, n--)
        bits[at >> 3] |= (uint8_t)(1 << (at & 7));
    memset(bits + (at >> 3), 0xff, n >> 3);
    at += n & ~(size_t)7;
    if (n & 7)
        bits[at >> 3] |= (uint8_t)((1 << (n & 7)) - 1);
}

static bool is_whole(const struct ArrowArray *array, int64_t n_buffers) {
    if (array->length < 0 || array->offset < 0 || array->offset > INT64_MAX - array->length ||
        array->n_buffers != n_buffers || !array->buffers)
        return false;
    if (array->null_count > 0 && !array->buffers[0])
        return false;
    return array->length == 0 || array->buffers[1];
}

bool fp_is_fixed_width(const struct ArrowArray *array) {
    return is_whole(array, 2);
}

bool fp_is_text(const struct ArrowArray *array) {
    if (!is_whole(array, 3))
        return false;
    if (array->length == 0)
        return true;
    const int32_t *offsets = (const int32_t *)array->buffers[1] + array->offset;
    int32_t falls = offsets[0];
    for (int64_t i = 0; i < array->length; i++)
        falls |= offsets[i] > offsets[i + 1] ? -1 : 0;
    return falls >= 0 && (offsets[array->length] == 0 || array->buffers[2]);
}
