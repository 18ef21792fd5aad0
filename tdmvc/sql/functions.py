"""The functions of DuckDB that untrusted SQL may call: none reads the clock, takes chances or reaches anything else."""

ROW_FUNCTIONS = frozenset(
    {
        *("+", "-", "*", "/", "//", "%", "**", "^", "&", "|", "<<", ">>", "~", "xor", "!", "||", "^@"),
        *("~~", "!~~", "~~*", "!~~*", "~~~", "like_escape", "not_like_escape", "ilike_escape"),
        *("not_ilike_escape", "regexp_matches", "regexp_full_match", "regexp_extract", "regexp_replace"),
        *("length", "len", "strlen", "bit_length", "octet_length", "char_length", "character_length"),
        *("length_grapheme", "lower", "lcase", "upper", "ucase", "trim", "ltrim", "rtrim", "left", "right"),
        *("substring", "substr", "starts_with", "prefix", "suffix", "ends_with", "contains", "position"),
        *(
            "strpos",
            "instr",
            "replace",
            "reverse",
            "concat",
            "ascii",
            "unicode",
            "ord",
            "chr",
            "nfc_normalize",
        ),
        *("split_part", "translate", "strip_accents", "hex", "to_hex", "md5", "sha256", "encode", "decode"),
        *("abs", "sign", "round", "trunc", "floor", "ceil", "ceiling", "sqrt", "cbrt", "ln", "log", "log2"),
        *(
            "log10",
            "exp",
            "pow",
            "power",
            "mod",
            "add",
            "subtract",
            "multiply",
            "divide",
            "greatest",
            "least",
        ),
        *("isnan", "isinf", "isfinite", "even", "nextafter", "fdiv", "fmod", "gcd", "lcm"),
        *("coalesce", "ifnull", "nullif", "if", "error_if_null", "list_contains", "array_contains"),
        *("list_has", "array_length", "cardinality", "struct_extract", "list_extract", "element_at"),
        *("date_part", "datepart", "date_trunc", "datetrunc", "date_diff", "datediff", "date_sub", "datesub"),
        *("date_add", "year", "month", "day", "hour", "minute", "second", "week", "quarter", "dayofweek"),
        *("isodow", "dayofyear", "weekday", "isoyear", "yearweek", "epoch", "epoch_ms", "epoch_us"),
        *("make_date", "make_time", "make_timestamp", "last_day", "strftime", "strptime", "try_strptime"),
        *("to_years", "to_months", "to_weeks", "to_days", "to_hours", "to_minutes", "to_seconds"),
        *("to_milliseconds", "to_microseconds", "to_quarters", "timezone"),
        *("json_valid", "json_type", "json_extract", "json_extract_string", "json_array_length", "->", "->>"),
        *("json_exists", "json_contains", "json_keys"),
    }
)
"""Functions and operators over the values of one row, whose results are not much larger than their arguments."""

QUERY_FUNCTIONS = ROW_FUNCTIONS | frozenset(
    {
        *(
            "count",
            "count_star",
            "count_if",
            "countif",
            "sum",
            "fsum",
            "sum_no_overflow",
            "avg",
            "favg",
            "mean",
        ),
        *("min", "max", "arg_min", "arg_max", "min_by", "max_by", "any_value", "first", "last", "product"),
        *("bool_and", "bool_or", "bit_and", "bit_or", "bit_xor", "median", "mode", "mad", "quantile"),
        *("quantile_cont", "quantile_disc", "stddev", "stddev_pop", "stddev_samp", "variance", "var_pop"),
        *("var_samp", "corr", "covar_pop", "covar_samp", "skewness", "kurtosis", "entropy", "histogram"),
        *("approx_count_distinct", "list", "array_agg", "string_agg", "group_concat", "listagg"),
        *("row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile", "lag", "lead"),
        *("first_value", "last_value", "nth_value", "grouping", "grouping_id"),
        *("range", "generate_series", "unnest", "repeat", "lpad", "rpad", "format", "printf"),
        *("list_value", "list_pack", "struct_pack", "row", "map", "list_aggregate", "list_aggr", "list_sum"),
        *("list_avg", "list_min", "list_max", "list_count", "list_distinct", "list_unique", "list_sort"),
        *("list_transform", "list_filter", "list_reduce", "list_apply", "list_concat", "list_position"),
        *("list_has_any", "list_has_all", "list_slice", "array_slice", "flatten", "string_split", "split"),
        *("str_split", "string_to_array", "regexp_split_to_array", "regexp_extract_all", "array_to_string"),
        *("map_extract", "map_keys", "map_values", "levenshtein", "damerau_levenshtein", "jaccard"),
    }
)
"""With those that combine rows or make lists and longer texts: their cost has to be limited from outside."""
