"""Every hash method beside the others: who is best at this length, by how much, and why."""

import pandas as pd
import streamlit as st

from core.exports.of_methods import leaderboard_table
from core.hashing.registry import CONTROLS
from core.methods.compared import fitting_measure, settings_near, settings_of_all_lengths
from core.methods.leaderboard import method_label
from core.methods.scores import BEST, EXACT, Measure
from core.methods.significance import PERMUTATIONS
from core.methods.stored_scores import fit_seconds
from core.metrics import registry
from core.metrics.registry import get_metric
from core.runtime.shared_types import named_rows
from core.search.kinds import search_kind
from core.settings import ALL, Setting
from dashboard.methods import asymmetric as methods_asymmetric
from dashboard.methods import charts
from dashboard.methods import code as methods_code
from dashboard.methods import data as methods_data
from dashboard.methods import lengths as methods_grid
from dashboard.shared import state
from dashboard.shared.downloads import download, request_of
from dashboard.shared.style import dark_page

_FIRST = (
    "ap_trec", "ap", "ahp", "precision", "recall", "ndcg", "ndcg_hierarchical", "hp", "ap_hits", "ap_source",
    "ahp_trapezoid", "overlap",
)  # fmt: skip
METRICS = tuple(dict.fromkeys([*_FIRST, *(n for n, metric in registry.METRICS.items() if not metric.hamming_only)]))
OWN_K = "sidebar's k"
KS = (ALL, "10", "50", "100", "250", OWN_K)
view = state.current()
bundle, setting = view.bundle, view.setting


def choose_measure() -> Measure:
    """What methods are compared by; a k that the metric or the gallery cannot have gives way to the nearest.

    Options are plain names, since a link carries what is shown.
    """
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = st.segmented_control(
            "Search", ["hamming", "asymmetric", "hashed"], default="hamming", required=True, key="methods_search",
            bind="query-params",
            help="Hamming: codes alone. Asymmetric: the query keeps its real values. Hashed: a shortlist by codes, "
            "ranked again by exact similarity, with the sidebar's multiplier.",
        )  # fmt: skip
        metric = st.selectbox(
            "Metric", METRICS, key="methods_metric", bind="query-params", width=220,
            help="What the rankings are judged by: the caption below the table says what it is.",
        )  # fmt: skip
        asked = st.segmented_control(
            "k", KS, default=ALL, required=True, key="methods_k", bind="query-params",
            help="How many images of each ranking are judged; 'all' is the whole gallery.",
        )  # fmt: skip
    k: int | str = view.k if asked == OWN_K else ALL if asked == ALL else int(asked)
    found = fitting_measure(search, metric, k, view.task.size)
    if k == ALL and found.k != ALL:
        what = "hashed search" if search_kind(search).shortlisted else get_metric(metric).label
        st.caption(f"The whole gallery is not ranked for {what}: judged at k = {found.k}.")
    return found


def choose_reference(names: list[str]) -> str:
    """The method that the others are compared with: the sidebar's at first."""
    own = setting.hash if setting.hash in names else EXACT
    return st.selectbox(
        "Compared with", names, names.index(own), key=f"methods_reference_{own}", format_func=method_label, width=300,
        help="Differences and tests are against this one. The sidebar's hash at first.",
    )  # fmt: skip


def fill(missing: list[Setting], measure: Measure, key: str, what: str) -> None:
    """A button that computes what is not known."""
    if not missing:
        return
    names = ", ".join(dict.fromkeys(method_label(each.hash) for each in missing))
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button(
            f"Score {len(missing)} more {what}",
            icon=":material/play_arrow:",
            key=key,
            help="Seconds each, longer where a method has to be fitted; kept until the bundle changes. "
            "'python -m core scores' keeps scores in the bundle.",
        )
        st.caption(f"Not scored yet: {names}.")
    if pressed:
        problems = methods_data.compute(view, missing, measure)
        for line in problems:
            st.warning(line, icon=":material/error:")
        if not problems:
            st.rerun()


def draw_board(measure: Measure, scores: methods_data.Scores) -> None:
    """Figure, table and file of the leaderboard."""
    names = [each.hash for each in scores.values if each.hash != BEST]
    if not names:
        st.info("No method is scored by this measure yet: the button above does it.", icon=":material/calculate:")
        return
    reference = choose_reference(names)
    with st.spinner("Comparing …", show_time=True):
        board = methods_data.board(view, scores, reference, measure)
    st.plotly_chart(
        charts.board_figure(board, reference, measure.label, dark_page()), key="methods_board", width="stretch",
        alt=charts.describe_board(board, measure.label),
    )  # fmt: skip
    table = shown(board, measure, scores)
    st.dataframe(
        table, hide_index=True, key="methods_table", height="content", placeholder="", alt="The leaderboard",
        column_config={
            "Method": st.column_config.TextColumn(pinned=True),  # in sight where the rest is scrolled
            measure.label: st.column_config.NumberColumn(format="%.4f"),
            "Difference": st.column_config.NumberColumn(format="%+.4f"),
            "Effect": st.column_config.NumberColumn(format="%+.2f", help="Mean difference over its deviation (d_z)"),
            "Fit, s": st.column_config.NumberColumn(format="%.1f", help="Time to fit it on the training embeddings"),
        },
    )  # fmt: skip
    request = request_of(
        view, search=measure.search, metric=measure.metric, ks=(measure.k,), reference=reference,
        stored=bool(scores.missing) and not scores.computed,
    )  # fmt: skip
    whole = leaderboard_table(board, measure, setting.protocol, reference)
    note = "The command also evaluates the methods that are still missing here." if scores.missing else ""
    download("leaderboard", request, whole, "methods_csv", note=note if scores.computed else "")
    for line in notes(measure, reference, scores):
        st.caption(line)


