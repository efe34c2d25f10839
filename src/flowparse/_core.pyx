"""Floor 2: the seam. Python objects in, C structs lent, the GIL off, Arrow capsules out.

Nothing here loops over data: what runs once per byte, field or record is in src/_native.
"""
import os
import secrets

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.errors import FlowparseError
from flowparse.fields import FIELDS

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.pycapsule cimport PyCapsule_GetPointer, PyCapsule_New
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcmp, memcpy, memset

from flowparse cimport _native as c


# The codes of flowparse.h that Python speaks.
EVENT_INPUT, EVENT_FIRST_LINE, EVENT_HEADER, EVENT_BATCH, EVENT_END = range(1, 6)
BATCH_ROWS = c.FP_BATCH_ROWS
REASONS = (
    "", "line-too-long", "not-utf8", "field-count", "not-a-number", "out-of-range",
)


cdef void release_capsule(object capsule) noexcept:
    cdef c.ArrowArray *array = <c.ArrowArray *>PyCapsule_GetPointer(capsule, "arrow_array")
    if array.release != NULL:
        array.release(array)
    free(array)


cdef class _Exported:
    """One struct array and its schema, as the Arrow PyCapsule interface wants them."""

    cdef object schema
    cdef object array

    def __arrow_c_array__(self, requested_schema=None):
        return self.schema.__arrow_c_schema__(), self.array


cdef int check(int status) except -1:
    if status == c.FP_ERR_MEMORY:
        raise MemoryError("flowparse: out of memory in the native core")
    if status < 0:
        raise FlowparseError(f"flowparse: the native core refused a call (status {status})")
    return status


cdef void *allocate(size_t n, size_t size) except NULL:
    cdef void *memory = calloc(n if n else 1, size)
    if memory == NULL:
        raise MemoryError
    return memory


cdef class Layout:
    """One log format and what is wanted of it, in the core's own words.

    Parameters
    ----------
    fields : list of (str, int, int)
        AWS name, check (0 text, 1 number, 2 ISO time), maximum; one a place in the line.
    targets : list of (int, int)
        Kind and place in the line (-1: the format lacks it); one an output column.
    terms : list of tuple or None
        The filter: (group, op, operand, field, numbers, texts, ranges4, ranges6).
        None: every record is kept.
    """

    cdef c.fp_layout layout
    cdef object keep  # the bytes objects that the structs point into
    cdef object keep_terms

    def __cinit__(self, fields, targets, terms):
        self.keep = []
        self.keep_terms = []
        self.layout.status_field = -1
        self.set_fields(fields)
        self.set_targets(targets)
        if terms is not None:
            self.layout.filtered = True
            self.set_terms(terms)

    cdef set_fields(self, fields):
        cdef c.fp_field *out = <c.fp_field *>allocate(len(fields), sizeof(c.fp_field))
        self.layout.fields = out
        self.layout.n_fields = len(fields)
        for i, (name, check_, maximum) in enumerate(fields):
            text = <bytes?>name.encode()
            self.keep.append(text)
            out[i].name = PyBytes_AS_STRING(text)
            out[i].name_bytes = <uint32_t>PyBytes_GET_SIZE(text)
            out[i].check = check_
            out[i].maximum = maximum
            if name == "log-status" and self.layout.status_field < 0:
                self.layout.status_field = i

    cdef set_targets(self, targets):
        cdef c.fp_target *out = <c.fp_target *>allocate(len(targets), sizeof(c.fp_target))
        self.layout.targets = out
        self.layout.n_targets = len(targets)
        cdef int32_t *target_of = <int32_t *>allocate(self.layout.n_fields, sizeof(int32_t))
        self.layout.target_of_field = target_of
        for i in range(self.layout.n_fields):
            target_of[i] = -1
        for i, (kind, field) in enumerate(targets):
            if kind < 0 or not -1 <= field < <int64_t>self.layout.n_fields:
                raise ValueError(f"target {i}: no kind {kind} of field {field}")
            out[i].kind = kind
            out[i].field = field
            if field >= 0:
                target_of[field] = i

    def refilter(self, terms):
        """Another filter from the next bytes on; no parser may have some that it has not used."""
        if not self.layout.filtered:
            raise ValueError("a layout without a filter cannot get one")
        self.free_terms()
        self.keep_terms = []
        self.set_terms(terms)

    cdef set_terms(self, terms):
        cdef c.fp_term *out = <c.fp_term *>allocate(len(terms), sizeof(c.fp_term))
        self.layout.terms = out
        self.layout.n_terms = len(terms)
        for i, (group, op, operand, field, numbers, texts, ranges4, ranges6) in enumerate(terms):
            out[i].group = group
            out[i].op = op
            out[i].operand = operand
            out[i].field = field
            self.set_operands(&out[i], numbers, texts)
            self.set_ranges(&out[i], ranges4, ranges6)

    cdef set_operands(self, c.fp_term *term, numbers, texts):
        cdef int64_t *numbers_out = <int64_t *>allocate(len(numbers), sizeof(int64_t))
        term.numbers = numbers_out
        term.n_numbers = len(numbers)
        for i, number in enumerate(numbers):
            numbers_out[i] = number
        cdef c.fp_text *texts_out = <c.fp_text *>allocate(len(texts), sizeof(c.fp_text))
        term.texts = texts_out
        term.n_texts = len(texts)
        for i, text in enumerate(texts):
            self.keep_terms.append(<bytes?>text)
            texts_out[i].bytes = <const uint8_t *>PyBytes_AS_STRING(text)
            texts_out[i].size = <uint32_t>PyBytes_GET_SIZE(text)

    cdef set_ranges(self, c.fp_term *term, ranges4, ranges6):
        cdef c.fp_range4 *out4 = <c.fp_range4 *>allocate(len(ranges4), sizeof(c.fp_range4))
        term.ranges4 = out4
        term.n_ranges4 = len(ranges4)
        for i, (low, high) in enumerate(ranges4):
            out4[i].low = low
            out4[i].high = high
        cdef c.fp_range6 *out6 = <c.fp_range6 *>allocate(len(ranges6), sizeof(c.fp_range6))
        term.ranges6 = out6
        term.n_ranges6 = len(ranges6)
        for i, (low, high) in enumerate(ranges6):
            out6[i].low[0] = low >> 64
            out6[i].low[1] = low & 0xFFFFFFFFFFFFFFFF
            out6[i].high[0] = high >> 64
            out6[i].high[1] = high & 0xFFFFFFFFFFFFFFFF

    cdef free_terms(self):
        for i in range(self.layout.n_terms):
            free(<void *>self.layout.terms[i].numbers)
            free(<void *>self.layout.terms[i].texts)
            free(<void *>self.layout.terms[i].ranges4)
            free(<void *>self.layout.terms[i].ranges6)
        free(<void *>self.layout.terms)
        self.layout.terms = NULL
        self.layout.n_terms = 0

    def __dealloc__(self):
        self.free_terms()
        free(<void *>self.layout.fields)
        free(<void *>self.layout.targets)
        free(<void *>self.layout.target_of_field)


