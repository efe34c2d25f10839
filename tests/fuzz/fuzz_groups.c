/* libFuzzer target over the core's groups, and its set of rows that came before.
 *
 * The input becomes keys, measures and a few batches of arrays in buffers that end where Arrow lets
 * them end: offsets, slices, nulls, dictionaries, and text offsets and codes that may lead astray.
 * Such batches must be refused, and leave everything as it was. All others go to two tables, of
 * which one absorbs the other, and to a list of rows that is searched from its beginning. In the
 * end both must say the same. The sanitizers watch the memory.
 */
#include "group.h"
#include "input.h"
#include "seen.h"

enum { MAX_KEYS = 4, MAX_MEASURES = 4, MAX_ROWS = 160, MAX_ALL = 4 * MAX_ROWS };
enum { TEXT_ROOM = 40 };

__extension__ typedef __int128 int128;

/* --- arrays out of the input --- */

static void make_numbers(array *a, int kind, int64_t rows) {
    begin_array(a, kind, 2, rows);
    size_t n = (size_t)(a->arrow.offset + rows), width = kind == FP_KEY_INT64 ? 8 : 4;
    uint8_t *bytes = new_buffer(n * width);
    uint32_t wild = take() % 4;
    for (size_t i = 0; i < n; i++) {
        int64_t value = (int64_t)take() % 8 - 3;
        if (wild == 3)
            value = (int64_t)((uint64_t)value << (take() % 64));
        int32_t narrow = (int32_t)value;
        memcpy(bytes + i * width, width == 8 ? (void *)&value : (void *)&narrow, width);
    }
    a->shown[1] = bytes;
}

static void make_bits(array *a, int64_t rows) {
    begin_array(a, FP_KEY_BOOL, 2, rows);
    size_t size = (size_t)(a->arrow.offset + rows + 7) / 8;
    uint8_t *bits = new_buffer(size);
    for (size_t i = 0; i < size; i++)
        bits[i] = (uint8_t)take();
    a->shown[1] = bits;
}

/* An address, what looks like one, or bytes as they come. */
static uint32_t make_value(char *out) {
    switch (take() % 4) {
    case 0:
        return (uint32_t)snprintf(out, TEXT_ROOM, "10.%u.0.%u", take() % 2, take());
    case 1:
        return (uint32_t)snprintf(out, TEXT_ROOM, "%u.%02u.%u.%u", take(), take() % 20,
                                  take() * 2 % 300, take() % 12);
    case 2: {
        uint32_t size = take() % 20;
        for (uint32_t i = 0; i < size; i++)
            out[i] = "0123456789.:/"[take() % 13];
        return size;
    }
    default: {
        uint32_t size = take() % 35;
        for (uint32_t i = 0; i < size; i++)
            out[i] = (char)(take() % 3);
        return size;
    }
    }
}

static void make_text(array *a, int64_t rows) {
    begin_array(a, FP_KEY_TEXT, 3, rows);
    size_t n = (size_t)(a->arrow.offset + rows);
    char *bytes = malloc((n + 1) * TEXT_ROOM);
    int32_t *offsets = new_buffer((n + 1) * 4), at = 0;
    for (size_t i = 0; i < n; i++) {
        offsets[i] = at;
        at += (int32_t)make_value(bytes + at);
    }
    offsets[n] = at;
    char *whole = new_buffer((size_t)at); /* it ends where the text does */
    memcpy(whole, bytes, (size_t)at);
    free(bytes);
    if (take() % 16 == 0) { /* further back, so that no text leads out of the buffer */
        size_t place = take() % (n + 1);
        offsets[place] = (int32_t)(take() % (uint32_t)(offsets[place] + 2)) - 1;
    }
    for (int64_t i = a->arrow.offset; i < (int64_t)n; i++)
        a->sound = a->sound && offsets[i] <= offsets[i + 1];
    a->sound = rows == 0 || (a->sound && offsets[a->arrow.offset] >= 0);
    a->shown[1] = offsets;
    a->shown[2] = at || take() % 2 ? whole : NULL;
    if (rows && !a->shown[2] && offsets[n] > 0)
        a->sound = false;
}