def shown(board: pd.DataFrame, measure: Measure, scores: methods_data.Scores) -> pd.DataFrame:
    """The leaderboard as text and numbers for people."""
    seconds = {each.hash: None if each.hash == BEST else fit_seconds(bundle, each) for each in scores.values}
    rows = []
    for row in named_rows(board):
        compared = not pd.isna(row.p)
        rows.append(
            {
                "Method": row.label,
                "Bits": row.bits,
                measure.label: row.value,
                "95 % interval": f"{row.low:.4f} to {row.high:.4f}",
                "Difference": row.difference,
                "Its 95 % interval": f"{row.difference_low:+.4f} to {row.difference_high:+.4f}" if compared else "",
                "p (Holm)": p_text(row.p_holm) if compared else "",
                "Win / tie / loss": f"{row.wins:,.0f} / {row.ties:,.0f} / {row.losses:,.0f}" if compared else "",
                "Effect": row.effect,
                "Fit, s": seconds[row.method],
            }
        )
    table = pd.DataFrame(rows).astype({"Fit, s": float})
    draws = {each.hash: methods_data.seeds_text(view, each, measure) for each in scores.values}
    if any(draws.values()):
        table.insert(4, "Seeds", [draws[name] for name in board["method"]])
    return table


def p_text(p: float) -> str:
    """A p, with a sign where it is below 5 %."""
    return f"{p:.4f}" + (" ✱" if p < 0.05 else "")


def notes(measure: Measure, reference: str, scores: methods_data.Scores) -> list[str]:
    """What the figures mean, how ties were settled, what was tested."""
    others = [each for each in scores.values if each.hash != BEST]
    lengths = sorted({(each.hash, each.bits) for each in others if each.hash != EXACT and each.bits != setting.bits})
    told = ", ".join(f"{method_label(name)} {bits}" for name, bits in lengths)
    lines = [
        f"{view.judged_by(measure.metric)} {get_metric(measure.metric).description} "
        f"{len(view.task.queries):,} queries on {view.task.size:,} images. Equal code distances: average precision "
        "of Hamming search is the mean over their orders, other metrics take the gallery's order. Codes with a "
        "distance of their own (cells, look-up, estimate) are ranked by that."
        + (f" Not at {setting.bits} bits but at the nearest length they have: {told}." if told else ""),
        f"Compared with {method_label(reference)}, query by query: intervals by percentile bootstrap (1,000 "
        f"resamples); p by a two-sided paired randomisation test ({PERMUTATIONS:,} draws of signs), corrected by "
        f"Holm's method for {len(others) - 1} comparisons; ✱ below 0.05. Win: queries on which a method is better than "
        "the one compared with.",
    ]
    if search_kind(measure.search).of_values:
        without = [name for name in CONTROLS if name in {each.hash for each in others}]
        lines.append(
            "Methods without real values are left out; "
            + " and ".join(method_label(name) for name in without)
            + " are ranked by Hamming distance."
        )
    if any(methods_data.seeds_text(view, each, measure) for each in others):
        lines.append("Seeds: mean and standard deviation of the means over several draws of a method.")
    return [*lines, "Fit: time on the training embeddings, one run on the machine that made the head or the scores."]


st.caption(
    f"Every hash of encoder {setting.encoder} at {setting.bits} bits, or as near as it has. Protocol {view.protocol}."
)
measure = choose_measure()
with state.section():
    scores = methods_data.known(view, settings_near(view.engine, view.setting, measure), measure)
    fill(scores.missing, measure, "methods_fill", f"at {setting.bits} bits")
    draw_board(measure, scores)
with state.section():
    st.subheader("By length", anchor=False)
    grid = methods_data.known(view, settings_of_all_lengths(view.engine, view.setting, measure), measure)
    fill(grid.missing, measure, "methods_fill_grid", "of all lengths")
    methods_grid.draw(view, measure, grid)
with state.section():
    st.subheader("Asymmetric against symmetric", anchor=False)
    methods_asymmetric.draw(view, measure, fill)
with state.section():
    methods_code.draw(view)
