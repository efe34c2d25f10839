/* Kernel "avx2". CMake compiles this file, and only this, for CPUs that have AVX2 and BMI. */
#include "simd_avx2.h"

#define FP_KERNEL fp_kernel_avx2
#define FP_KERNEL_NAME "avx2"
#include "kernel.inc"
