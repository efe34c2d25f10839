# The part of `_core.pyx` that computes on Arrow arrays: an array in, an array out, the GIL off.
#
# Arrays of text are pa.string() or pa.binary(). Whoever calls has seen to the types.

cdef size_t TEXT_MAX = 2**31 - 1


cdef const c.ArrowArray *array_of(capsule) except NULL:
    return <const c.ArrowArray *>PyCapsule_GetPointer(capsule, "arrow_array")


cdef int check_array(int status) except -1:
    if status == c.FP_ERR_STATE:
        raise ValueError("an Arrow array contradicts itself: its offsets lead out of it")
    if status == c.FP_ERR_SIZE:
        raise ValueError(
            "more than one array can hold (2**31 bytes of text, or 2**30 networks): give it in "
            "parts, as a ChunkedArray")
    return check(status)


cdef new_buffer(int64_t size):
    """Bytes, all 0."""
    buffer = pa.allocate_buffer(size, resizable=True)
    memset(<void *><size_t>buffer.address, 0, size)
    return buffer


cdef class _Texts:
    """An array of text that the core writes."""

    cdef c.fp_texts out
    cdef int64_t rows
    cdef object offsets, data, validity

    def __cinit__(self, int64_t rows, size_t room):
        room = min(room, TEXT_MAX)
        self.rows = rows
        self.offsets = pa.allocate_buffer((rows + 1) * 4)
        self.data = pa.allocate_buffer(room, resizable=True)
        self.validity = new_buffer((rows + 7) // 8)
        self.out.offsets = <int32_t *><size_t>self.offsets.address
        self.out.offsets[0] = 0
        self.out.bytes = <uint8_t *><size_t>self.data.address
        self.out.room = room
        self.out.validity = <uint8_t *><size_t>self.validity.address

    cdef finish(self, int status, type_):
        check_array(status)
        self.data.resize(self.out.size, shrink_to_fit=True)
        validity = self.validity if self.out.nulls else None
        return pa.Array.from_buffers(
            type_, self.rows, [validity, self.offsets, self.data], self.out.nulls)


def addresses_to_bytes(addresses):
    """Text of addresses -> binary of 4 or 16 bytes; null where it is none."""
    capsule = addresses.__arrow_c_array__()[1]
    cdef const c.ArrowArray *given = array_of(capsule)
    cdef _Texts texts = _Texts(len(addresses), 16 * <size_t>len(addresses))
    cdef int status
    with nogil:
        status = c.fp_addresses_to_bytes(given, &texts.out)
    return texts.finish(status, pa.binary())


def bytes_to_addresses(values):
    """Binary of 4 or 16 bytes -> canonical text; null where it has other lengths."""
    capsule = values.__arrow_c_array__()[1]
    cdef const c.ArrowArray *given = array_of(capsule)
    cdef _Texts texts = _Texts(len(values), c.FP_ADDRESS_TEXT * <size_t>len(values))
    cdef int status
    with nogil:
        status = c.fp_bytes_to_addresses(given, &texts.out)
    return texts.finish(status, pa.string())


def networks_of(addresses, uint32_t prefix, uint32_t prefix_ipv6):
    """Text of addresses -> canonical text of their networks; null where it is none."""
    capsule = addresses.__arrow_c_array__()[1]
    cdef const c.ArrowArray *given = array_of(capsule)
    cdef _Texts texts = _Texts(len(addresses), c.FP_NETWORK_TEXT * <size_t>len(addresses))
    cdef int status
    with nogil:
        status = c.fp_networks_of(given, prefix, prefix_ipv6, &texts.out)
    return texts.finish(status, pa.string())


def decode_tags(texts):
    """Percent-decoded text; null where it is null."""
    capsule = texts.__arrow_c_array__()[1]
    cdef const c.ArrowArray *given = array_of(capsule)
    cdef int64_t room = c.fp_text_size(given)
    if room < 0:
        check_array(c.FP_ERR_STATE)
    cdef _Texts decoded = _Texts(len(texts), room)
    cdef int status
    with nogil:
        status = c.fp_decode_tags(given, &decoded.out)
    return decoded.finish(status, pa.string())


def community_ids(srcaddr, dstaddr, srcport, dstport, protocol, uint16_t seed):
    """Columns of flows -> their Community IDs.

    Addresses are pa.string(), the others pa.int64(). Returns (IDs, -1), or (None, row): a port or
    the protocol of that row is out of range.
    """
    columns = (srcaddr, dstaddr, srcport, dstport, protocol)
    capsules = [column.__arrow_c_array__()[1] for column in columns]
    cdef c.fp_flows flows
    flows.srcaddr = array_of(capsules[0])
    flows.dstaddr = array_of(capsules[1])
    flows.srcport = array_of(capsules[2])
    flows.dstport = array_of(capsules[3])
    flows.protocol = array_of(capsules[4])
    cdef _Texts texts = _Texts(len(srcaddr), c.FP_COMMUNITY_TEXT * <size_t>len(srcaddr))
    cdef int64_t bad
    cdef int status
    with nogil:
        status = c.fp_community_ids(&flows, seed, &bad, &texts.out)
    if bad >= 0:
        return None, bad
    return texts.finish(status, pa.string()), bad


def sha1(bytes data not None):
    """The digest of bytes: the core's own, for its tests."""
    cdef uint8_t digest[c.FP_SHA1_BYTES]
    c.fp_sha1(<const uint8_t *>PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data), digest)
    return (<const char *>digest)[:c.FP_SHA1_BYTES]


