/* Which kernel runs: the best that this CPU has, unless one is named. */
#include "flowparse.h"
#include "scan.h"

#include <string.h>

typedef struct fp_kernel_entry {
    const char *name;
    fp_scan scan;
    bool (*runs_here)(void);
} fp_kernel_entry;

static bool runs_everywhere(void) {
    return true;
}

#ifdef FP_HAVE_AVX2
static bool runs_avx2(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("popcnt");
}
#endif

/* Best first. */
static const fp_kernel_entry kernels[] = {
#ifdef FP_HAVE_AVX2
    {"avx2", fp_scan_avx2, runs_avx2},
#endif
    {"scalar", fp_scan_scalar, runs_everywhere},
};
enum { N_KERNELS = sizeof kernels / sizeof kernels[0] };

static const fp_kernel_entry *in_use = &kernels[N_KERNELS - 1];
fp_scan fp_scan_block = fp_scan_scalar;

const char *const *fp_kernel_names(void) {
    static const char *names[N_KERNELS + 1];
    int n = 0;
    for (int i = 0; i < N_KERNELS; i++)
        if (kernels[i].runs_here())
            names[n++] = kernels[i].name;
    names[n] = NULL;
    return names;
}

const char *fp_kernel(void) {
    return in_use->name;
}

fp_status fp_use_kernel(const char *name) {
    for (int i = 0; i < N_KERNELS; i++) {
        if (!kernels[i].runs_here() || (name && strcmp(name, kernels[i].name) != 0))
            continue;
        in_use = &kernels[i];
        fp_scan_block = kernels[i].scan;
        return FP_OK;
    }
    return FP_ERR_STATE;
}