cdef class _Names:
    """The registry's names, as the core's hash set."""

    cdef c.fp_names *names

    def __cinit__(self):
        encoded = [name.encode() for name in FIELDS]
        cdef c.fp_text *texts = <c.fp_text *>allocate(len(encoded), sizeof(c.fp_text))
        for i, text in enumerate(encoded):
            texts[i].bytes = <const uint8_t *>PyBytes_AS_STRING(text)
            texts[i].size = <uint32_t>PyBytes_GET_SIZE(text)
        self.names = c.fp_names_new(texts, len(encoded))
        free(texts)
        if self.names == NULL:
            raise MemoryError

    def __dealloc__(self):
        c.fp_names_free(self.names)


cdef _Names known_names = _Names()
cdef uint64_t dictionary_seed = secrets.randbits(64)
cdef uint32_t block_bytes_in_use = c.FP_BLOCK_BYTES

REJECT_SCHEMA = pa.schema(
    [
        ("line", pa.int64()),
        ("byte_offset", pa.int64()),
        ("reason", pa.int32()),
        ("field", pa.int32()),
        ("found", pa.int32()),
        ("text", pa.binary()),
        ("value", pa.binary()),
    ]
)


cdef class Parser:
    """One parser of the core. It serves one thread and one source at a time."""

    cdef c.fp_parser *parser
    cdef object lent
    cdef Layout layout

    def __cinit__(self, uint32_t batch_rows=c.FP_BATCH_ROWS):
        self.parser = c.fp_parser_new(
            known_names.names, dictionary_seed, block_bytes_in_use, batch_rows)
        if self.parser == NULL:
            raise MemoryError

    def __dealloc__(self):
        c.fp_parser_free(self.parser)

    def begin(self, bytes source not None):
        """A new source: line 1, byte 0, no format in force. Rows not exported are dropped."""
        self.lent = None
        self.layout = None
        check(c.fp_parser_begin(
            self.parser, <const uint8_t *>PyBytes_AS_STRING(source),
            <uint32_t>PyBytes_GET_SIZE(source)))

    def next(self, bytes source not None):
        """The same, but the rows of sources before it go on waiting. Rejects must not."""
        self.lent = None
        self.layout = None
        check(c.fp_parser_next(
            self.parser, <const uint8_t *>PyBytes_AS_STRING(source),
            <uint32_t>PyBytes_GET_SIZE(source)))

    def take(self, bytes source not None, bytes text not None, bytes header, Layout layout):
        """`next`, `write`, and on to the end; a first line that is `header` has `layout`.

        Returns (event, matched): the EVENT_ at which it stopped, EVENT_END where all is read.
        """
        self.next(source)
        self.write(text)
        cdef int event = self.step()
        cdef c.fp_line line
        cdef bint matched = False
        if event == c.FP_EVENT_FIRST_LINE and header is not None:
            line = c.fp_parser_line(self.parser)
            matched = (
                not line.too_long
                and line.size == <size_t>PyBytes_GET_SIZE(header)
                and memcmp(line.text, PyBytes_AS_STRING(header), line.size) == 0)
            if matched:
                self.use(layout, True)
                event = self.step()
        if event == c.FP_EVENT_INPUT:
            self.finish(True)
            event = self.step()
        return event, matched

    def set_batch(self, uint32_t rows):
        """After how many rows EVENT_BATCH asks for an export, from here on."""
        c.fp_parser_set_batch(self.parser, rows)

    def write(self, bytes data not None):
        """Lend it bytes, after EVENT_INPUT."""
        check(c.fp_parser_write(
            self.parser, <const uint8_t *>PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data)))
        self.lent = data

    def finish(self, bint whole):
        """No more bytes come. whole: the last line needs no newline."""
        c.fp_parser_finish(self.parser, whole)

    def step(self):
        """Parse on until something needs the caller: an EVENT_. The GIL is off meanwhile."""
        cdef int event
        with nogil:
            event = c.fp_parser_step(self.parser)
        return check(event)

    def line(self):
        """(text, number, byte_offset, too_long) of EVENT_FIRST_LINE or EVENT_HEADER."""
        cdef c.fp_line line = c.fp_parser_line(self.parser)
        if line.text == NULL:
            check(c.FP_ERR_STATE)
        return (<const char *>line.text)[:line.size], line.number, line.byte_offset, line.too_long

    def use(self, Layout layout not None, bint taken):
        """The format in force from here on. taken: the line was its header."""
        check(c.fp_parser_use(self.parser, &layout.layout, taken))
        self.layout = layout

    def counts(self):
        """(records, no_data, skip_data, rejects, headers, blank, text_bytes) of the source."""
        cdef c.fp_counts n = c.fp_parser_counts(self.parser)
        return (
            n.records, n.no_data, n.skip_data, n.rejects, n.headers, n.blank, n.text_bytes)

    @property
    def rows(self):
        """Rows that wait for export."""
        return c.fp_parser_rows(self.parser)

    @property
    def rejects(self):
        """Rejects that wait for export."""
        return c.fp_parser_rejects(self.parser)

    def export(self, schema):
        """The waiting rows as a RecordBatch; schema must be that of the layout's targets."""
        cdef c.ArrowArray *array = <c.ArrowArray *>allocate(1, sizeof(c.ArrowArray))
        cdef int status = c.fp_parser_export(self.parser, array)
        return import_batch(array, status, schema)

    def export_rejects(self):
        """The waiting rejects as a RecordBatch of REJECT_SCHEMA."""
        cdef c.ArrowArray *array = <c.ArrowArray *>allocate(1, sizeof(c.ArrowArray))
        cdef int status = c.fp_parser_export_rejects(self.parser, array)
        return import_batch(array, status, REJECT_SCHEMA)


