/* libFuzzer target over the core's writer of text, and what puts text together again.
 *
 * The input becomes columns in buffers that end where Arrow lets them end: offsets, slices, nulls,
 * dictionaries, and text offsets and codes that may lead astray. Such columns must be refused. All
 * others must be the lines that printf makes of them. Some of these lines are then changed: the
 * rows of those, and no others, must differ, and rows and rest must be the text again. The
 * sanitizers watch the memory.
 */
#include "decode_time.h"
#include "input.h"
#include "text_rows.h"
#include "weave.h"

#include <inttypes.h>

enum { MAX_COLUMNS = 5, MAX_ROWS = 40, MAX_TEXT = 70, MAX_BYTES = (MAX_ROWS + 16) * MAX_TEXT };

static array columns[MAX_COLUMNS], dictionaries[MAX_COLUMNS];
static fp_spell_kind kinds[MAX_COLUMNS];
static bool out_of_time; /* a time that no line can say */

/* --- columns out of the input --- */

static bool is_valid(const array *a, int64_t row) {
    const uint8_t *bits = fp_validity(&a->arrow);
    return !bits || fp_bit(bits, a->arrow.offset + row);
}

static int64_t make_number(void) {
    uint64_t number = 0;
    for (uint32_t i = 0, n = take() % 9; i < n; i++)
        number = number << 8 | take();
    if (take() % 4 == 0) { /* the ends of so many digits */
        uint32_t digits = take() % 19;
        for (number = 1; digits; digits--)
            number *= 10;
        number -= take() % 2;
    }
    return (int64_t)(take() % 8 ? number : 0 - number);
}

static void make_numbers(array *a, int64_t rows, size_t width) {
    begin_array(a, 0, 2, rows);
    size_t n = (size_t)(a->arrow.offset + rows);
    uint8_t *values = new_buffer(n * width);
    for (size_t i = 0; i < n; i++) {
        int64_t number = make_number();
        int32_t low = (int32_t)number;
        memcpy(values + i * width, width == 4 ? (void *)&low : (void *)&number, width);
    }
    a->shown[1] = values;
}

static void make_texts(array *a, int64_t rows) {
    static uint8_t bytes[MAX_BYTES];
    begin_array(a, 0, 3, rows);
    size_t n = (size_t)(a->arrow.offset + rows);
    int32_t *offsets = new_buffer((n + 1) * 4);
    uint32_t at = 0;
    for (size_t i = 0; i <= n; i++) {
        offsets[i] = (int32_t)at;
        uint8_t byte = (uint8_t)take();
        for (uint32_t left = i < n ? take() % MAX_TEXT : 0; left; left--)
            bytes[at++] = byte++;
    }
    uint8_t *shown = new_buffer(at);
    memcpy(shown, bytes, at);
    if (take() % 16 == 0)
        offsets[take() % (n + 1)] = (int32_t)(take() % (at + 2)) - 1;
    int64_t begin = a->arrow.offset, end = begin + rows;
    if (rows && offsets[end] > (int32_t)at) /* Arrow does not tell where the text ends */
        offsets[end] = -1;
    for (int64_t i = begin; i < end; i++)
        a->sound = a->sound && offsets[i] <= offsets[i + 1] && offsets[i] >= 0;
    a->shown[1] = offsets;
    a->shown[2] = at || take() % 2 ? shown : NULL;
}

static void make_codes(array *a, array *dictionary, int64_t rows) {
    int64_t n_values = take() % 10;
    make_texts(dictionary, n_values);
    begin_array(a, 0, 2, rows);
    size_t n = (size_t)(a->arrow.offset + rows);
    int32_t *codes = new_buffer(n * 4);
    for (size_t i = 0; i < n; i++)
        codes[i] = (int32_t)(n_values ? take() % n_values : 0);
    if (n && take() % 16 == 0)
        codes[take() % n] = take() % 2 ? -1 : (int32_t)n_values;
    for (int64_t row = 0; row < rows; row++) {
        int32_t code = codes[a->arrow.offset + row];
        a->sound = a->sound && (!is_valid(a, row) || (code >= 0 && code < n_values));
    }
    a->sound = a->sound && (!rows || dictionary->sound);
    a->shown[1] = codes;
    a->arrow.dictionary = &dictionary->arrow;
}

static int64_t number_at(const array *a, int64_t row, size_t width) {
    const uint8_t *at = (const uint8_t *)a->shown[1] + (size_t)(a->arrow.offset + row) * width;
    int64_t number;
    int32_t low;
    memcpy(width == 4 ? (void *)&low : (void *)&number, at, width);
    return width == 4 ? low : number;
}

static void note_times(const array *a, int64_t least, int64_t most) {
    for (int64_t row = 0; row < a->arrow.length; row++) {
        int64_t time = number_at(a, row, 8);
        out_of_time = out_of_time || (is_valid(a, row) && (time < least || time > most));
    }
}