static bool is_null(const array *a, int64_t row) {
    const uint8_t *bits = a->shown[0];
    row += a->arrow.offset;
    return bits && a->arrow.null_count && !(bits[row / 8] >> (row % 8) & 1);
}

static void make_codes(array *a, array *values, int64_t rows) {
    make_text(values, take() % 12);
    begin_array(a, FP_KEY_CODES, 2, rows);
    size_t n = (size_t)(a->arrow.offset + rows);
    uint32_t n_values = (uint32_t)values->arrow.length;
    int32_t *codes = new_buffer(n * 4);
    for (size_t i = 0; i < n; i++)
        codes[i] = (int32_t)(n_values ? take() % n_values : 0);
    if (n && take() % 16 == 0)
        codes[take() % n] = (int32_t)(take() % 4) - 2 + (take() % 2 ? (int32_t)n_values : 0);
    a->shown[1] = codes;
    a->arrow.dictionary = &values->arrow;
    a->sound = values->sound;
    for (int64_t i = 0; i < rows; i++) {
        int32_t code = codes[a->arrow.offset + i];
        a->sound = a->sound && (is_null(a, i) || (code >= 0 && (uint32_t)code < n_values));
    }
}

static void make_array(array *a, array *values, int kind, int64_t rows) {
    if (kind == FP_KEY_TEXT)
        make_text(a, rows);
    else if (kind == FP_KEY_CODES)
        make_codes(a, values, rows);
    else if (kind == FP_KEY_BOOL)
        make_bits(a, rows);
    else
        make_numbers(a, kind, rows);
}

/* --- what a row is --- */

typedef struct value {
    bool null;
    int64_t number;
    fp_text text;
} value;

static value value_at(const array *a, const array *values, int64_t row) {
    int64_t at = row + a->arrow.offset;
    value v = {.null = is_null(a, row)};
    if (v.null)
        return v;
    if (a->kind == FP_KEY_CODES) {
        int32_t code = ((const int32_t *)a->shown[1])[at];
        return value_at(values, NULL, code);
    }
    if (a->kind == FP_KEY_TEXT) {
        const int32_t *offsets = a->shown[1];
        uint32_t size = (uint32_t)(offsets[at + 1] - offsets[at]);
        v.text = (fp_text){size ? (const uint8_t *)a->shown[2] + offsets[at] : NULL, size};
    } else if (a->kind == FP_KEY_BOOL) {
        v.number = ((const uint8_t *)a->shown[1])[at / 8] >> (at % 8) & 1;
    } else if (a->kind == FP_KEY_INT32) {
        v.number = ((const int32_t *)a->shown[1])[at];
    } else {
        v.number = ((const int64_t *)a->shown[1])[at];
    }
    return v;
}

static bool same(value a, value b) {
    return a.null == b.null && a.number == b.number && a.text.size == b.text.size &&
           (a.text.size == 0 || memcmp(a.text.bytes, b.text.bytes, a.text.size) == 0);
}

static int64_t rest_of(int128 number, int64_t every) {
    return (int64_t)((number % every + every) % every);
}

/* --- the list that is searched --- */

static uint32_t n_keys, n_measures;
static fp_key_asked keys[MAX_KEYS];
static fp_measure_asked measures[MAX_MEASURES];

typedef struct group {
    value key[MAX_KEYS];
    bool met[MAX_MEASURES];
    int128 sums[MAX_MEASURES];
} group;

static group groups[MAX_ALL];
static uint32_t n_groups;
static value rows_before[MAX_ALL][MAX_KEYS];
static uint32_t n_before;

