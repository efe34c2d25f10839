/* `2023-11-14T22:13:20.123Z` -> milliseconds since the epoch. */
#ifndef FP_DECODE_TIME_H
#define FP_DECODE_TIME_H

#include "flowparse.h"

/* n digits at `at`, or -1. */
static inline int32_t fp_decode_digits(const uint8_t *at, int n) {
    int32_t value = 0;
    for (int i = 0; i < n; i++) {
        uint32_t digit = (uint32_t)at[i] - '0';
        if (digit > 9)
            return -1;
        value = value * 10 + (int32_t)digit;
    }
    return value;
}

/* Days from 1970-01-01 in the Gregorian calendar; the year is counted from March, so that
 * the leap day is its last. */
static inline int64_t fp_count_days(int32_t year, int32_t month, int32_t day) {
    int64_t y = year - (month <= 2);
    int64_t shifted_month = (month + 9) % 12;
    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * shifted_month + 2) / 5 + day - 1 - 719468;
}

static inline int32_t fp_days_in_month(int32_t year, int32_t month) {
    if (month == 2)
        return (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)) ? 29 : 28;
    return 30 + ((month + (month > 7)) & 1);
}

/* Offset from UTC at `at`: `Z` or `+hh:mm`. Minutes; false: not one that ends at end. */
static inline bool fp_decode_offset(const uint8_t *at, const uint8_t *end, int32_t *hours,
                                    int32_t *minutes) {
    *hours = *minutes = 0;
    if (end - at == 1 && *at == 'Z')
        return true;
    if (end - at != 6 || (*at != '+' && *at != '-') || at[3] != ':')
        return false;
    *hours = fp_decode_digits(at + 1, 2);
    *minutes = fp_decode_digits(at + 4, 2);
    return *hours >= 0 && *minutes >= 0;
}

/* Fraction of a second at *at, to the millisecond below; *at moves behind it. */
static inline bool fp_decode_fraction(const uint8_t **at, const uint8_t *end, int32_t *ms) {
    *ms = 0;
    if (*at == end || **at != '.')
        return true;
    const uint8_t *first = ++*at;
    int32_t unit = 100;
    while (*at < end && (uint32_t)(**at - '0') <= 9) {
        *ms += unit * (**at - '0');
        unit /= 10;
        ++*at;
    }
    return *at - first >= 1 && *at - first <= 9;
}

static inline fp_reason fp_decode_iso_time(const uint8_t *at, uint32_t size, int64_t *value) {
    const uint8_t *end = at + size;
    if (size < 20 || at[4] != '-' || at[7] != '-' || at[10] != 'T' || at[13] != ':' ||
        at[16] != ':')
        return FP_REASON_NOT_A_NUMBER;
    int32_t year = fp_decode_digits(at, 4), month = fp_decode_digits(at + 5, 2);
    int32_t day = fp_decode_digits(at + 8, 2), hour = fp_decode_digits(at + 11, 2);
    int32_t minute = fp_decode_digits(at + 14, 2), second = fp_decode_digits(at + 17, 2);
    int32_t ms, offset_hours, offset_minutes;
    const uint8_t *rest = at + 19;
    if ((year | month | day | hour | minute | second) < 0 || !fp_decode_fraction(&rest, end, &ms))
        return FP_REASON_NOT_A_NUMBER;
    const uint8_t *sign = rest;
    if (!fp_decode_offset(rest, end, &offset_hours, &offset_minutes))
        return FP_REASON_NOT_A_NUMBER;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > fp_days_in_month(year, month) ||
        hour > 23 || minute > 59 || second > 59 || offset_hours > 23 || offset_minutes > 59)
        return FP_REASON_OUT_OF_RANGE;
    int64_t offset_seconds = 3600 * offset_hours + 60 * offset_minutes;
    if (*sign == '-')
        offset_seconds = -offset_seconds;
    int64_t seconds = fp_count_days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
    *value = (seconds - offset_seconds) * 1000 + ms;
    return FP_REASON_NONE;
}

#endif
