/* libFuzzer target over the core's functions on columns.
 *
 * The input becomes arrays in buffers that end where Arrow lets them end: offsets, slices, nulls,
 * and text offsets that may lead astray. Such arrays must be refused, and so must output that has
 * no room. Of all others each row is checked here: networks against a search of all of them, text
 * of addresses by reading it back, Community IDs by turning flows around. The sanitizers watch
 * the memory.
 */
#include "community.h"
#include "input.h"
#include "prefix.h"
#include "tag.h"
#include "utf8.h"

enum { MAX_ROWS = 60, MAX_TEXT = 64 };

/* --- arrays out of the input --- */

static uint32_t put_text(uint8_t *out, const char *text) {
    uint32_t size = (uint32_t)strlen(text);
    memcpy(out, text, size);
    return size;
}

/* An address in dotted decimal, with groups of few values, or bytes as they come. */
static uint32_t make_address(uint8_t *out) {
    static const char *const groups[] = {"0", "0", "1", "ff", "ffff", "2001", "10", "", "::"};
    char text[MAX_TEXT];
    uint32_t kind = take() % 8, size = 0;
    if (kind < 3) {
        snprintf(text, sizeof text, "%u.%u.%u.%u", take() % 4 ? 10 : take(), take() % 3, take() % 5,
                 take());
        return put_text(out, text);
    }
    if (kind < 6) {
        for (uint32_t i = 0, n = kind == 5 ? take() % 10 : 8; i < n; i++) {
            if (i)
                out[size++] = ':';
            size += put_text(out + size, groups[take() % (kind == 5 ? 9 : 7)]);
        }
        return size;
    }
    for (uint32_t n = take() % 40; size < n;)
        out[size++] =
            kind == 6 ? (uint8_t)"0123456789abcdefABCDEF:./%-"[take() % 27] : (uint8_t)take();
    return size;
}

static uint32_t make_network(uint8_t *out) {
    char length[8];
    uint32_t size = make_address(out);
    if (take() % 4 == 0)
        return size;
    snprintf(length, sizeof length, "/%u", take() % (take() % 2 ? 33 : 130));
    return size + put_text(out + size, length);
}

/* Networks that are in one another, often the same. */
static uint32_t make_nested(uint8_t *out) {
    char text[MAX_TEXT];
    if (take() % 2)
        snprintf(text, sizeof text, "10.%u.0.%u/%u", take() % 3, take(), take() % 33);
    else
        snprintf(text, sizeof text, "%u:%x:0:%x::/%u", take() % 2, take() % 3, take(),
                 take() % 129);
    return put_text(out, text);
}

static uint32_t make_tag(uint8_t *out) {
    uint32_t size = 0;
    for (uint32_t n = take() % 40; size < n;)
        out[size++] = (uint8_t)"%%%%cC3aA9f0 x"[take() % 14];
    if (size && take() % 4 == 0)
        out[take() % size] = (uint8_t)take();
    return size;
}

static uint32_t make_bytes(uint8_t *out) {
    uint32_t size = take() % 4 == 0 ? take() % 20 : take() % 2 ? 4 : 16;
    for (uint32_t i = 0; i < size; i++)
        out[i] = (uint8_t)(take() % 3 ? 0 : take());
    return size;
}

static void make_texts(array *a, int64_t rows, uint32_t (*make)(uint8_t *)) {
    begin_array(a, 0, 3, rows);
    size_t n = (size_t)(a->arrow.offset + rows);
    int32_t *offsets = new_buffer((n + 1) * 4);
    static uint8_t bytes[(MAX_ROWS + 16) * 2 * MAX_TEXT];
    uint32_t at = 0;
    for (size_t i = 0; i <= n; i++) {
        offsets[i] = (int32_t)at;
        if (i < n && i >= (size_t)a->arrow.offset)
            at += make(bytes + at);
    }
    uint8_t *shown = new_buffer(at);
    memcpy(shown, bytes, at);
    if (take() % 16 == 0)
        offsets[take() % (n + 1)] = (int32_t)(take() % (at + 2)) - 1;
    int64_t begin = a->arrow.offset, end = begin + rows;
    for (int64_t i = begin; i < end; i++)
        a->sound = a->sound && offsets[i] <= offsets[i + 1];
    a->sound = rows == 0 || (a->sound && offsets[begin] >= 0 && offsets[end] <= (int32_t)at);
    if (rows && offsets[end] > (int32_t)at) /* Arrow does not tell where the text ends */
        offsets[end] = -1;
    a->shown[1] = offsets;
    a->shown[2] = at || take() % 2 ? shown : NULL;
}