cdef class Prefixes:
    """Networks, to look addresses up in. It does not change, so threads may share it.

    Parameters
    ----------
    networks : pyarrow.StringArray
        CIDR ranges or addresses. Of equal ones the last counts.

    Attributes
    ----------
    bad : int
        The first row that is null or no network, and nothing can be looked up; -1: there is none.
    """

    cdef c.fp_prefixes *prefixes
    cdef readonly int64_t bad

    def __cinit__(self, networks):
        capsule = networks.__arrow_c_array__()[1]
        cdef const c.ArrowArray *given = array_of(capsule)
        cdef int status
        with nogil:
            status = c.fp_prefixes_new(given, &self.bad, &self.prefixes)
        check_array(status)

    def __dealloc__(self):
        c.fp_prefixes_free(self.prefixes)

    cdef int check_usable(self) except -1:
        if self.prefixes == NULL:
            raise ValueError(f"row {self.bad} was no network")
        return 0

    def find(self, addresses):
        """int32 rows of the most specific networks; null where there is none."""
        self.check_usable()
        capsule = addresses.__arrow_c_array__()[1]
        cdef const c.ArrowArray *given = array_of(capsule)
        cdef int64_t n = len(addresses), nulls = 0
        rows = pa.allocate_buffer(n * 4)
        validity = new_buffer((n + 7) // 8)
        cdef int32_t *rows_out = <int32_t *><size_t>rows.address
        cdef uint8_t *validity_out = <uint8_t *><size_t>validity.address
        cdef int status
        with nogil:
            status = c.fp_prefixes_find(self.prefixes, given, rows_out, validity_out, &nulls)
        check_array(status)
        return pa.Array.from_buffers(pa.int32(), n, [validity if nulls else None, rows], nulls)

    def contain(self, addresses):
        """bool: is the address in any network? Null where it is null."""
        self.check_usable()
        capsule = addresses.__arrow_c_array__()[1]
        cdef const c.ArrowArray *given = array_of(capsule)
        cdef int64_t n = len(addresses), nulls = 0
        bits = new_buffer((n + 7) // 8)
        validity = new_buffer((n + 7) // 8)
        cdef uint8_t *bits_out = <uint8_t *><size_t>bits.address
        cdef uint8_t *validity_out = <uint8_t *><size_t>validity.address
        cdef int status
        with nogil:
            status = c.fp_prefixes_contain(self.prefixes, given, bits_out, validity_out, &nulls)
        check_array(status)
        return pa.Array.from_buffers(pa.bool_(), n, [validity if nulls else None, bits], nulls)
