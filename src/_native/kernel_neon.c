/* Kernel "neon": every 64-bit ARM has it. */
#include "simd_neon.h"

#define FP_KERNEL fp_kernel_neon
#define FP_KERNEL_NAME "neon"
#include "kernel.inc"