static void make_numbers(array *a, int64_t rows, uint32_t most) {
    static const uint8_t ported[] = {1, 6, 17, 58, 132};
    begin_array(a, 0, 2, rows);
    size_t n = (size_t)(a->arrow.offset + rows);
    int64_t *values = new_buffer(n * 8);
    for (size_t i = 0; i < n; i++) {
        uint32_t two = take() % 200;
        values[i] = most == 255 && two < 180 ? ported[two % 5] : two;
        if (two == 199)
            values[i] = take() % 2 ? -1 : most + take() % 2;
    }
    a->shown[1] = values;
}

static bool text_of(const array *a, int64_t row, fp_text *text) {
    fp_text_rows rows = fp_rows_of_text(&a->arrow);
    return fp_text_at(&rows, row, text);
}

/* --- text that is written --- */

static fp_texts new_texts(int64_t rows, size_t room) {
    fp_texts out = {.room = room};
    out.offsets = new_buffer((size_t)(rows + 1) * 4);
    out.offsets[0] = 0;
    out.bytes = new_buffer(room);
    out.validity = new_buffer((size_t)(rows + 7) / 8 + 1);
    memset(out.validity, 0, (size_t)(rows + 7) / 8 + 1);
    return out;
}

static bool written(const fp_texts *out, int64_t row, fp_text *text) {
    text->bytes = out->bytes + out->offsets[row];
    text->size = (uint32_t)(out->offsets[row + 1] - out->offsets[row]);
    CHECK(out->offsets[row + 1] >= out->offsets[row] && (size_t)out->offsets[row + 1] <= out->size);
    bool valid = fp_bit(out->validity, row);
    CHECK(valid || !text->size);
    return valid;
}

static size_t room_of(int64_t rows, size_t each) {
    return take() % 8 == 0 ? take() % ((size_t)rows * each + 1) : (size_t)rows * each;
}

/* True: the rows are there to be checked. */
static bool went_well(fp_status status, const array *a, const fp_texts *out, size_t needed) {
    CHECK((status == FP_ERR_STATE) == !a->sound);
    CHECK(status == FP_OK || status == FP_ERR_STATE ||
          (status == FP_ERR_SIZE && out->room < needed));
    return status == FP_OK;
}

/* --- what is checked --- */

static void check_bytes(void) {
    array a;
    int64_t rows = take() % MAX_ROWS;
    fp_text text, found;
    make_texts(&a, rows, make_address);
    fp_texts out = new_texts(rows, room_of(rows, 16));
    if (!went_well(fp_addresses_to_bytes(&a.arrow, &out), &a, &out, (size_t)rows * 16))
        return;
    for (int64_t row = 0; row < rows; row++) {
        fp_address address = {{0, 0}, 0};
        uint8_t bytes[16];
        if (text_of(&a, row, &text))
            address = fp_read_address(text.bytes, text.size);
        CHECK(written(&out, row, &found) == (address.n_bits > 0));
        CHECK(found.size == address.n_bits / 8);
        CHECK(fp_put_address_bytes(bytes, &address) == found.size);
        CHECK(memcmp(bytes, found.bytes, found.size) == 0);
    }
}

/* Canonical text of bytes is an address again, and these bytes. */
static void check_canonical(void) {
    array a;
    int64_t rows = take() % MAX_ROWS;
    fp_text bytes, found;
    make_texts(&a, rows, make_bytes);
    fp_texts out = new_texts(rows, room_of(rows, FP_ADDRESS_TEXT));
    fp_status status = fp_bytes_to_addresses(&a.arrow, &out);
    if (!went_well(status, &a, &out, (size_t)rows * FP_ADDRESS_TEXT))
        return;
    for (int64_t row = 0; row < rows; row++) {
        bool wanted = text_of(&a, row, &bytes) && (bytes.size == 4 || bytes.size == 16);
        CHECK(written(&out, row, &found) == wanted);
        CHECK(found.size <= FP_ADDRESS_TEXT);
        if (!wanted)
            continue;
        uint8_t again[16];
        fp_address address = fp_read_address(found.bytes, found.size);
        CHECK(address.n_bits == bytes.size * 8);
        CHECK(fp_put_address_bytes(again, &address) == bytes.size);
        CHECK(memcmp(again, bytes.bytes, bytes.size) == 0);
    }
}