static void measure(group *of, uint32_t m, value v) {
    int how = measures[m].how;
    int128 *sum = &of->sums[m];
    if (how == FP_COUNT || how == FP_VALID) {
        *sum += how == FP_COUNT || !v.null;
        of->met[m] = true;
        return;
    }
    if (v.null)
        return;
    if (how == FP_SUM)
        *sum += v.number;
    else if (how == FP_MIN || how == FP_MAX)
        *sum = of->met[m] && (how == FP_MIN) == (*sum < v.number) ? *sum : v.number;
    else if (how == FP_OR)
        *sum = (int64_t)((uint64_t)*sum | (uint64_t)v.number);
    else {
        int64_t unit = measures[m].unit * 60;
        int128 minute = ((int128)v.number - rest_of(v.number, unit)) / unit;
        *sum = (int64_t)((uint64_t)*sum | (uint64_t)1 << rest_of(minute, 60));
    }
    of->met[m] = true;
}

static group *find(const value *key) {
    for (uint32_t i = 0; i < n_groups; i++) {
        bool all = true;
        for (uint32_t k = 0; k < n_keys; k++)
            all = all && same(groups[i].key[k], key[k]);
        if (all)
            return &groups[i];
    }
    CHECK(n_groups < MAX_ALL);
    groups[n_groups] = (group){.sums = {0}};
    memcpy(groups[n_groups].key, key, sizeof groups[n_groups].key);
    for (uint32_t m = 0; m < n_measures; m++)
        groups[n_groups].met[m] = measures[m].how >= FP_OR;
    return &groups[n_groups++];
}

/* Is the row new to the list of rows? */
static bool note_row(const value *row) {
    for (uint32_t i = 0; i < n_before; i++) {
        bool all = true;
        for (uint32_t k = 0; k < n_keys; k++)
            all = all && same(rows_before[i][k], row[k]);
        if (all)
            return false;
    }
    CHECK(n_before < MAX_ALL);
    memcpy(rows_before[n_before++], row, sizeof rows_before[0]);
    return true;
}

/* --- a batch --- */

typedef struct batch {
    array keys[MAX_KEYS], values[MAX_KEYS], measures[MAX_MEASURES], where;
    const struct ArrowArray *key_arrays[MAX_KEYS + 1], *measure_arrays[MAX_MEASURES + 1];
    int64_t rows;
    bool chosen, sound;
} batch;

static void make_batch(batch *b) {
    *b = (batch){.rows = take() % 8 ? take() % 40 : take() % MAX_ROWS, .sound = true};
    for (uint32_t k = 0; k < n_keys; k++) {
        make_array(&b->keys[k], &b->values[k], keys[k].kind, b->rows);
        b->key_arrays[k] = &b->keys[k].arrow;
        b->sound = b->sound && b->keys[k].sound;
    }
    for (uint32_t m = 0; m < n_measures; m++) {
        make_array(&b->measures[m], NULL, measures[m].kind, b->rows);
        b->measure_arrays[m] = &b->measures[m].arrow;
    }
    b->chosen = take() % 2;
    make_bits(&b->where, b->rows);
    if (take() % 32 == 0 && n_keys) {
        b->keys[0].arrow.length += take() % 2 ? 1 : -1;
        b->sound = false;
    }
}

static bool can_round(const batch *b) {
    for (uint32_t k = 0; k < n_keys; k++)
        for (int64_t i = 0; keys[k].every && i < b->rows; i++) {
            value v = value_at(&b->keys[k], NULL, i);
            if (!v.null && (int128)v.number - rest_of(v.number, keys[k].every) < INT64_MIN)
                return false;
        }
    return true;
}

