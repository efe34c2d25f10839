/* Which kernel runs: the best that this CPU has, unless one is named. */
#include "address_code.h"
#include "kernel.h"

#include <string.h>

static bool runs_everywhere(void) {
    return true;
}

#ifdef FP_HAVE_AVX2
static bool runs_avx2(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("popcnt");
}
#endif

#ifdef FP_HAVE_AVX512
static bool runs_avx512(void) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
}
#endif

/* Best first. */
static const struct {
    const fp_kernel_table *table;
    bool (*runs_here)(void);
} kernels[] = {
#ifdef FP_HAVE_AVX512
    {&fp_kernel_avx512, runs_avx512},
#endif
#ifdef FP_HAVE_AVX2
    {&fp_kernel_avx2, runs_avx2},
#endif
#ifdef FP_HAVE_NEON
    {&fp_kernel_neon, runs_everywhere},
#endif
    {&fp_kernel_scalar, runs_everywhere},
};
enum { N_KERNELS = sizeof kernels / sizeof kernels[0] };

const fp_kernel_table *fp_run = &fp_kernel_scalar;

const char *const *fp_kernel_names(void) {
    static const char *names[N_KERNELS + 1];
    int n = 0;
    for (int i = 0; i < N_KERNELS; i++)
        if (kernels[i].runs_here())
            names[n++] = kernels[i].table->name;
    names[n] = NULL;
    return names;
}

const char *fp_kernel(void) {
    return fp_run->name;
}

fp_status fp_use_kernel(const char *name) {
    for (int i = 0; i < N_KERNELS; i++) {
        if (!kernels[i].runs_here() || (name && strcmp(name, kernels[i].table->name) != 0))
            continue;
        fp_run = kernels[i].table;
        return FP_OK;
    }
    return FP_ERR_STATE;
}

void fp_code_addresses(const uint8_t *bytes, const int32_t *offsets, const int64_t *rows,
                       uint32_t n, const uint8_t *end, uint32_t *bits, uint8_t *is_ipv4) {
    fp_run->code_ipv4(bytes, offsets, rows, n, end, bits, is_ipv4);
}