/* What a network's text says; false: it is none. */
static bool read_network(fp_text text, fp_address *low, uint32_t *length) {
    const uint8_t *slash = text.size ? memchr(text.bytes, '/', text.size) : NULL;
    uint32_t size = slash ? (uint32_t)(slash - text.bytes) : text.size, n = text.size - size;
    *low = fp_read_address(text.bytes, size);
    *length = low->n_bits;
    if (!low->n_bits)
        return false;
    if (slash) {
        if (n < 2 || n > 4)
            return false;
        *length = 0;
        for (uint32_t i = 1; i < n; i++) {
            if (slash[i] < '0' || slash[i] > '9')
                return false;
            *length = *length * 10 + slash[i] - '0';
        }
        if (*length > low->n_bits)
            return false;
    }
    return true;
}

static bool shares_bits(const fp_address *a, const fp_address *b, uint32_t length) {
    if (a->n_bits != b->n_bits)
        return false;
    for (uint32_t i = 0; i < length; i++) {
        uint32_t place = 128 - a->n_bits + i;
        if ((a->bits[place / 64] ^ b->bits[place / 64]) >> (63 - place % 64) & 1)
            return false;
    }
    return true;
}

static void check_networks_of(void) {
    array a;
    int64_t rows = take() % MAX_ROWS;
    uint32_t length4 = take() % 34, length6 = take() % 130, length;
    fp_text text, found;
    make_texts(&a, rows, make_address);
    fp_texts out = new_texts(rows, room_of(rows, FP_NETWORK_TEXT));
    fp_status status = fp_networks_of(&a.arrow, length4, length6, &out);
    a.sound = a.sound && length4 <= 32 && length6 <= 128;
    if (!went_well(status, &a, &out, (size_t)rows * FP_NETWORK_TEXT))
        return;
    for (int64_t row = 0; row < rows; row++) {
        fp_address address = {{0, 0}, 0}, low;
        if (text_of(&a, row, &text))
            address = fp_read_address(text.bytes, text.size);
        CHECK(written(&out, row, &found) == (address.n_bits > 0));
        if (!address.n_bits)
            continue;
        CHECK(found.size <= FP_NETWORK_TEXT && read_network(found, &low, &length));
        CHECK(length == (address.n_bits == 32 ? length4 : length6));
        CHECK(shares_bits(&address, &low, length));
        fp_address masked = low;
        fp_mask_address(&masked, length);
        CHECK(masked.bits[0] == low.bits[0] && masked.bits[1] == low.bits[1]);
    }
}

static int32_t search_all(const array *networks, fp_text text) {
    fp_address address = fp_read_address(text.bytes, text.size), low;
    int32_t found = -1;
    uint32_t most = 0, length;
    fp_text network;
    for (int64_t row = 0; address.n_bits && row < networks->arrow.length; row++) {
        CHECK(text_of(networks, row, &network) && read_network(network, &low, &length));
        if (shares_bits(&address, &low, length) && length >= most) {
            found = (int32_t)row;
            most = length;
        }
    }
    return found;
}

static void check_prefixes(void) {
    array networks, a;
    int64_t n = take() % MAX_ROWS, rows = take() % MAX_ROWS, bad, wanted_bad = -1, nulls;
    fp_text text;
    fp_address low;
    uint32_t length;
    bool nested = take() % 2;
    make_texts(&networks, n, nested ? make_nested : make_network);
    if (nested) {
        networks.shown[0] = NULL;
        networks.arrow.null_count = 0;
    }
    fp_prefixes *prefixes;
    fp_status status = fp_prefixes_new(&networks.arrow, &bad, &prefixes);
    CHECK((status == FP_ERR_STATE) == !networks.sound);
    for (int64_t row = n - 1; networks.sound && row >= 0; row--)
        if (!text_of(&networks, row, &text) || !read_network(text, &low, &length))
            wanted_bad = row;
    CHECK(!networks.sound || bad == wanted_bad);
    CHECK((prefixes != NULL) == (networks.sound && bad < 0));
    if (!prefixes)
        return;
    make_texts(&a, rows, make_address);
    int32_t *found = new_buffer((size_t)rows * 4);
    uint8_t *bits[3];
    for (int i = 0; i < 3; i++) {
        bits[i] = new_buffer((size_t)(rows + 7) / 8);
        memset(bits[i], 0, (size_t)(rows + 7) / 8);
    }
    status = fp_prefixes_find(prefixes, &a.arrow, found, bits[0], &nulls);
    CHECK((status == FP_ERR_STATE) == !a.sound);
    status = fp_prefixes_contain(prefixes, &a.arrow, bits[1], bits[2], &nulls);
    CHECK((status == FP_ERR_STATE) == !a.sound);
    for (int64_t row = 0; a.sound && row < rows; row++) {
        bool valid = text_of(&a, row, &text);
        int32_t wanted = valid ? search_all(&networks, text) : -1;
        CHECK(fp_bit(bits[0], row) == (wanted >= 0));
        CHECK(wanted < 0 || found[row] == wanted);
        CHECK(fp_bit(bits[2], row) == valid);
        CHECK(fp_bit(bits[1], row) == (wanted >= 0));
    }
    fp_prefixes_free(prefixes);
}

