"""Tables of the Methods page: the leaderboard, lengths, asymmetric distance, and one code looked at."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from core.errors import BadInput
from core.exports.export import Export
from core.exports.request import Request
from core.methods.compared import (
    asymmetric_gains,
    compare_methods,
    fitting_measure,
    settings_near,
    settings_of_all_lengths,
)
from core.methods.score_table import detail_table, length_table, scores_of
from core.methods.scores import BEST, EXACT, YARDSTICKS, Measure
from core.methods.stored_scores import fit_seconds
from core.reports.code_statistics import (
    CodeStatistics,
    bit_table,
    code_statistics,
    correlation_table,
    statistics_table,
)
from core.reports.distance_histograms import distance_histograms, histogram_table, overlap_table
from core.settings import ALL

MEASURED = ("search", "metric", "ks", "stored")


def _measure(request: Request) -> Measure:
    return fitting_measure(request.search or "hamming", request.metric or "ap_trec", request.one_k, request.size)


def leaderboard_table(board: pd.DataFrame, measure: Measure, protocol: str, reference: str) -> pd.DataFrame:
    """The leaderboard with what it rests on."""
    return board.assign(measure=measure.name, protocol=protocol, reference=reference)


def _leaderboard(request: Request) -> pd.DataFrame:
    engine, measure = request.engine, _measure(request)
    scores = scores_of(engine, settings_near(engine, request.setting, measure), measure, request.stored, request.say)
    names = [each.hash for each in scores if each.hash != BEST]
    if not names:
        raise BadInput(f"no method is scored by {measure.name}: have scores computed, or take another measure")
    reference = request.reference or (request.setting.hash if request.setting.hash in names else EXACT)
    return leaderboard_table(compare_methods(scores, reference), measure, request.setting.protocol, reference)


def _details(request: Request) -> pd.DataFrame:
    engine, measure = request.engine, _measure(request)
    return detail_table(engine.bundle, settings_near(engine, request.setting, measure), measure)


def _by_length(request: Request) -> pd.DataFrame:
    engine, measure = request.engine, _measure(request)
    scores = scores_of(
        engine, settings_of_all_lengths(engine, request.setting, measure), measure, request.stored, request.say
    )
    return length_table(scores).assign(measure=measure.name, protocol=request.setting.protocol)


def _asymmetric(request: Request) -> pd.DataFrame:
    engine, asked = request.engine, replace(_measure(request), search="asymmetric")
    settings = [each for each in settings_near(engine, request.setting, asked) if each.hash not in YARDSTICKS]
    plain = replace(asked, search="hamming")
    sides = [scores_of(engine, settings, each, request.stored, request.say) for each in (plain, asked)]
    table = asymmetric_gains(*sides)
    if table.empty:
        raise BadInput(f"no method is scored by both distances by {plain.name}: have their scores computed")
    return table.assign(measure=plain.name, protocol=request.setting.protocol)


def _statistics(request: Request) -> CodeStatistics:
    codes = request.engine.at(request.setting).codes
    return code_statistics(codes.gallery.packed, codes.bits)


def _code_statistics(request: Request) -> pd.DataFrame:
    return statistics_table(_statistics(request), fit_seconds(request.engine.bundle, request.setting))


def _bits(request: Request) -> pd.DataFrame:
    return bit_table(_statistics(request))


def _correlations(request: Request) -> pd.DataFrame:
    return correlation_table(_statistics(request))


def _distances(request: Request) -> pd.DataFrame:
    return histogram_table(distance_histograms(request.engine, request.setting))


def _overlaps(request: Request) -> pd.DataFrame:
    return overlap_table(distance_histograms(request.engine, request.setting))


EXPORTS = (
    Export(
        "leaderboard",
        "Methods",
        "every hash by one measure, with intervals and paired tests against a reference",
        _leaderboard,
        (*MEASURED, "reference"),
        (ALL,),
        file=lambda request: f"{request.engine.bundle.name}_methods_{request.setting.bits}.csv",
    ),
    Export(
        "method-details",
        "Methods",
        "every hash: time to fit it, and the spread of its mean score over seeds",
        _details,
        ("search", "metric", "ks"),
        (ALL,),
    ),
    Export(
        "methods-by-length",
        "Methods",
        "every hash at every length by one measure, with 95 % normal bands",
        _by_length,
        MEASURED,
        (ALL,),
    ),
    Export(
        "asymmetric",
        "Methods",
        "every hash with real values by symmetric and by asymmetric distance, paired by query",
        _asymmetric,
        ("metric", "ks", "stored"),
        (ALL,),
    ),
    Export("code-statistics", "Methods", "one code: how many codes there are, entropy, correlation", _code_statistics),
    Export("bits", "Methods", "one code: share of ones and entropy of each bit", _bits),
    Export("bit-correlations", "Methods", "one code: Pearson's r of each pair of bits", _correlations),
    Export("distances", "Methods", "one code: shares of pairs at each distance, by relation", _distances),
    Export("distance-overlaps", "Methods", "one code: means of these distances, and how far they overlap", _overlaps),
)