cdef import_batch(c.ArrowArray *array, int status, schema):
    if status < 0:
        free(array)
        check(status)
    cdef _Exported exported = _Exported()
    exported.schema = schema
    exported.array = PyCapsule_New(array, "arrow_array", release_capsule)
    return pa.record_batch(exported)


include "_pages.pxi"
include "_groups.pxi"
include "_compute.pxi"
include "_spell.pxi"


def kernel():
    """Name of the build of the native code that runs here.

    Returns
    -------
    str
        `avx512`, `avx2`, `neon` or `scalar`. The best that the CPU has, unless the environment
        variable FLOWPARSE_KERNEL named another when flowparse was imported.

    Examples
    --------
    >>> import flowparse
    >>> flowparse.kernel() in ("avx512", "avx2", "neon", "scalar")
    True
    """
    return c.fp_kernel().decode()


def kernel_names():
    """Names of the kernels that this CPU can run, best first."""
    cdef const char *const *names = c.fp_kernel_names()
    found = []
    while names[len(found)] != NULL:
        found.append(names[len(found)].decode())
    return tuple(found)


def set_kernel(name):
    """Run another kernel from here on; returns the name of the one before."""
    before = kernel()
    text = name.encode()
    if c.fp_use_kernel(PyBytes_AS_STRING(text)) != c.FP_OK:
        raise ValueError(
            f"unknown kernel {name!r}: this CPU and build have {', '.join(kernel_names())}")
    return before


def set_block_bytes(uint32_t n):
    """Bytes of text parsed at a time by parsers made from here on; returns the old number."""
    global block_bytes_in_use
    if not 1 <= n <= c.FP_BLOCK_BYTES_MAX:
        raise ValueError(f"block_bytes: expected 1..{c.FP_BLOCK_BYTES_MAX}, got {n}")
    before = block_bytes_in_use
    block_bytes_in_use = n
    return before


def _choose_kernel():
    name = os.environ.get("FLOWPARSE_KERNEL")
    if name:
        try:
            set_kernel(name)
        except ValueError as error:
            raise ImportError(f"FLOWPARSE_KERNEL: {error}") from None
    else:
        c.fp_use_kernel(NULL)


_choose_kernel()
