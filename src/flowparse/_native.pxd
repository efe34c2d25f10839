# The core's contract, as src/_native/flowparse.h states it.
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t


cdef extern from "flowparse.h" nogil:
    cdef struct ArrowArray:
        void (*release)(ArrowArray *)

    ctypedef int fp_status
    ctypedef int fp_check
    ctypedef int fp_kind
    ctypedef int fp_op
    ctypedef int fp_operand

    enum:
        FP_OK
        FP_ERR_MEMORY
        FP_ERR_STATE
        FP_ERR_SIZE
        FP_BLOCK_BYTES
        FP_BLOCK_BYTES_MAX
        FP_BATCH_ROWS
        FP_EVENT_INPUT
        FP_EVENT_FIRST_LINE

    ctypedef struct fp_field:
        const char *name
        uint32_t name_bytes
        fp_check check
        int64_t maximum

    ctypedef struct fp_target:
        fp_kind kind
        int32_t field

    ctypedef struct fp_text:
        const uint8_t *bytes
        uint32_t size

    ctypedef struct fp_range4:
        uint32_t low
        uint32_t high

    ctypedef struct fp_range6:
        uint64_t low[2]
        uint64_t high[2]

    ctypedef struct fp_term:
        fp_op op
        fp_operand operand
        int32_t field
        const int64_t *numbers
        const fp_text *texts
        const fp_range4 *ranges4
        const fp_range6 *ranges6
        uint32_t n_numbers
        uint32_t n_texts
        uint32_t n_ranges4
        uint32_t n_ranges6
        uint32_t group

    ctypedef struct fp_layout:
        const fp_field *fields
        uint32_t n_fields
        const fp_target *targets
        uint32_t n_targets
        const int32_t *target_of_field
        const fp_term *terms
        uint32_t n_terms
        bint filtered
        int32_t status_field

    ctypedef struct fp_names:
        pass

    ctypedef struct fp_counts:
        int64_t records
        int64_t no_data
        int64_t skip_data
        int64_t rejects
        int64_t headers
        int64_t blank
        int64_t text_bytes

    ctypedef struct fp_line:
        const uint8_t *text
        uint32_t size
        int64_t number
        int64_t byte_offset
        bint too_long

    ctypedef struct fp_parser:
        pass

    fp_names *fp_names_new(const fp_text *names, uint32_t n)
    void fp_names_free(fp_names *names)
    fp_parser *fp_parser_new(
        const fp_names *known, uint64_t seed, uint32_t block_bytes, uint32_t batch_rows)
    void fp_parser_free(fp_parser *parser)
    fp_status fp_parser_begin(fp_parser *parser, const uint8_t *source, uint32_t source_bytes)
    fp_status fp_parser_next(fp_parser *parser, const uint8_t *source, uint32_t source_bytes)
    void fp_parser_set_batch(fp_parser *parser, uint32_t rows)
    fp_status fp_parser_write(fp_parser *parser, const uint8_t *data, size_t size)
    void fp_parser_finish(fp_parser *parser, bint whole)
    int fp_parser_step(fp_parser *parser)
    fp_line fp_parser_line(const fp_parser *parser)
    fp_status fp_parser_use(fp_parser *parser, const fp_layout *layout, bint taken)
    fp_counts fp_parser_counts(const fp_parser *parser)
    int64_t fp_parser_rows(const fp_parser *parser)
    int64_t fp_parser_rejects(const fp_parser *parser)
    fp_status fp_parser_export(fp_parser *parser, ArrowArray *out)
    fp_status fp_parser_export_rejects(fp_parser *parser, ArrowArray *out)
    const char *const *fp_kernel_names()
    const char *fp_kernel()
    fp_status fp_use_kernel(const char *name)