static bool number_at(const array *a, int64_t row, int64_t *value) {
    *value = ((const int64_t *)a->shown[1])[a->arrow.offset + row];
    const uint8_t *bits = fp_validity(&a->arrow);
    return !bits || fp_bit(bits, a->arrow.offset + row);
}

/* Flows whose protocol is TCP have one ID in both directions, and a null has none. */
static void check_community(void) {
    array source, destination, source_port, destination_port, protocol;
    int64_t rows = take() % MAX_ROWS, bad, back_bad, value;
    make_texts(&source, rows, make_address);
    make_texts(&destination, rows, make_address);
    make_numbers(&source_port, rows, 65535);
    make_numbers(&destination_port, rows, 65535);
    make_numbers(&protocol, take() % 32 ? rows : rows + 1, 255);
    fp_flows flows = {&source.arrow, &destination.arrow, &source_port.arrow,
                      &destination_port.arrow, &protocol.arrow};
    fp_flows back = {&destination.arrow, &source.arrow, &destination_port.arrow, &source_port.arrow,
                     &protocol.arrow};
    fp_texts out = new_texts(rows, room_of(rows, FP_COMMUNITY_TEXT));
    fp_texts there = new_texts(rows, (size_t)rows * FP_COMMUNITY_TEXT);
    bool sound = source.sound && destination.sound && protocol.arrow.length == rows;
    fp_status status = fp_community_ids(&flows, 0, &bad, &out);
    CHECK((status == FP_ERR_STATE) == !sound);
    if (status != FP_OK)
        return;
    CHECK(fp_community_ids(&back, 0, &back_bad, &there) == FP_OK && back_bad == bad);
    for (int64_t row = 0; bad < 0 && row < rows; row++) {
        fp_text one, other;
        bool known = number_at(&protocol, row, &value), valid = written(&out, row, &one);
        CHECK(written(&there, row, &other) == valid);
        CHECK(!valid || (known && one.size == FP_COMMUNITY_TEXT && one.bytes[1] == ':'));
        if (valid && value == 6)
            CHECK(memcmp(one.bytes, other.bytes, FP_COMMUNITY_TEXT) == 0);
    }
}

static void check_tags(void) {
    array a;
    int64_t rows = take() % MAX_ROWS;
    fp_text text, found;
    make_texts(&a, rows, make_tag);
    int64_t size = fp_text_size(&a.arrow);
    CHECK((size < 0) == !a.sound);
    size_t room = size > 0 && take() % 8 ? (size_t)size : take();
    fp_texts out = new_texts(rows, room);
    if (!went_well(fp_decode_tags(&a.arrow, &out), &a, &out, (size_t)size))
        return;
    for (int64_t row = 0; row < rows; row++) {
        bool valid = text_of(&a, row, &text);
        CHECK(written(&out, row, &found) == valid);
        if (!valid)
            continue;
        CHECK(found.size <= text.size);
        if (found.size == text.size)
            CHECK(!found.size || memcmp(found.bytes, text.bytes, found.size) == 0);
        else
            CHECK(fp_is_utf8(found.bytes, found.size));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static void (*const checks[])(void) = {check_bytes,    check_canonical, check_networks_of,
                                           check_prefixes, check_community, check_tags};
    input = data;
    input_left = size;
    checks[take() % 6]();
    free_buffers();
    return 0;
}