/* grouped: and not only seen. */
static void take_rows(const batch *b, const uint8_t *fresh, bool grouped) {
    for (int64_t i = 0; i < b->rows; i++) {
        value row[MAX_KEYS] = {{.null = false}};
        for (uint32_t k = 0; k < n_keys; k++)
            row[k] = value_at(&b->keys[k], &b->values[k], i);
        CHECK(note_row(row) == (bool)(fresh[i / 8] >> (i % 8) & 1));
        value wanted = value_at(&b->where, NULL, i);
        if (!grouped || (b->chosen && (wanted.null || !wanted.number)))
            continue;
        for (uint32_t k = 0; k < n_keys; k++)
            if (keys[k].every && !row[k].null)
                row[k].number -= rest_of(row[k].number, keys[k].every);
        group *of = find(row);
        for (uint32_t m = 0; m < n_measures; m++)
            measure(of, m, value_at(&b->measures[m], NULL, i));
    }
}

static void run_batch(fp_groups *table, fp_seen_set *seen) {
    batch b;
    uint32_t numbers[MAX_ROWS] = {0}, before = fp_groups_count(table);
    uint8_t fresh[MAX_ROWS / 8 + 1] = {0};
    int64_t n_fresh;
    make_batch(&b);
    uint64_t n_seen = fp_seen_count(seen);
    fp_status status = fp_seen_add(seen, b.key_arrays, NULL, b.rows, fresh, &n_fresh);
    CHECK(status == (b.sound || n_keys == 0 ? FP_OK : FP_ERR_STATE));
    CHECK(fp_seen_count(seen) == n_seen + (uint64_t)n_fresh);
    bool rounds = !b.sound || can_round(&b);
    status = fp_groups_add(table, b.key_arrays, b.measure_arrays, b.chosen ? &b.where.arrow : NULL,
                           b.rows, numbers);
    if (!b.sound || !rounds) {
        CHECK(status == FP_ERR_STATE || status == FP_ERR_SIZE);
        CHECK(fp_groups_count(table) == before);
    } else {
        CHECK(status == FP_OK);
    }
    if (b.sound)
        take_rows(&b, fresh, rounds);
}

/* --- what came of it --- */

static void read_key(const fp_groups *table, uint32_t k, uint32_t id, value *v) {
    fp_chosen one = {NULL, id, 1};
    int64_t wide = 0;
    int32_t narrow = 0, offsets[2];
    uint8_t valid = 0;
    bool text = keys[k].kind == FP_KEY_TEXT;
    if (text) {
        int64_t nulls = fp_groups_offsets(table, k, one, offsets, &valid);
        CHECK(nulls == !valid && offsets[0] == 0);
        uint8_t *bytes = new_buffer((size_t)offsets[1]);
        fp_groups_text(table, k, one, offsets, bytes);
        *v = (value){.null = !valid, .text = {bytes, (uint32_t)offsets[1]}};
        return;
    }
    bool is_wide = keys[k].kind == FP_KEY_INT64;
    uint32_t nulls = fp_groups_numbers(table, k, one, is_wide ? (void *)&wide : &narrow, &valid);
    CHECK(nulls == !valid);
    *v = (value){.null = !valid, .number = !valid ? 0 : is_wide ? wide : narrow};
    if (keys[k].kind == FP_KEY_CODES && valid) {
        uint32_t n;
        const uint8_t *at = fp_groups_values(table, k, &n).bytes;
        CHECK((uint32_t)narrow < n);
        for (int32_t i = 0;; i++) {
            uint32_t size = at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16;
            *v = (value){.text = {at + 4, size}};
            if (i == narrow)
                return;
            at += 4 + size;
        }
    }
}

static void check_measures(const fp_groups *table, uint32_t id, const group *wanted) {
    for (uint32_t m = 0; m < n_measures; m++) {
        fp_chosen one = {NULL, id, 1};
        int64_t found, high;
        uint64_t low;
        uint8_t valid = 0;
        uint32_t wide, nulls = fp_groups_measure(table, m, one, &found, &valid, &wide);
        CHECK(nulls == !valid && valid == wanted->met[m]);
        if (!valid)
            continue;
        bool fits = wanted->sums[m] == (int64_t)wanted->sums[m];
        CHECK(fits ? wide == UINT32_MAX && found == (int64_t)wanted->sums[m] : wide == id);
        fp_groups_wide(table, m, id, &high, &low);
        CHECK(high == (int64_t)(wanted->sums[m] >> 64) && low == (uint64_t)wanted->sums[m]);
    }
}

