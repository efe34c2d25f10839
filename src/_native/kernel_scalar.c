/* Kernel "scalar": C alone, for every CPU. */
#include "simd_scalar.h"

#define FP_KERNEL fp_kernel_scalar
#define FP_KERNEL_NAME "scalar"
#include "kernel.inc"