static void make_column(uint32_t i, int64_t rows) {
    array *a = &columns[i];
    switch (kinds[i] = take() % 7) {
    case FP_SPELL_NULL:
        begin_array(a, 0, 1, rows);
        break;
    case FP_SPELL_INT32:
        make_numbers(a, rows, 4);
        break;
    case FP_SPELL_TEXT:
        make_texts(a, rows);
        break;
    case FP_SPELL_CODES:
        make_codes(a, &dictionaries[i], rows);
        break;
    default:
        make_numbers(a, rows, 8);
        if (kinds[i] == FP_SPELL_SECONDS)
            note_times(a, INT64_MIN, INT64_MAX / 1000);
        if (kinds[i] == FP_SPELL_ISO_TIME)
            note_times(a, -62135683140000, 253402387139999);
    }
}

/* --- what the lines must be --- */

static uint32_t print_text(uint8_t *out, const array *a, int64_t row) {
    fp_text_rows rows = fp_rows_of_text(&a->arrow);
    fp_text text;
    if (!fp_text_at(&rows, row, &text)) {
        *out = '-';
        return 1;
    }
    memcpy(out, text.bytes, text.size);
    return text.size;
}

static uint32_t print_value(uint8_t *out, uint32_t i, int64_t row) {
    const array *a = &columns[i];
    size_t width = kinds[i] == FP_SPELL_INT32 || kinds[i] == FP_SPELL_CODES ? 4 : 8;
    if (kinds[i] == FP_SPELL_NULL || !is_valid(a, row)) {
        *out = '-';
        return 1;
    }
    if (kinds[i] == FP_SPELL_TEXT)
        return print_text(out, a, row);
    int64_t number = number_at(a, row, width);
    if (kinds[i] == FP_SPELL_CODES)
        return print_text(out, &dictionaries[i], number);
    if (kinds[i] == FP_SPELL_SECONDS && number >= 100000000000)
        number *= 1000;
    return (uint32_t)snprintf((char *)out, MAX_TEXT, "%" PRId64, number);
}

/* An ISO time must be one that reads as what it was. */
static uint32_t check_time(const uint8_t *found, const uint8_t *end, int64_t wanted) {
    uint32_t size = 0;
    int64_t value;
    while (found + size < end && found[size] != ' ' && found[size] != '\n')
        size++;
    CHECK(size == 24 || size == FP_SPELL_TIME);
    CHECK(fp_decode_iso_time(found, size, &value) == FP_REASON_NONE && value == wanted);
    return size;
}

static const uint8_t *check_line(const uint8_t *at, const uint8_t *end, uint32_t n, int64_t row) {
    static uint8_t value[MAX_BYTES];
    for (uint32_t i = 0; i < n; i++) {
        uint32_t size;
        if (kinds[i] == FP_SPELL_ISO_TIME && is_valid(&columns[i], row)) {
            size = check_time(at, end, number_at(&columns[i], row, 8));
        } else {
            size = print_value(value, i, row);
            CHECK((size_t)(end - at) > size && memcmp(at, value, size) == 0);
        }
        at += size;
        CHECK(at < end && *at == (i + 1 < n ? ' ' : '\n'));
        at++;
    }
    return at;
}

/* --- text and its lines --- */

/* Numbers of lines in another order: row i is of line i * step, around the end. */
static int64_t line_of(int64_t row, int64_t step, int64_t rows) {
    return row * step % rows;
}

static struct ArrowArray plain_array(int64_t length, int64_t n_shown, const void **shown) {
    return (struct ArrowArray){.length = length, .n_buffers = n_shown, .buffers = shown};
}

