/* Kernel "avx512". CMake compiles this file, and only this, for CPUs of Ice Lake's kind. */
#include "simd_avx512.h"

#define FP_KERNEL fp_kernel_avx512
#define FP_KERNEL_NAME "avx512"
#include "kernel.inc"
