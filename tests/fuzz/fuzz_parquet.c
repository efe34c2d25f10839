/* libFuzzer target over the core's Parquet encoder.
 *
 * The input becomes arrays of one kind, in buffers that end where Arrow lets them end: offsets,
 * slices, nulls, dictionaries, lengths, and text offsets and codes that may lead astray. Such
 * arrays must be refused. Of all others the pages are decoded here, and each row must be what the
 * arrays say. The same is asked of codes alone, of any width. The sanitizers watch the memory.
 */
#include "hybrid.h"
#include "input.h"
#include "parquet.h"

enum { MAX_ARRAYS = 4, MAX_ROWS = 400, MAX_TEXT = 600 };

/* --- arrays out of the input --- */

static array arrays[MAX_ARRAYS], dictionaries[MAX_ARRAYS];

static int64_t take_rows(void) {
    return take() * (take() % 4 == 0 ? 2 : 1) % MAX_ROWS;
}

static void make_numbers(array *a, size_t width) {
    begin_array(a, 0, 2, take_rows());
    size_t n = (size_t)(a->arrow.offset + a->arrow.length);
    uint8_t *bytes = new_buffer(n * width);
    uint32_t wild = take() % 4;
    for (size_t i = 0; i < n; i++) {
        int64_t value = wild ? (int64_t)take() % 8 - 3 : 0;
        if (wild > 1)
            value = value * 256 + take();
        if (wild == 3)
            value = (int64_t)((uint64_t)value << (take() % 48));
        int32_t narrow = (int32_t)value;
        memcpy(bytes + i * width, width == 8 ? (void *)&value : (void *)&narrow, width);
    }
    a->shown[1] = bytes;
}

