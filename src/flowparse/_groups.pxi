# The part of `_core.pyx` that groups rows by key: arrays of a batch in, columns of groups out.

KEY_INT32, KEY_INT64, KEY_BOOL, KEY_TEXT, KEY_CODES = range(5)
COUNT, VALID, SUM, MIN, MAX, OR, MINUTES = range(7)
GROUP_KEYS_MAX = c.FP_GROUP_KEYS_MAX
GROUP_MEASURES_MAX = c.FP_GROUP_MEASURES_MAX

cdef ASTRAY = "an Arrow array contradicts itself: its length, offsets or codes lead out of it"


cdef class _Lent:
    """The C structs of arrays, one after another; NULL for None. They hold while it lives."""

    cdef list capsules
    cdef const c.ArrowArray **arrays

    def __cinit__(self, given):
        self.capsules = []
        self.arrays = <const c.ArrowArray **>allocate(len(given), sizeof(void *))
        for i, array in enumerate(given):
            if array is None:
                continue
            capsule = array.__arrow_c_array__()[1]
            self.capsules.append(capsule)
            self.arrays[i] = <const c.ArrowArray *>PyCapsule_GetPointer(capsule, "arrow_array")

    def __dealloc__(self):
        free(self.arrays)


cdef class GroupTable:
    """Rows by key. It serves one thread at a time.

    Parameters
    ----------
    keys : list of (int, int)
        Kind, and what INT64 is rounded down to a multiple of, or 0; one a key.
    measures : list of (int, int, int)
        How, kind of its array, and how many of its units are a second; one a measure.
    """

    cdef c.fp_groups *groups
    cdef list kinds

    def __cinit__(self, keys, measures):
        if len(keys) > GROUP_KEYS_MAX or len(measures) > GROUP_MEASURES_MAX:
            raise ValueError(
                f"at most {GROUP_KEYS_MAX} keys and {GROUP_MEASURES_MAX} measures, got "
                f"{len(keys)} and {len(measures)}")
        cdef c.fp_key_asked *key = <c.fp_key_asked *>allocate(len(keys), sizeof(c.fp_key_asked))
        cdef c.fp_measure_asked *measure
        self.kinds = [kind for kind, _ in keys]
        for i, (kind, every) in enumerate(keys):
            key[i].kind = kind
            key[i].every = every
        measure = <c.fp_measure_asked *>allocate(len(measures), sizeof(c.fp_measure_asked))
        for i, (how, kind, unit) in enumerate(measures):
            measure[i].how = how
            measure[i].kind = kind
            measure[i].unit = unit
        self.groups = c.fp_groups_new(
            key, <uint32_t>len(keys), measure, <uint32_t>len(measures), dictionary_seed)
        free(key)
        free(measure)
        if self.groups == NULL:
            raise MemoryError

    def __dealloc__(self):
        c.fp_groups_free(self.groups)

    def __len__(self):
        return c.fp_groups_count(self.groups)

    @property
    def nbytes(self):
        """Bytes of memory."""
        return c.fp_groups_bytes(self.groups)

    def add(self, keys, measures, where, int64_t n, bint numbered=False):
        """Take n rows; the GIL is off meanwhile. None is the array of a count.

        Returns the buffer of each row's group, uint32, if it is asked for.
        """
        cdef _Lent key = _Lent(keys)
        cdef _Lent measure = _Lent(measures)
        cdef _Lent chosen = _Lent([where])
        numbers = pa.allocate_buffer(n * 4) if numbered else None
        cdef uint32_t *at = <uint32_t *><size_t>(numbers.address if numbered else 0)
        cdef int status
        with nogil:
            status = c.fp_groups_add(
                self.groups, key.arrays, measure.arrays, chosen.arrays[0], n, at)
        self.check(status)
        return numbers

    def absorb(self, GroupTable other not None):
        """Take the groups of another that was made alike."""
        cdef int status
        with nogil:
            status = c.fp_groups_absorb(self.groups, other.groups)
        self.check(status)

    def part(self, uint32_t n_parts, uint32_t turn):
        """A buffer of bytes: the part, of 256 at most, that each group's key belongs to."""
        if not 1 <= n_parts <= 256:
            raise ValueError(f"n_parts: expected 1..256, got {n_parts}")
        parts = pa.allocate_buffer(c.fp_groups_count(self.groups))
        cdef uint8_t *at = <uint8_t *><size_t>parts.address
        with nogil:
            c.fp_groups_part(self.groups, n_parts, turn, at)
        return parts

    cdef check(self, int status):
        if status == c.FP_ERR_STATE:
            raise ValueError(ASTRAY)
        if status == c.FP_ERR_SIZE:
            raise ValueError(
                "more than the table can tell: 2**30 groups, 2 GiB of text of one key, or a "
                "number next to the least of int64 that was to be rounded down")
        check(status)

    cdef c.fp_chosen choose(self, ids, uint32_t first, uint32_t n) except *:
        """Some groups: `ids`, a buffer of uint32, or n from `first` on."""
        cdef c.fp_chosen chosen
        cdef uint32_t count = c.fp_groups_count(self.groups)
        chosen.first = first
        chosen.n = n
        chosen.ids = NULL
        if ids is not None:
            chosen.ids = <const uint32_t *><size_t>ids.address
            chosen.n = <uint32_t>(ids.size // 4)
        elif n > count or first > count - n:
            raise ValueError(f"groups {first}..{first + n} of {count}")
        return chosen

    def key(self, uint32_t key, ids=None, uint32_t first=0, uint32_t n=0):
        """(buffers, nulls) of a key's Arrow array; None if text does not fit in one array."""
        cdef c.fp_chosen chosen = self.choose(ids, first, n)
        kind = self.kinds[key]
        valid = zeros((chosen.n + 7) // 8)
        cdef uint8_t *bits = <uint8_t *><size_t>valid.address
        cdef int64_t nulls
        width = 8 if kind == KEY_INT64 else 4
        values = pa.allocate_buffer((<int64_t>chosen.n + (kind == KEY_TEXT)) * width)
        cdef size_t at = values.address
        if kind != KEY_TEXT:
            with nogil:
                nulls = c.fp_groups_numbers(self.groups, key, chosen, <void *>at, bits)
            return [valid, values], nulls
        with nogil:
            nulls = c.fp_groups_offsets(self.groups, key, chosen, <int32_t *>at, bits)
        if nulls < 0:
            return None
        text = pa.allocate_buffer((<const int32_t *>at)[chosen.n])
        cdef size_t out = text.address
        with nogil:
            c.fp_groups_text(self.groups, key, chosen, <const int32_t *>at, <uint8_t *>out)
        return [valid, values, text], nulls

    def values(self, uint32_t key):
        """The dictionary of a key of codes, as bytes."""
        cdef uint32_t n
        cdef c.fp_text text = c.fp_groups_values(self.groups, key, &n)
        cdef const uint8_t *at = text.bytes
        cdef uint32_t size
        found = []
        for _ in range(n):
            size = at[0] | at[1] << 8 | at[2] << 16 | <uint32_t>at[3] << 24
            found.append((<const char *>at)[4:4 + size])
            at += 4 + size
        return found

    def measure(self, uint32_t measure, ids=None, uint32_t first=0, uint32_t n=0):
        """(buffers, nulls, wide): int64; wide is a group whose sum does not fit, or None."""
        cdef c.fp_chosen chosen = self.choose(ids, first, n)
        valid = zeros((chosen.n + 7) // 8)
        values = pa.allocate_buffer(<int64_t>chosen.n * 8)
        cdef uint8_t *bits = <uint8_t *><size_t>valid.address
        cdef int64_t *at = <int64_t *><size_t>values.address
        cdef uint32_t nulls, wide
        with nogil:
            nulls = c.fp_groups_measure(self.groups, measure, chosen, at, bits, &wide)
        return [valid, values], nulls, None if wide == 0xFFFFFFFF else wide

    def total(self, uint32_t measure, group=None):
        """The sum of a measure, or that of one group, however large."""
        cdef int64_t high
        cdef uint64_t low
        cdef uint32_t id = 0xFFFFFFFF if group is None else group
        with nogil:
            c.fp_groups_wide(self.groups, measure, id, &high, &low)
        return (<object>high << 64) + low

    def top(self, uint32_t measure, uint32_t limit):
        """The numbers of the groups with the largest measure, as a buffer of uint32."""
        limit = min(limit, c.fp_groups_count(self.groups))
        ids = pa.allocate_buffer(<int64_t>limit * 4)
        cdef uint32_t *at = <uint32_t *><size_t>ids.address
        with nogil:
            c.fp_groups_top(self.groups, measure, limit, at)
        return ids


cdef class SeenRows:
    """A set of rows, by their hashes. It serves one thread at a time.

    Parameters
    ----------
    kinds : list of int
        Of the columns of a row.
    seed : int
        The same seed gives the same hashes.
    """

    cdef c.fp_seen_set *seen

    def __cinit__(self, kinds, uint64_t seed):
        cdef int *kind = <int *>allocate(len(kinds), sizeof(int))
        for i, one in enumerate(kinds):
            kind[i] = one
        self.seen = c.fp_seen_new(kind, <uint32_t>len(kinds), seed)
        free(kind)
        if self.seen == NULL:
            raise MemoryError

    def __dealloc__(self):
        c.fp_seen_free(self.seen)

    def __len__(self):
        return c.fp_seen_count(self.seen)

    @property
    def nbytes(self):
        """Bytes of memory."""
        return c.fp_seen_bytes(self.seen)

    def add(self, arrays, hours, int64_t n):
        """Take n rows: (buffer of a bit a row that was not there, how many)."""
        cdef _Lent lent = _Lent(arrays)
        cdef _Lent times = _Lent([hours])
        fresh = zeros((n + 7) // 8)
        cdef uint8_t *bits = <uint8_t *><size_t>fresh.address
        cdef int64_t n_fresh
        cdef int status
        with nogil:
            status = c.fp_seen_add(self.seen, lent.arrays, times.arrays[0], n, bits, &n_fresh)
        if status == c.FP_ERR_STATE:
            raise ValueError(ASTRAY)
        check(status)
        return fresh, n_fresh

    def forget(self, hour):
        """Drop the rows of hours before this one."""
        cdef int32_t first = <int32_t>max(min(hour, 2**31 - 1), -2**31)
        cdef int status
        with nogil:
            status = c.fp_seen_forget(self.seen, first)
        check(status)

    def save(self):
        """All rows as a buffer, which `load` takes."""
        rows = pa.allocate_buffer(<int64_t>c.fp_seen_count(self.seen) * 16)
        cdef uint8_t *at = <uint8_t *><size_t>rows.address
        with nogil:
            c.fp_seen_save(self.seen, at)
        return rows

    def load(self, rows):
        """Take the rows of another that has the same kinds and seed."""
        cdef const uint8_t *at = <const uint8_t *><size_t>rows.address
        cdef uint64_t n = rows.size // 16
        cdef int status
        with nogil:
            status = c.fp_seen_load(self.seen, at, n)
        check(status)


cdef zeros(size_t size):
    buffer = pa.allocate_buffer(size)
    cdef size_t at = buffer.address
    if size:
        memset(<void *>at, 0, size)
    return buffer
