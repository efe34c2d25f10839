/* Runs the fuzz target without libFuzzer, wherever there is a C compiler: over the inputs named,
 * and over so many made from them. `replay 2000 seeds/...` makes the same ones everywhere.
 *
 * The target compares all kernels of the CPU. Every fourth input is long, thousands of lines, so
 * that tiles are full and blocks are cut where the text lies.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEADER_BYTES = 3, SHORT_BYTES = 4096, LONG_BYTES = 200000, CHANGE_BYTES = 32 };

typedef struct input {
    uint8_t *bytes; /* room for LONG_BYTES */
    size_t size;
} input;

static uint64_t state = 0x9e3779b97f4a7c15u;
static const input *running;
static long n_run;

/* xorshift64*: the upper half, below a bound. */
static uint32_t choose(uint32_t bound) {
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (uint32_t)((state * 0x2545f4914f6cdd1du >> 32) % bound);
}

static void keep_failed(int number) {
    FILE *file = fopen("failed-input", "wb");
    if (file) {
        fwrite(running->bytes, 1, running->size, file);
        fclose(file);
        fprintf(stderr, "replay: input %ld is in failed-input; name it to run it again\n", n_run);
    }
    signal(number, SIG_DFL);
    raise(number);
}

static void run(const input *in) {
    running = in;
    LLVMFuzzerTestOneInput(in->bytes, in->size);
    n_run++;
}

static void fail(const char *what, const char *name) {
    fprintf(stderr, "replay: %s: %s\n", what, name);
    exit(2);
}

static input new_input(void) {
    input in = {malloc(LONG_BYTES), 0};
    if (!in.bytes)
        fail("no memory", "an input");
    return in;
}

static input read_seed(const char *name) {
    input in = new_input();
    FILE *file = fopen(name, "rb");
    if (!file)
        fail("cannot be opened", name);
    in.size = fread(in.bytes, 1, LONG_BYTES, file);
    bool is_whole = in.size >= HEADER_BYTES && getc(file) == EOF;
    fclose(file);
    if (!is_whole)
        fail("has not 3 to 200,000 bytes", name);
    return in;
}

/* At `at`, `removed` bytes give way to others. False: there is no room. */
static bool splice(input *in, size_t at, size_t removed, const uint8_t *added, size_t n) {
    if (in->size - removed + n > LONG_BYTES)
        return false;
    memmove(in->bytes + at + n, in->bytes + at + removed, in->size - at - removed);
    memcpy(in->bytes + at, added, n);
    in->size = in->size - removed + n;
    return true;
}

/* A number, more often a short one. */
static size_t make_digits(uint8_t *out) {
    size_t n = 1 + choose(1 + choose(22));
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)('0' + choose(10));
    return n;
}

static size_t make_token(uint8_t *out) {
    static const char *const tokens[] = {"-",
                                         "OK",
                                         "NODATA",
                                         "65535",
                                         "65536",
                                         "99999999",
                                         "100000000",
                                         "0",
                                         " ",
                                         "\t",
                                         "\n",
                                         "\r\n",
                                         "\xc3\xa9",
                                         "9999999999999999",
                                         "\xff",
                                         "\n\n",
                                         " - ",
                                         "192.0.2.255",
                                         "2001:db8::dead",
                                         "/",
                                         "18446744073709551616",
                                         ":",
                                         "-\n-",
                                         "abcdefgh",
                                         "12345678x",
                                         "eni-0a1b2c3d4e5f60718"};
    enum { N_TOKENS = sizeof tokens / sizeof tokens[0] };
    const char *token = tokens[choose(N_TOKENS)];
    size_t n = strlen(token);
    memcpy(out, token, n);
    return n;
}

static void change(input *in) {
    uint8_t added[CHANGE_BYTES];
    size_t left, at = HEADER_BYTES;
    if (in->size > at)
        at += choose((uint32_t)(in->size - at));
    left = in->size - at;
    size_t few = left ? 1 + choose(left < 16 ? (uint32_t)left : 16) : 0;
    switch (choose(6)) {
    case 0:
        if (left)
            in->bytes[at] = (uint8_t)choose(256);
        break;
    case 1:
        splice(in, at, few, added, 0);
        break;
    case 2:
        splice(in, at, 0, added, make_token(added));
        break;
    case 3:
        splice(in, at, few, added, make_digits(added));
        break;
    case 4: /* a bit: what differs by one is what comparisons miss */
        if (left)
            in->bytes[at] ^= (uint8_t)(1u << choose(8));
        break;
    default:
        memcpy(added, in->bytes + at, few);
        splice(in, HEADER_BYTES + choose((uint32_t)(in->size - HEADER_BYTES + 1)), 0, added, few);
    }
}

/* Again and again, up to a size. */
static void tile(input *in, size_t size) {
    size_t once = in->size - HEADER_BYTES;
    while (once && in->size + once <= size) {
        memcpy(in->bytes + in->size, in->bytes + HEADER_BYTES, once);
        in->size += once;
    }
}

/* A bit here and there within tokens: rows that were the same differ by a byte. */
static void stir(input *in, uint32_t times) {
    for (size_t at; times && in->size > HEADER_BYTES; times--) {
        at = HEADER_BYTES + choose((uint32_t)(in->size - HEADER_BYTES));
        if (in->bytes[at] >= '0')
            in->bytes[at] ^= 1;
    }
}

static void make_input(input *in, const input *seed, bool is_long) {
    in->size = seed->size;
    memcpy(in->bytes, seed->bytes, seed->size);
    for (int i = 0; i < HEADER_BYTES; i++)
        in->bytes[i] ^= (uint8_t)choose(256);
    for (uint32_t n = choose(8); n; n--)
        change(in);
    if (!is_long)
        return;
    tile(in, SHORT_BYTES + choose(LONG_BYTES - SHORT_BYTES));
    stir(in, choose(4000));
    for (uint32_t n = choose(64); n; n--)
        change(in);
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fprintf(stderr, "usage: replay INPUTS SEED...\n");
        return 2;
    }
    int n_seeds = argc - 2;
    long n_made = strtol(argv[1], NULL, 10);
    input *seeds = calloc((size_t)n_seeds, sizeof *seeds), made = new_input();
    if (!seeds)
        fail("no memory", "seeds");
    signal(SIGABRT, keep_failed);
    for (int i = 0; i < n_seeds; i++) {
        seeds[i] = read_seed(argv[2 + i]);
        run(&seeds[i]);
    }
    for (long i = 0; i < n_made; i++) {
        make_input(&made, &seeds[choose((uint32_t)n_seeds)], i % 4 == 3);
        run(&made);
    }
    printf("replay: %ld inputs\n", n_run);
    return 0;
}
