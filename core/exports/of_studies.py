"""Tables of the studies: the source system's figures beside ours, and candidates from buckets."""

from __future__ import annotations

import pandas as pd

from core.exports.export import Export
from core.exports.request import Request
from core.studies.buckets.lookups import LEARNED, lookups, without_head
from core.studies.buckets.published import PROTOCOL
from core.studies.buckets.study import bucket_study, study_setting
from core.studies.original_system.table import fitting_ks, source_settings, source_table


def usual_encoders(request: Request) -> list[str]:
    """The encoders that the source system's table shows at first: the one nearest to it, and the setting's own."""
    names = [setting.encoder for setting in source_settings(request.engine.bundle)]
    return [name for name in dict.fromkeys((names[0], request.setting.encoder)) if name in names]


def _original_system(request: Request) -> pd.DataFrame:
    engine = request.engine
    names = usual_encoders(request) if request.encoders is None else request.encoders
    settings, timer = source_settings(engine.bundle, names), request.timer
    times = {each.encoder: timer(each, fitting_ks(engine, each)[-1]) for each in settings} if timer else None
    return source_table(engine, settings, times)


def study_of(request: Request) -> Request:
    """The request with what the study of buckets takes of its setting: encoder, protocol, queries, seed."""
    setting = request.setting
    options = {"seed": setting.seed, "queries": setting.queries}
    studied = study_setting(request.engine.bundle, setting.encoder, setting.protocol, **options)
    return Request(request.engine, studied, request.ks)


def _buckets(request: Request) -> pd.DataFrame:
    engine, setting = request.engine, study_of(request).setting
    lacking = without_head(engine.bundle, setting.encoder, setting.seed)
    learned = [name for name in LEARNED if name not in lacking]
    return bucket_study(engine, setting, lookups(engine.bundle, setting.encoder, learned=learned))


EXPORTS = (
    Export(
        "original-system",
        "Export",
        "what the source system published, and ours in its own definitions and protocol",
        _original_system,
        ("encoders",),
        timed=True,
        file=lambda request: f"{request.engine.bundle.name}_source-system.csv",
    ),
    Export(
        "buckets",
        "Export",
        "candidates from k-means cells and hash tables against precision; of learned methods those with a stored head",
        _buckets,
        protocol=PROTOCOL,
        file=lambda request: f"{request.engine.bundle.name}_bucket-study.csv",
    ),
)
