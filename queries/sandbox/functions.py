"""The functions that a statement may call. All others are refused: those that read files, the network, other tables,
dictionaries or the server's own state, that wait, that run code named by a string, or that make much out of nothing.
"""

from collections.abc import Sequence

_CONDITIONS = """
    and or not xor if multiIf ifNull nullIf coalesce assumeNotNull toNullable isNull isNotNull isNullable
    isZeroOrNull firstNonDefault greatest least clamp max2 min2 equals notEquals less lessOrEquals greater
    greaterOrEquals isDistinctFrom isNotDistinctFrom caseWithExpression transform
"""
_NUMBERS = """
    abs plus minus multiply divide divideOrNull intDiv intDivOrNull intDivOrZero modulo moduloOrNull moduloOrZero
    mod positiveModulo negate gcd lcm sign round floor ceil ceiling trunc truncate roundBankers roundDown
    roundToExp2 roundAge roundDuration sqrt cbrt exp exp2 exp10 log log2 log10 log1p ln pow power pi e degrees
    radians sin cos tan asin acos atan atan2 sinh cosh tanh hypot sigmoid erf erfc lgamma tgamma isFinite isInfinite
    isNaN ifNotFinite widthBucket avg2 midpoint bitAnd bitOr bitXor bitNot bitShiftLeft bitShiftRight bitTest
    bitCount rand rand32 rand64 randCanonical formatReadableSize formatReadableDecimalSize formatReadableQuantity
    formatReadableTimeDelta bin unbin hex unhex minSampleSizeConversion minSampleSizeContinuous proportionsZTest
"""
_TIMES = """
    now now64 today yesterday current_date curdate current_timestamp UTCTimestamp toDate toDate32 toDateTime
    toDateTime32 toDateTime64 toDateOrNull toDateOrZero toDate32OrNull toDate32OrZero toDateTimeOrNull
    toDateTimeOrZero toDateTime64OrNull toDateTime64OrZero parseDateTime parseDateTimeOrNull parseDateTimeOrZero
    parseDateTimeBestEffort parseDateTimeBestEffortOrNull parseDateTimeBestEffortOrZero parseDateTime64BestEffort
    parseDateTime64BestEffortOrNull parseDateTime64BestEffortOrZero toYear toQuarter toMonth toWeek toISOWeek
    toISOYear toYearWeek toDayOfYear toDayOfMonth toDayOfWeek toHour toMinute toSecond toMillisecond YEAR QUARTER
    MONTH WEEK DAY DAYOFMONTH DAYOFWEEK DAYOFYEAR HOUR MINUTE SECOND toStartOfYear toStartOfISOYear toStartOfQuarter
    toStartOfMonth toStartOfWeek toMonday toStartOfDay toStartOfHour toStartOfMinute toStartOfSecond
    toStartOfFiveMinutes toStartOfTenMinutes toStartOfFifteenMinutes toStartOfInterval toLastDayOfMonth
    toLastDayOfWeek LAST_DAY toDaysInMonth timeSlot dateTrunc date_trunc dateDiff date_diff timestampDiff
    timestamp_diff age timeDiff dateName monthName date_bin time_bucket addDate subDate addYears addQuarters
    addMonths addWeeks addDays addHours addMinutes addSeconds addMilliseconds addInterval subtractYears
    subtractQuarters subtractMonths subtractWeeks subtractDays subtractHours subtractMinutes subtractSeconds
    subtractMilliseconds subtractInterval formatDateTime DATE_FORMAT toYYYYMM toYYYYMMDD toYYYYMMDDhhmmss
    YYYYMMDDToDate toRelativeYearNum toRelativeQuarterNum toRelativeMonthNum toRelativeWeekNum toRelativeDayNum
    toRelativeHourNum toRelativeMinuteNum toRelativeSecondNum toMonthNumSinceEpoch toYearNumSinceEpoch
    toUnixTimestamp toUnixTimestamp64Second toUnixTimestamp64Milli toUnixTimestamp64Micro toUnixTimestamp64Nano
    fromUnixTimestamp fromUnixTimestamp64Second fromUnixTimestamp64Milli fromUnixTimestamp64Micro
    fromUnixTimestamp64Nano toTimeZone toTimezone timezoneOf timeZoneOf timezoneOffset timeZoneOffset toUTCTimestamp
    fromUTCTimestamp makeDate makeDate32 makeDateTime makeDateTime64 changeYear changeMonth changeDay changeHour
    changeMinute changeSecond toIntervalYear toIntervalQuarter toIntervalMonth toIntervalWeek toIntervalDay
    toIntervalHour toIntervalMinute toIntervalSecond toIntervalMillisecond date_add date_sub dateAdd dateSub
    timestamp_add timestamp_sub UUIDv7ToDateTime tumble tumbleStart tumbleEnd
"""
_STRINGS = """
    length lengthUTF8 CHAR_LENGTH CHARACTER_LENGTH OCTET_LENGTH empty notEmpty lower upper lowerUTF8 upperUTF8 lcase
    ucase initcap initcapUTF8 reverse reverseUTF8 concat concat_ws concatWithSeparator substring substr mid
    substringUTF8 substringIndex substringIndexUTF8 SUBSTRING_INDEX left right leftUTF8 rightUTF8 trim trimLeft
    trimRight trimBoth ltrim rtrim leftPad rightPad lpad rpad leftPadUTF8 rightPadUTF8 startsWith endsWith
    startsWithUTF8 endsWithUTF8 replace startsWithCaseInsensitive endsWithCaseInsensitive replaceOne replaceAll
    replaceRegexpOne replaceRegexpAll REGEXP_REPLACE translate translateUTF8 overlay overlayUTF8 position
    positionUTF8 positionCaseInsensitive positionCaseInsensitiveUTF8 locate instr like notLike ilike notILike match
    extract extractAll extractAllGroupsVertical extractAllGroupsHorizontal extractGroups regexpExtract
    REGEXP_EXTRACT regexpQuoteMeta countSubstrings countSubstringsCaseInsensitive countMatches
    countMatchesCaseInsensitive hasToken hasTokenCaseInsensitive hasTokenOrNull hasSubsequence multiSearchAny
    multiSearchAnyCaseInsensitive multiSearchFirstIndex multiSearchFirstPosition multiSearchAllPositions splitByChar
    splitByString splitByRegexp splitByWhitespace splitByNonAlpha alphaTokens tokens ngrams arrayStringConcat ascii
    char format printf toValidUTF8 isValidUTF8 normalizeUTF8NFC normalizeUTF8NFD normalizeUTF8NFKC normalizeUTF8NFKD
    removeDiacriticsUTF8 caseFoldUTF8 appendTrailingCharIfAbsent firstLine soundex editDistance editDistanceUTF8
    damerauLevenshteinDistance levenshteinDistance jaroSimilarity jaroWinklerSimilarity ngramDistance ngramSearch
    stringJaccardIndex base64Encode base64Decode tryBase64Decode base64URLEncode base64URLDecode encodeURLComponent
    decodeURLComponent encodeURLFormComponent decodeURLFormComponent encodeXMLComponent decodeXMLComponent
    decodeHTMLComponent extractTextFromHTML basename toString toStringCutToZero toFixedString visibleWidth
"""
_LISTS = """
    array range arrayElement arrayElementOrNull arrayMap arrayFilter arrayExists arrayAll arrayCount arraySum
    arrayAvg arrayMin arrayMax arrayProduct arrayFirst arrayFirstOrNull arrayFirstIndex arrayLast arrayLastOrNull
    arrayLastIndex arraySort arrayReverseSort arrayPartialSort arrayPartialReverseSort arrayReverse arrayDistinct
    arrayUniq arrayCompact arrayConcat arrayPushBack arrayPushFront arrayPopBack arrayPopFront arraySlice
    arrayResize arrayFlatten arrayZip arrayZipUnaligned arrayIntersect arrayUnion arrayExcept
    arraySymmetricDifference arrayJaccardIndex arrayEnumerate arrayEnumerateUniq arrayEnumerateDense arrayCumSum
    arrayCumSumNonNegative arrayDifference arrayDotProduct arrayFold arrayFill arrayReverseFill arraySplit
    arrayReverseSplit arrayRotateLeft arrayRotateRight arrayShiftLeft arrayShiftRight arrayRemove arrayTopK
    arrayJoin has hasAll hasAny hasSubstr indexOf countEqual tuple tupleElement untuple tupleNames
    tupleToNameValuePairs dotProduct map mapFromArrays mapKeys mapValues mapContains mapContainsKey mapContainsValue
    mapContainsKeyLike mapFilter mapApply mapExists mapAll mapAdd mapSubtract mapUpdate mapConcat mapSort
    mapReverseSort extractKeyValuePairs bitmapBuild bitmapToArray bitmapCardinality bitmapContains bitmapAnd
    bitmapOr bitmapXor bitmapAndnot bitmapAndCardinality bitmapOrCardinality bitmapHasAny bitmapHasAll
"""
_JSON = """
    JSONExtract JSONExtractString JSONExtractInt JSONExtractUInt JSONExtractFloat JSONExtractBool JSONExtractRaw
    JSONExtractArrayRaw JSONExtractKeys JSONExtractKeysAndValues JSONExtractKeysAndValuesRaw JSONHas JSONLength
    JSONType JSONKey JSONArrayLength JSON_ARRAY_LENGTH isValidJSON toJSONString JSON_VALUE JSON_QUERY JSON_EXISTS
    JSONAllPaths JSONAllPathsWithTypes JSONDynamicPaths dynamicElement dynamicType simpleJSONExtractString
    simpleJSONExtractInt simpleJSONExtractUInt simpleJSONExtractFloat simpleJSONExtractBool simpleJSONExtractRaw
    simpleJSONHas visitParamExtractString visitParamExtractInt visitParamExtractUInt visitParamExtractFloat
    visitParamExtractBool visitParamExtractRaw visitParamHas prettyPrintJSON
"""
_ADDRESSES = """
    domain domainWithoutWWW topLevelDomain firstSignificantSubdomain cutToFirstSignificantSubdomain protocol port
    path pathFull queryString queryStringAndFragment fragment netloc extractURLParameter extractURLParameters
    extractURLParameterNames URLHierarchy URLPathHierarchy cutWWW cutQueryString cutFragment
    cutQueryStringAndFragment cutURLParameter toIPv4 toIPv6 toIPv4OrNull toIPv6OrNull toIPv4OrDefault
    toIPv6OrDefault IPv4NumToString IPv4StringToNum IPv6NumToString IPv6StringToNum IPv4ToIPv6 isIPv4String
    isIPv6String isIPAddressInRange geoDistance greatCircleDistance pointInPolygon geohashEncode geohashDecode
"""
_HASHES = """
    cityHash64 sipHash64 sipHash128 xxHash32 xxHash64 xxh3 farmHash64 farmFingerprint64 metroHash64 murmurHash2_32
    murmurHash2_64 murmurHash3_32 murmurHash3_64 murmurHash3_128 wyHash64 intHash32 intHash64 halfMD5 MD5 SHA1
    SHA224 SHA256 SHA384 SHA512 CRC32 CRC64 jumpConsistentHash
"""
_NUMBER_TYPES = [f"{kind}{bits}" for kind in ("Int", "UInt") for bits in (8, 16, 32, 64, 128, 256)]
_CASTS = [
    *("CAST", "accurateCast", "accurateCastOrNull", "toTypeName", "materialize", "toLowCardinality", "toBool"),
    *("toUUID", "toUUIDOrNull", "toUUIDOrZero", "toDecimalString", "UUIDStringToNum", "UUIDNumToString", "identity"),
    *(f"to{name}{or_else}" for name in (*_NUMBER_TYPES, "Float32", "Float64") for or_else in ("", "OrZero", "OrNull")),
    *(f"toDecimal{bits}{or_else}" for bits in (32, 64, 128, 256) for or_else in ("", "OrZero", "OrNull")),
]
_WINDOWS = """
    row_number rank dense_rank denseRank percent_rank percentRank cume_dist ntile lag lead lagInFrame leadInFrame
    nth_value first_value last_value first_value_respect_nulls last_value_respect_nulls
"""
_QUANTILES = """
    quantile quantileExact quantileExactLow quantileExactHigh quantileExactExclusive quantileExactInclusive
    quantileExactWeighted quantileTiming quantileTimingWeighted quantileTDigest quantileTDigestWeighted
    quantileBFloat16 quantileDeterministic quantileDD quantileGK quantileInterpolatedWeighted
"""
_AGGREGATES = """
    count min max sum avg any any_value anyLast anyHeavy argMin argMax min_by max_by avgWeighted sumKahan
    sumWithOverflow sumCount sumMap minMap maxMap uniq uniqExact uniqCombined uniqCombined64 uniqHLL12 uniqUpTo
    median medianExact medianTDigest medianTiming stddevPop stddevSamp STDDEV_POP STDDEV_SAMP STD STDDEV varPop
    varSamp VAR_POP VAR_SAMP corr covarPop covarSamp COVAR_POP COVAR_SAMP skewPop skewSamp kurtPop kurtSamp
    groupArray groupArrayLast groupArraySorted groupArraySample groupArrayMovingAvg groupArrayMovingSum
    groupUniqArray groupArrayIntersect array_agg groupConcat group_concat string_agg groupBitAnd groupBitOr
    groupBitXor BIT_AND BIT_OR BIT_XOR topK topKWeighted approx_top_k approx_top_count entropy gini histogram
    boundingRatio deltaSum deltaSumTimestamp windowFunnel sequenceMatch sequenceCount sequenceNextNode retention
    maxIntersections maxIntersectionsPosition intervalLengthSum simpleLinearRegression rankCorr mannWhitneyUTest
    studentTTest welchTTest meanZTest kolmogorovSmirnovTest exponentialMovingAverage exponentialTimeDecayedAvg
    singleValueOrNull sparkbar sparkBar cramersV theilsU contingency categoricalInformationValue
    largestTriangleThreeBuckets nonNegativeDerivative grouping
"""
#: what may stand behind the name of an aggregate. Not State and Merge: states are bytes that the engine would trust
_COMBINATORS = ("If", "Array", "Map", "ForEach", "Distinct", "OrDefault", "OrNull", "ArgMin", "ArgMax")