static void make_text(array *a, bool nulls) {
    begin_array(a, 0, 3, take_rows());
    if (!nulls) {
        a->shown[0] = NULL;
        a->arrow.null_count = 0;
    }
    size_t n = (size_t)(a->arrow.offset + a->arrow.length);
    uint32_t size = take() * 4 % MAX_TEXT, longest = 1 + take() % 32, wild = take() % 16 == 0;
    int32_t *offsets = new_buffer((n + 1) * 4);
    uint8_t *bytes = new_buffer(size);
    for (uint32_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(take() % 3);
    uint32_t at = 0;
    for (size_t i = 0; i <= n; i++) {
        offsets[i] = (int32_t)at;
        at += take() % longest;
        at = at < size ? at : size;
    }
    if (wild)
        offsets[take() % (n + 1)] = (int32_t)(take() % (size + 2)) - 1;
    int64_t begin = a->arrow.offset, end = begin + a->arrow.length;
    for (int64_t i = begin; i < end; i++)
        a->sound = a->sound && offsets[i] <= offsets[i + 1];
    a->sound = a->arrow.length == 0 || (a->sound && offsets[begin] >= 0);
    CHECK(!a->sound || a->arrow.length == 0 || offsets[end] <= (int32_t)size);
    a->shown[1] = offsets;
    a->shown[2] = size || take() % 2 ? bytes : NULL;
}

static bool is_null(const array *a, int64_t row) {
    const uint8_t *bits = a->shown[0];
    row += a->arrow.offset;
    return bits && !(bits[row / 8] >> (row % 8) & 1);
}

static void make_codes(array *a, array *dictionary) {
    make_text(dictionary, false);
    begin_array(a, 0, 2, take_rows());
    size_t n = (size_t)(a->arrow.offset + a->arrow.length);
    int64_t n_values = dictionary->arrow.length;
    int32_t *codes = new_buffer(n * 4);
    for (size_t i = 0; i < n; i++)
        codes[i] = (int32_t)(n_values ? take() % n_values : 0);
    if (n && take() % 16 == 0)
        codes[take() % n] = (int32_t)(take() % 4) - 2 + (take() % 2 ? (int32_t)n_values : 0);
    a->shown[1] = codes;
    a->arrow.dictionary = &dictionary->arrow;
    a->sound = dictionary->sound;
    for (int64_t i = 0; i < a->arrow.length; i++) {
        int32_t code = codes[a->arrow.offset + i];
        a->sound = a->sound && (is_null(a, i) || (code >= 0 && code < n_values));
    }
}

/* --- what a row is --- */

typedef struct value {
    bool null;
    int64_t number;
    fp_text text;
} value;

static const uint8_t nothing[1];

static fp_text text_at(const array *a, int64_t row) {
    const int32_t *offsets = (const int32_t *)a->shown[1] + a->arrow.offset + row;
    const uint8_t *bytes = a->shown[2] ? a->shown[2] : nothing;
    return (fp_text){bytes + offsets[0], (uint32_t)(offsets[1] - offsets[0])};
}

static value value_at(const fp_parquet_request *request, int which, int64_t row) {
    const array *a = &arrays[which];
    int64_t at = a->arrow.offset + row;
    value v = {.null = is_null(a, row)};
    if (v.null)
        return v;
    if (request->kind == FP_PARQUET_INT32)
        v.number = ((const int32_t *)a->shown[1])[at];
    else if (request->kind == FP_PARQUET_INT64)
        v.number = ((const int64_t *)a->shown[1])[at] * request->scale;
    else if (request->kind == FP_PARQUET_TEXT)
        v.text = text_at(a, row);
    else
        v.text = text_at(&dictionaries[which], ((const int32_t *)a->shown[1])[at]);
    return v;
}

/* --- the pages, read back --- */

typedef struct cursor {
    const uint8_t *at, *end;
} cursor;

static uint64_t read_fixed(cursor *c, int size) {
    uint64_t number = 0;
    CHECK(c->end - c->at >= size);
    for (int i = 0; i < size; i++)
        number |= (uint64_t)*c->at++ << 8 * i;
    return number;
}

static uint32_t read_varint(cursor *c) {
    uint32_t number = 0, shift = 0, byte;
    do {
        byte = (uint32_t)read_fixed(c, 1);
        number |= (byte & 127) << shift;
        shift += 7;
    } while (byte > 127);
    return number;
}

/* At most n; a last group may have more than are wanted. */
static void read_hybrid(cursor *c, uint32_t *out, uint32_t n, uint32_t width) {
    for (uint32_t at = 0; at < n;) {
        uint32_t head = read_varint(c), count = head & 1 ? (head >> 1) * 8 : head >> 1;
        CHECK(count > 0);
        if (!(head & 1)) {
            uint32_t code = (uint32_t)read_fixed(c, (int)(width + 7) / 8);
            CHECK(count <= n - at);
            while (count--)
                out[at++] = code;
            continue;
        }
        const uint8_t *bytes = c->at;
        CHECK((size_t)(c->end - c->at) >= (size_t)count / 8 * width);
        c->at += (size_t)count / 8 * width;
        for (uint32_t i = 0; i < count && at < n; i++, at++) {
            out[at] = 0;
            for (uint32_t bit = 0; bit < width; bit++) {
                size_t place = (size_t)i * width + bit;
                out[at] |= (uint32_t)(bytes[place / 8] >> (place % 8) & 1) << bit;
            }
        }
    }
}

static value read_plain(cursor *c, fp_parquet_kind kind) {
    value v = {0};
    if (kind == FP_PARQUET_INT32)
        v.number = (int32_t)read_fixed(c, 4);
    else if (kind == FP_PARQUET_INT64)
        v.number = (int64_t)read_fixed(c, 8);
    else {
        v.text.size = (uint32_t)read_fixed(c, 4);
        v.text.bytes = c->at;
        CHECK((size_t)(c->end - c->at) >= v.text.size);
        c->at += v.text.size;
    }
    return v;
}

static bool same(value a, value b) {
    return a.number == b.number && a.text.size == b.text.size &&
           (!a.text.size || memcmp(a.text.bytes, b.text.bytes, a.text.size) == 0);
}

/* The rows of a page are the next of the arrays, from (*which, *row) on. */
static void check_page(const fp_parquet_request *request, const fp_parquet_column *out,
                       const value *dictionary, const fp_page *page, int *which, int64_t *row) {
    static uint32_t levels[MAX_ARRAYS * MAX_ROWS], codes[MAX_ARRAYS * MAX_ROWS];
    cursor c = {out->data.data + page->at, out->data.data + page->at + page->size};
    CHECK(page->rows > 0 && page->rows <= request->page_rows);
    uint32_t n_values = page->rows;
    if (request->nullable) {
        uint32_t size = (uint32_t)read_fixed(&c, 4);
        cursor bits = {c.at, c.at + size};
        CHECK((size_t)(c.end - c.at) >= size);
        read_hybrid(&bits, levels, page->rows, 1);
        CHECK(bits.at == bits.end);
        c.at += size;
        n_values = 0;
        for (uint32_t i = 0; i < page->rows; i++)
            n_values += levels[i];
    }
    if (!page->plain) {
        uint32_t width = (uint32_t)read_fixed(&c, 1);
        read_hybrid(&c, codes, n_values, width);
    }
    uint32_t at = 0;
    for (uint32_t i = 0; i < page->rows; i++, ++*row) {
        while (*row == arrays[*which].arrow.length) {
            ++*which;
            *row = 0;
        }
        value wanted = value_at(request, *which, *row);
        CHECK(wanted.null == (request->nullable && !levels[i]));
        if (wanted.null)
            continue;
        CHECK(page->plain || codes[at] < out->n_dictionary);
        value found = page->plain ? read_plain(&c, request->kind) : dictionary[codes[at++]];
        CHECK(same(found, wanted));
    }
    CHECK(c.at == c.end);
}

static void check_column(const fp_parquet_request *request, const fp_parquet_column *out,
                         int64_t rows) {
    static value dictionary[MAX_ARRAYS * MAX_ROWS];
    const uint8_t *begin = out->n_dictionary ? out->dictionary.data : nothing;
    cursor c = {begin, begin + out->dictionary.size};
    for (uint32_t i = 0; i < out->n_dictionary; i++)
        dictionary[i] = read_plain(&c, request->kind);
    CHECK(c.at == c.end);
    int which = 0;
    int64_t row = 0;
    for (uint32_t i = 0; i < out->n_pages; i++) {
        check_page(request, out, dictionary, &out->pages[i], &which, &row);
        rows -= out->pages[i].rows;
    }
    CHECK(rows == 0);
}

static void make_array(int i, fp_parquet_kind kind) {
    if (kind == FP_PARQUET_TEXT)
        make_text(&arrays[i], true);
    else if (kind == FP_PARQUET_CODES)
        make_codes(&arrays[i], &dictionaries[i]);
    else
        make_numbers(&arrays[i], kind == FP_PARQUET_INT32 ? 4 : 8);
}

/* Codes of any width, runs among them, come back out of the hybrid. */
static void check_hybrid(void) {
    static uint32_t codes[MAX_ROWS + FP_HYBRID_GROUP], found[MAX_ROWS];
    uint32_t width = 1 + take() % 32, n = 0;
    while (n < MAX_ROWS && input_left) {
        uint32_t code = take() | take() << 8 | take() << 16 | take() << 24;
        uint32_t times = take() % 4 ? 1 : take();
        for (; times && n < MAX_ROWS; times--)
            codes[n++] = code >> (32 - width);
    }
    size_t room = fp_hybrid_room(n, width);
    uint8_t *bytes = malloc(room);
    cursor c = {bytes, fp_put_hybrid(bytes, codes, n, width)};
    CHECK((size_t)(c.end - c.at) + 8 <= room);
    read_hybrid(&c, found, n, width);
    CHECK(c.at == c.end && memcmp(found, codes, n * sizeof *codes) == 0);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const uint32_t limits[] = {1, 7, 8, 60, 1 << 16};
    const struct ArrowArray *given[MAX_ARRAYS];
    input = data;
    input_left = size;
    if (take() % 4 == 0) {
        check_hybrid();
        return 0;
    }
    fp_parquet_request request = {.kind = (fp_parquet_kind)(take() % 4), .scale = 1, .seed = 7};
    if (request.kind == FP_PARQUET_INT64 && take() % 2)
        request.scale = 1000;
    request.page_rows = limits[take() % 5];
    request.page_bytes = limits[take() % 5];
    request.dictionary_bytes = limits[take() % 5];
    int n = (int)take() % (MAX_ARRAYS + 1);
    bool sound = true, fits = true, nulls = false;
    int64_t rows = 0, n_null = 0;
    for (int i = 0; i < n; i++) {
        make_array(i, request.kind);
        given[i] = &arrays[i].arrow;
        sound = sound && arrays[i].sound;
        rows += arrays[i].arrow.length;
        for (int64_t row = 0; row < arrays[i].arrow.length; row++) {
            n_null += is_null(&arrays[i], row);
            if (request.scale > 1 && !is_null(&arrays[i], row)) {
                int64_t number =
                    ((const int64_t *)arrays[i].shown[1])[arrays[i].arrow.offset + row];
                fits = fits && number <= INT64_MAX / 1000 && number >= INT64_MIN / 1000;
            }
        }
    }
    nulls = n_null > 0;
    request.nullable = nulls || take() % 2;
    fp_parquet_column out;
    fp_status status = fp_parquet_encode(&request, given, (uint32_t)n, &out);
    CHECK((status == FP_ERR_STATE) == !sound);
    CHECK((status == FP_ERR_SIZE) == (sound && !fits));
    if (status == FP_OK) {
        CHECK(out.nulls == n_null);
        check_column(&request, &out, rows);
    }
    fp_parquet_free(&out);
    free_buffers();
    return 0;
}
