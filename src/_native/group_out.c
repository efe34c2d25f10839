/* Groups -> values of Arrow columns, and the largest of them. */
#include "group_table.h"

#include <stdlib.h>

static uint32_t chosen_id(fp_chosen chosen, uint32_t i) {
    return chosen.ids ? chosen.ids[i] : chosen.first + i;
}

static void set_bit(uint8_t *bits, uint32_t at) {
    bits[at >> 3] |= (uint8_t)(1 << (at & 7));
}

/* --- keys --- */

uint32_t fp_groups_numbers(const fp_groups *groups, uint32_t key, fp_chosen chosen, void *values,
                           uint8_t *valid) {
    const fp_key *of = &groups->keys[key];
    uint32_t n_valid = 0;
    for (uint32_t i = 0; i < chosen.n; i++) {
        const uint64_t *words = fp_record(groups, chosen_id(chosen, i));
        int64_t number = fp_number_of(of, words);
        if (of->kind == FP_KEY_INT64)
            ((int64_t *)values)[i] = number;
        else
            ((int32_t *)values)[i] = (int32_t)number;
        if (fp_mark_of(of, words) != FP_MARK_NULL) {
            set_bit(valid, i);
            n_valid++;
        }
    }
    return chosen.n - n_valid;
}

enum { IPV4_BYTES = 15 };

static uint32_t write_ipv4(uint32_t bits, uint8_t out[IPV4_BYTES]) {
    uint32_t size = 0;
    for (int shift = 24; shift >= 0; shift -= 8) {
        uint32_t part = bits >> shift & 255;
        if (part >= 100)
            out[size++] = (uint8_t)('0' + part / 100);
        if (part >= 10)
            out[size++] = (uint8_t)('0' + part / 10 % 10);
        out[size++] = (uint8_t)('0' + part % 10);
        if (shift)
            out[size++] = '.';
    }
    return size;
}

/* room: for IPv4, which is nowhere as text. NULL bytes: null. */
static fp_text text_of(const fp_key *key, const uint64_t *words, uint8_t room[IPV4_BYTES]) {
    uint32_t mark = fp_mark_of(key, words), lane = fp_lane(words, key->lane);
    if (mark == FP_MARK_NULL)
        return (fp_text){NULL, 0};
    if (mark == FP_MARK_OTHER || key->kind == FP_KEY_CODES) {
        const fp_ends *value = &key->texts.values[lane];
        return (fp_text){key->texts.plain.data + value->at, value->size};
    }
    return (fp_text){room, write_ipv4(lane, room)};
}

int64_t fp_groups_offsets(const fp_groups *groups, uint32_t key, fp_chosen chosen, int32_t *offsets,
                          uint8_t *valid) {
    uint8_t room[IPV4_BYTES];
    uint32_t n_valid = 0;
    int64_t at = 0;
    for (uint32_t i = 0; i < chosen.n; i++) {
        fp_text text = text_of(&groups->keys[key], fp_record(groups, chosen_id(chosen, i)), room);
        offsets[i] = (int32_t)at;
        at += text.size;
        if (at > INT32_MAX)
            return -1;
        if (text.bytes) {
            set_bit(valid, i);
            n_valid++;
        }
    }
    offsets[chosen.n] = (int32_t)at;
    return chosen.n - n_valid;
}

void fp_groups_text(const fp_groups *groups, uint32_t key, fp_chosen chosen, const int32_t *offsets,
                    uint8_t *bytes) {
    uint8_t room[IPV4_BYTES];
    for (uint32_t i = 0; i < chosen.n; i++) {
        fp_text text = text_of(&groups->keys[key], fp_record(groups, chosen_id(chosen, i)), room);
        if (text.size)
            memcpy(bytes + offsets[i], text.bytes, text.size);
    }
}

fp_text fp_groups_values(const fp_groups *groups, uint32_t key, uint32_t *n) {
    const fp_texts *texts = &groups->keys[key].texts;
    *n = texts->n_values;
    return (fp_text){texts->plain.data, (uint32_t)texts->plain.size};
}

/* --- measures --- */

static bool has_value(const fp_groups *groups, uint32_t measure, uint32_t id) {
    int how = groups->measures[measure].how;
    return (how != FP_SUM && how != FP_MIN && how != FP_MAX) ||
           *fp_flags(groups, fp_record(groups, id)) >> measure & 1;
}