def _lower(*texts: str) -> frozenset[str]:
    return frozenset(name.lower() for text in texts for name in text.split())


ROW_FUNCTIONS = _lower(_CONDITIONS, _NUMBERS, _TIMES, _STRINGS, _LISTS, _JSON, _ADDRESSES, _HASHES, " ".join(_CASTS))
WHOLE = _lower(_AGGREGATES, _QUANTILES, _QUANTILES.replace("quantile", "quantiles"), _WINDOWS)
#: those whose last argument is the name of a type
TYPED = frozenset(("cast", "accuratecast", "accuratecastornull", "jsonextract", "dynamicelement"))


def known(name: str) -> bool:
    """Whether a statement may call it. Letters of either case: where ClickHouse minds the case, it says so itself."""
    return name.lower() in ROW_FUNCTIONS or aggregate(name) is not None


def aggregate(name: str) -> tuple[str, Sequence[str]] | None:
    """An aggregate's own name and the combinators behind it; None where it is no aggregate that is known here."""
    combinators: list[str] = []
    own = name
    while own.lower() not in WHOLE:
        found = next((one for one in _COMBINATORS if own.endswith(one) and len(own) > len(one)), None)
        if found is None or len(combinators) == 3:
            return None
        combinators.insert(0, found)
        own = own.removesuffix(found)
    return own, combinators
