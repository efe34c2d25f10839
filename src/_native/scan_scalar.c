/* Kernel "scalar". */
#include "scan.h"
#include "simd_scalar.h"

#define FP_SCAN_NAME fp_scan_scalar
#include "scan.inc"