cdef extern from "parquet.h" nogil:
    ctypedef int fp_parquet_kind

    enum:
        FP_PAGE_ROWS_MAX

    ctypedef struct fp_buffer:
        uint8_t *data
        size_t size

    ctypedef struct fp_parquet_request:
        fp_parquet_kind kind
        int64_t scale
        bint nullable
        uint64_t seed
        uint32_t page_rows
        uint32_t page_bytes
        uint32_t dictionary_bytes

    ctypedef struct fp_page:
        size_t at
        size_t size
        uint32_t rows
        bint plain

    ctypedef struct fp_parquet_column:
        fp_buffer data
        fp_page *pages
        uint32_t n_pages
        fp_buffer dictionary
        uint32_t n_dictionary
        int64_t nulls
        bint bounded
        int64_t least
        int64_t greatest
        fp_text low_text
        fp_text top_text

    fp_status fp_parquet_encode(
        const fp_parquet_request *request, const ArrowArray *const *arrays, uint32_t n_arrays,
        fp_parquet_column *out)
    void fp_parquet_free(fp_parquet_column *column)


cdef extern from "group.h" nogil:
    enum:
        FP_GROUP_KEYS_MAX
        FP_GROUP_MEASURES_MAX

    ctypedef struct fp_key_asked:
        int kind
        int64_t every

    ctypedef struct fp_measure_asked:
        int how
        int kind
        int64_t unit

    ctypedef struct fp_groups:
        pass

    ctypedef struct fp_chosen:
        const uint32_t *ids
        uint32_t first
        uint32_t n

    fp_groups *fp_groups_new(
        const fp_key_asked *keys, uint32_t n_keys, const fp_measure_asked *measures,
        uint32_t n_measures, uint64_t seed)
    void fp_groups_free(fp_groups *groups)
    fp_status fp_groups_add(
        fp_groups *groups, const ArrowArray *const *keys, const ArrowArray *const *measures,
        const ArrowArray *where, int64_t n, uint32_t *numbers)
    fp_status fp_groups_absorb(fp_groups *groups, const fp_groups *other)
    void fp_groups_part(
        const fp_groups *groups, uint32_t n_parts, uint32_t turn, uint8_t *parts)
    uint32_t fp_groups_count(const fp_groups *groups)
    size_t fp_groups_bytes(const fp_groups *groups)
    uint32_t fp_groups_numbers(
        const fp_groups *groups, uint32_t key, fp_chosen chosen, void *values, uint8_t *valid)
    int64_t fp_groups_offsets(
        const fp_groups *groups, uint32_t key, fp_chosen chosen, int32_t *offsets, uint8_t *valid)
    void fp_groups_text(
        const fp_groups *groups, uint32_t key, fp_chosen chosen, const int32_t *offsets,
        uint8_t *bytes)
    fp_text fp_groups_values(const fp_groups *groups, uint32_t key, uint32_t *n)
    uint32_t fp_groups_measure(
        const fp_groups *groups, uint32_t measure, fp_chosen chosen, int64_t *values,
        uint8_t *valid, uint32_t *wide)
    void fp_groups_wide(
        const fp_groups *groups, uint32_t measure, uint32_t id, int64_t *high, uint64_t *low)
    uint32_t fp_groups_top(
        const fp_groups *groups, uint32_t measure, uint32_t limit, uint32_t *ids)
cdef extern from "text_rows.h" nogil:
    ctypedef struct fp_texts:
        int32_t *offsets
        uint8_t *bytes
        size_t room
        uint8_t *validity
        size_t size
        int64_t nulls

    int64_t fp_text_size(const ArrowArray *array)


cdef extern from "address.h" nogil:
    enum:
        FP_ADDRESS_TEXT
        FP_NETWORK_TEXT

    fp_status fp_addresses_to_bytes(const ArrowArray *texts, fp_texts *out)
    fp_status fp_bytes_to_addresses(const ArrowArray *binary, fp_texts *out)
    fp_status fp_networks_of(
        const ArrowArray *texts, uint32_t length4, uint32_t length6, fp_texts *out)


