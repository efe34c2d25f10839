/* Kernel "avx2". CMake compiles this file, and only this, with -mavx2 -mbmi -mpopcnt. */
#include "scan.h"
#include "simd_avx2.h"

#define FP_SCAN_NAME fp_scan_avx2
#include "scan.inc"