static int128 size_of(const group *g, uint32_t m) {
    return g->met[m] ? g->sums[m] : -((int128)1 << 100);
}

static void check_table(const fp_groups *table) {
    static const group *found[MAX_ALL];
    uint32_t n = fp_groups_count(table), ids[16], limit = take() % 16;
    CHECK(n == n_groups);
    for (uint32_t id = 0; id < n; id++) {
        value key[MAX_KEYS] = {{.null = false}};
        n_buffers = 0;
        for (uint32_t k = 0; k < n_keys; k++)
            read_key(table, k, id, &key[k]);
        found[id] = find(key);
        CHECK(n_groups == n);
        check_measures(table, id, found[id]);
        free_buffers();
    }
    for (uint32_t m = 0; m < n_measures; m++) {
        uint32_t n_top = fp_groups_top(table, m, limit, ids);
        CHECK(n_top == (limit < n ? limit : n));
        uint32_t larger = 0;
        for (uint32_t i = 0; i < n_top; i++) {
            CHECK(ids[i] < n);
            for (uint32_t j = i + 1; j < n_top; j++)
                CHECK(ids[i] != ids[j] && size_of(found[ids[i]], m) >= size_of(found[ids[j]], m));
        }
        for (uint32_t id = 0; n_top && id < n; id++)
            larger += size_of(found[id], m) > size_of(found[ids[n_top - 1]], m);
        CHECK(n_top == 0 || larger < n_top);
    }
}

static void ask(int *kinds) {
    n_keys = take() % (MAX_KEYS + 1);
    n_measures = take() % (MAX_MEASURES + 1);
    for (uint32_t k = 0; k < n_keys; k++) {
        kinds[k] = (int)(take() % 5);
        keys[k] = (fp_key_asked){kinds[k], 0};
        if (kinds[k] == FP_KEY_INT64 && take() % 2)
            keys[k].every = 1 + take() * (take() % 3 ? 1 : 100000);
    }
    for (uint32_t m = 0; m < n_measures; m++) {
        measures[m] = (fp_measure_asked){(int)(take() % 7), (int)(take() % 3), 1};
        if (measures[m].how == FP_MINUTES)
            measures[m] = (fp_measure_asked){FP_MINUTES, FP_KEY_INT64, take() % 2 ? 1 : 1000};
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static void *kept[4 * MAX_BUFFERS];
    int kinds[MAX_KEYS], n_kept = 0;
    input = data;
    input_left = size;
    n_groups = n_before = 0;
    fp_use_kernel(fp_kernel_names()[take() % 3 ? 0 : 1]);
    ask(kinds);
    fp_groups *first = fp_groups_new(keys, n_keys, measures, n_measures, take());
    fp_groups *second = fp_groups_new(keys, n_keys, measures, n_measures, take());
    fp_seen_set *seen = fp_seen_new(kinds, n_keys, take());
    CHECK(first && second && seen);
    for (uint32_t n = 1 + take() % 4; n; n--) {
        run_batch(take() % 2 ? first : second, seen);
        memcpy(kept + n_kept, buffers, (size_t)n_buffers * sizeof *buffers);
        n_kept += n_buffers;
        n_buffers = 0;
    }
    CHECK(fp_groups_absorb(first, second) == FP_OK);
    fp_groups_free(second);
    check_table(first);
    fp_groups_free(first);
    CHECK(fp_seen_count(seen) == n_before);
    fp_seen_free(seen);
    for (int i = 0; i < n_kept; i++)
        free(kept[i]);
    return 0;
}