cdef extern from "prefix.h" nogil:
    ctypedef struct fp_prefixes:
        pass

    fp_status fp_prefixes_new(const ArrowArray *texts, int64_t *bad, fp_prefixes **out)
    void fp_prefixes_free(fp_prefixes *prefixes)
    fp_status fp_prefixes_find(
        const fp_prefixes *prefixes, const ArrowArray *addresses, int32_t *rows,
        uint8_t *validity, int64_t *nulls)
    fp_status fp_prefixes_contain(
        const fp_prefixes *prefixes, const ArrowArray *addresses, uint8_t *bits,
        uint8_t *validity, int64_t *nulls)


cdef extern from "community.h" nogil:
    enum:
        FP_COMMUNITY_TEXT

    ctypedef struct fp_flows:
        const ArrowArray *srcaddr
        const ArrowArray *dstaddr
        const ArrowArray *srcport
        const ArrowArray *dstport
        const ArrowArray *protocol

    fp_status fp_community_ids(
        const fp_flows *flows, uint16_t seed, int64_t *bad, fp_texts *out)


cdef extern from "sha1.h" nogil:
    enum:
        FP_SHA1_BYTES

    void fp_sha1(const uint8_t *data, size_t size, uint8_t *digest)


cdef extern from "tag.h" nogil:
    fp_status fp_decode_tags(const ArrowArray *texts, fp_texts *out)


cdef extern from "seen.h" nogil:
    ctypedef struct fp_seen_set:
        pass

    fp_seen_set *fp_seen_new(const int *kinds, uint32_t n_columns, uint64_t seed)
    void fp_seen_free(fp_seen_set *seen)
    fp_status fp_seen_add(
        fp_seen_set *seen, const ArrowArray *const *arrays, const ArrowArray *hours, int64_t n,
        uint8_t *fresh, int64_t *n_fresh)
    fp_status fp_seen_forget(fp_seen_set *seen, int32_t hour)
    uint64_t fp_seen_count(const fp_seen_set *seen)
    size_t fp_seen_bytes(const fp_seen_set *seen)
    void fp_seen_save(const fp_seen_set *seen, uint8_t *out)
    fp_status fp_seen_load(fp_seen_set *seen, const uint8_t *rows, uint64_t n)


cdef extern from "spell.h" nogil:
    enum:
        FP_SPELL_PAD

    ctypedef enum fp_spell_kind:
        FP_SPELL_NULL
        FP_SPELL_INT32
        FP_SPELL_INT64
        FP_SPELL_SECONDS
        FP_SPELL_ISO_TIME
        FP_SPELL_TEXT
        FP_SPELL_CODES

    ctypedef struct fp_spelling:
        pass

    ctypedef struct fp_spell:
        int64_t rows
        int64_t room
        int64_t row_room

    fp_status fp_spell_prepare(
        const ArrowArray *const *arrays, const fp_spell_kind *kinds, uint32_t n_columns,
        fp_spelling *columns, uint32_t *column, fp_spell *out)
    int64_t fp_spell_lines(
        const fp_spell *spell, uint8_t *out, int64_t at, int64_t *offsets)


cdef extern from "weave.h" nogil:
    ctypedef struct fp_text_lines:
        const uint8_t *text
        const int64_t *offsets
        int64_t first
        int64_t count

    ctypedef struct fp_place:
        const uint8_t *at
        int64_t size

    int64_t fp_count_lines(const uint8_t *text, int64_t size)
    void fp_find_lines(const uint8_t *text, int64_t size, int64_t *offsets)
    fp_status fp_match_lines(
        const fp_spell *spell, const fp_text_lines *lines, const ArrowArray *numbers,
        uint8_t *room, uint8_t *told, int32_t *differing, int64_t *n_differing, int64_t *bad)
    fp_status fp_place_lines(
        const ArrowArray *values, const ArrowArray *numbers, bint over, int64_t first,
        int64_t count, fp_place *places, int64_t *bad)
    int64_t fp_measure_places(const fp_place *places, int64_t count)
    void fp_copy_places(
        const fp_place *places, int64_t count, uint8_t *out, int64_t *offsets)