/* Rows in another order, a text of their lines with some changed, and what comes of both. */
static void check_weaving(const fp_spell *spell, const uint8_t *spelled, const int64_t *begins) {
    int64_t rows = spell->rows, first = take(), step = take() % 2 ? 1 : rows - 1, bad, n_differing;
    size_t size = (size_t)(begins[rows] - begins[0]);
    uint8_t *text = new_buffer(size), *told = new_buffer((size_t)rows / 8 + 1);
    int64_t *offsets = new_buffer((size_t)(rows + 1) * 8), *number = new_buffer((size_t)rows * 8);
    bool changed[MAX_ROWS] = {false};
    uint8_t *at = text;
    for (int64_t row = 0; row < rows; row++)
        number[row] = first + line_of(row, step, rows);
    for (int64_t line = 0; line < rows; line++) { /* step is its own inverse */
        int64_t row = line_of(line, step, rows), n = begins[row + 1] - begins[row];
        offsets[line] = at - text;
        memcpy(at, spelled + begins[row], (size_t)n);
        changed[line] = take() % 4 == 0;
        if (changed[line])
            at[take() % n] ^= 0x80;
        at += n;
    }
    offsets[rows] = at - text;
    memset(told, 0, (size_t)rows / 8 + 1);
    const void *shown[2] = {NULL, number};
    struct ArrowArray numbers = plain_array(rows, 2, shown);
    int32_t *differing = new_buffer((size_t)rows * 4);
    fp_text_lines lines = {text, offsets, first, rows};
    CHECK(fp_match_lines(spell, &lines, &numbers,
                         new_buffer((size_t)spell->row_room + FP_SPELL_PAD), told, differing,
                         &n_differing, &bad) == FP_OK);
    int64_t next = 0;
    for (int64_t row = 0; row < rows; row++) {
        int64_t line = number[row] - first;
        CHECK(fp_bit(told, line) == !changed[line]);
        if (changed[line])
            CHECK(next < n_differing && differing[next++] == row);
    }
    CHECK(next == n_differing);

    fp_place *places = new_buffer((size_t)rows * sizeof(fp_place));
    memset(places, 0xff, (size_t)rows * sizeof(fp_place));
    const void *rows_shown[3] = {NULL, begins, spelled};
    struct ArrowArray values = plain_array(rows, 3, rows_shown);
    CHECK(fp_place_lines(&values, &numbers, false, first, rows, places, &bad) == FP_OK);
    CHECK(fp_place_lines(&values, &numbers, false, first, rows, places, &bad) == FP_ERR_SIZE);
    for (int64_t line = 0; line < rows; line++) {
        const void *rest_shown[3] = {NULL, offsets + line, text};
        int64_t one = first + line;
        const void *one_shown[2] = {NULL, &one};
        struct ArrowArray rest = plain_array(1, 3, rest_shown),
                          at_one = plain_array(1, 2, one_shown);
        if (changed[line])
            CHECK(fp_place_lines(&rest, &at_one, true, first, rows, places, &bad) == FP_OK);
    }
    CHECK(fp_measure_places(places, rows) == (int64_t)size);
    uint8_t *again = new_buffer(size);
    int64_t *ends = new_buffer((size_t)(rows + 1) * 8);
    fp_copy_places(places, rows, again, ends);
    CHECK(memcmp(again, text, size) == 0);
    CHECK(memcmp(ends, offsets, (size_t)(rows + 1) * 8) == 0);
    places[take() % rows].size = -1;
    CHECK(fp_measure_places(places, rows) < 0);
}

static void check_lines_of_bytes(void) {
    size_t size = take();
    uint8_t *text = new_buffer(size);
    int64_t n = 0;
    for (size_t i = 0; i < size; i++)
        text[i] = take() % 4 ? 'x' : '\n';
    int64_t count = fp_count_lines(text, (int64_t)size);
    int64_t *offsets = new_buffer((size_t)(count + 1) * 8);
    fp_find_lines(text, (int64_t)size, offsets);
    for (size_t i = 0; i < size; i++)
        if (i == 0 || text[i - 1] == '\n')
            CHECK(n < count && offsets[n++] == (int64_t)i);
    CHECK(n == count && offsets[count] == (int64_t)size);
}

static void check_spelling(void) {
    uint32_t n = take() % MAX_COLUMNS + 1, column;
    int64_t rows = take() % MAX_ROWS;
    const struct ArrowArray *arrays[MAX_COLUMNS];
    fp_spelling spellings[MAX_COLUMNS];
    fp_spell spell;
    bool sound = true;
    out_of_time = false;
    for (uint32_t i = 0; i < n; i++) {
        make_column(i, i && take() % 64 == 0 ? rows + 1 : rows);
        sound = sound && columns[i].sound && columns[i].arrow.length == rows;
        arrays[i] = &columns[i].arrow;
    }
    fp_status status = fp_spell_prepare(arrays, kinds, n, spellings, &column, &spell);
    CHECK((status == FP_OK) == (sound && !out_of_time));
    CHECK(status != FP_ERR_SIZE || out_of_time);
    if (status != FP_OK)
        return;
    CHECK(spell.rows == rows);
    int64_t head = take() % 9;
    uint8_t *text = new_buffer((size_t)(head + spell.room) + FP_SPELL_PAD);
    int64_t *begins = new_buffer((size_t)(rows + 1) * 8);
    int64_t size = fp_spell_lines(&spell, text, head, begins);
    CHECK(size - head <= spell.room && begins[0] == head && begins[rows] == size);
    for (int64_t row = 0; row < rows; row++) {
        CHECK(begins[row + 1] - begins[row] <= spell.row_room);
        CHECK(check_line(text + begins[row], text + size, n, row) == text + begins[row + 1]);
    }
    if (rows)
        check_weaving(&spell, text, begins);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    input = data;
    input_left = size;
    if (take() % 8)
        check_spelling();
    else
        check_lines_of_bytes();
    free_buffers();
    return 0;
}