uint32_t fp_groups_measure(const fp_groups *groups, uint32_t measure, fp_chosen chosen,
                           int64_t *values, uint8_t *valid, uint32_t *wide) {
    uint32_t n_valid = 0;
    *wide = UINT32_MAX;
    for (uint32_t i = 0; i < chosen.n; i++) {
        uint32_t id = chosen_id(chosen, i);
        fp_wide sum = fp_measure_wide(groups, measure, id);
        values[i] = (int64_t)sum.low;
        if (sum.high != (values[i] < 0 ? -1 : 0))
            *wide = id;
        if (has_value(groups, measure, id)) {
            set_bit(valid, i);
            n_valid++;
        }
    }
    return chosen.n - n_valid;
}

void fp_groups_wide(const fp_groups *groups, uint32_t measure, uint32_t id, int64_t *high,
                    uint64_t *low) {
    fp_wide sum = {0, 0};
    if (id != UINT32_MAX)
        sum = fp_measure_wide(groups, measure, id);
    for (uint32_t i = 0; id == UINT32_MAX && i < groups->n_groups; i++)
        if (has_value(groups, measure, i))
            fp_wide_add(&sum, fp_measure_wide(groups, measure, i));
    *high = sum.high;
    *low = sum.low;
}

/* --- the largest --- */

static int compare_texts(fp_text a, fp_text b) {
    int order = memcmp(a.bytes, b.bytes, a.size < b.size ? a.size : b.size);
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

static int compare_keys(const fp_groups *groups, const uint64_t *a, const uint64_t *b) {
    uint8_t room_a[IPV4_BYTES], room_b[IPV4_BYTES];
    for (uint32_t k = 0; k < groups->n_keys; k++) {
        const fp_key *key = &groups->keys[k];
        bool null_a = fp_mark_of(key, a) == FP_MARK_NULL,
             null_b = fp_mark_of(key, b) == FP_MARK_NULL;
        int order = null_a - null_b;
        if (!null_a && !null_b && key->kind >= FP_KEY_TEXT)
            order = compare_texts(text_of(key, a, room_a), text_of(key, b, room_b));
        else if (!null_a && !null_b) {
            int64_t x = fp_number_of(key, a), y = fp_number_of(key, b);
            order = (x > y) - (x < y);
        }
        if (order)
            return order;
    }
    return 0;
}

/* Does a come before b? */
static bool is_before(const fp_groups *groups, uint32_t measure, uint32_t a, uint32_t b) {
    bool has_a = has_value(groups, measure, a), has_b = has_value(groups, measure, b);
    if (has_a != has_b)
        return has_a;
    if (has_a) {
        fp_wide x = fp_measure_wide(groups, measure, a), y = fp_measure_wide(groups, measure, b);
        if (x.high != y.high)
            return x.high > y.high;
        if (x.low != y.low)
            return x.low > y.low;
    }
    return compare_keys(groups, fp_record(groups, a), fp_record(groups, b)) < 0;
}

/* A heap whose first comes last. */
static void sink(const fp_groups *groups, uint32_t measure, uint32_t *heap, uint32_t n,
                 uint32_t at) {
    for (uint32_t id = heap[at];;) {
        uint32_t child = 2 * at + 1;
        if (child + 1 < n && is_before(groups, measure, heap[child], heap[child + 1]))
            child++;
        if (child >= n || !is_before(groups, measure, id, heap[child])) {
            heap[at] = id;
            return;
        }
        heap[at] = heap[child];
        at = child;
    }
}

uint32_t fp_groups_top(const fp_groups *groups, uint32_t measure, uint32_t limit, uint32_t *ids) {
    uint32_t n = limit < groups->n_groups ? limit : groups->n_groups;
    if (n == 0)
        return 0;
    for (uint32_t i = 0; i < n; i++)
        ids[i] = i;
    for (uint32_t i = n / 2; i-- > 0;)
        sink(groups, measure, ids, n, i);
    for (uint32_t id = n; id < groups->n_groups; id++)
        if (is_before(groups, measure, id, ids[0])) {
            ids[0] = id;
            sink(groups, measure, ids, n, 0);
        }
    for (uint32_t left = n; left-- > 1;) {
        uint32_t last = ids[0];
        ids[0] = ids[left];
        ids[left] = last;
        sink(groups, measure, ids, left, 0);
    }
    return n;
}
