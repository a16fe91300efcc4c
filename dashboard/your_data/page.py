from collections.abc import Sequence

import streamlit as st

from core.bundle.vectors import SIMILARITIES
from core.datasets.array_preview import Seen
from core.runtime.allowed_paths import AllowedPaths
from dashboard.shared import imports, state
from dashboard.shared.launch import launch
from dashboard.shared.refusals import worded
from dashboard.shared.uploads import GALLERY, QUERIES, TEXTS, Role, Upload, save_upload, session_folder
from dashboard.your_data import preview as import_preview


def draw_open_now() -> None:
    """Which bundle is open, and what its import remarked."""
    bundle = state.current().bundle
    counts = ", ".join(f"{split} {bundle.count(split):,}" for split in bundle.splits)
    st.caption(
        f"Open now: **{bundle.dataset} · {bundle.name}** ({counts}; {len(bundle.class_names):,} classes). 'Dataset' in "
        "the sidebar switches between the bundles of this session."
    )
    for warning in st.session_state.get("import_warnings", {}).get(str(bundle.path), ()):
        mend = " and import again" if warning.code == "gallery-sorted" else ""
        st.warning(f"{bundle.name}: {worded(warning)}{mend}.", icon=":material/warning:")


def draw_folder() -> None:
    """Open a bundle that lies on this machine."""
    st.subheader("Open a bundle folder")
    roots = launch().roots
    if not roots:
        imports.say_no_roots("To open bundles from one", "/folder/with/bundles")
        return
    with st.form("your_data_folder_form", border=False):
        text = st.text_input(
            "Folder",
            key="your_data_folder",
            placeholder=str(roots[0] / "my-bundle"),
            help="A folder with a manifest.json, as `python -m core import` and `build` make them.",
        )
        st.caption(f"Only inside {', '.join(f'`{root}`' for root in roots)}.")
        wanted = st.form_submit_button("Open", icon=":material/folder_open:")
    if wanted and text.strip():
        state.open_bundle(AllowedPaths(roots).find_folder(text))


def take_file(role: Role) -> Upload | None:
    """The uploader of a role; its file is written once."""
    given = st.file_uploader(role.label, list(role.kinds), key=f"your_data_{role.key}", help=role.help)
    taken = st.session_state.setdefault("your_data_files", {})
    if given is None:
        taken.pop(role.key, None)
        return None
    if role.key not in taken or taken[role.key][0] != given.file_id:
        taken[role.key] = (given.file_id, save_upload(session_folder(), role, given.name, given))
    return taken[role.key][1]


def take_files() -> dict[str, Upload]:
    """All uploaders; gallery first, since it is all that is needed."""
    uploads: dict[str, Upload | None] = {}
    left, right = st.columns(2)
    for column, role in zip((left, right), GALLERY[:2], strict=True):
        with column:
            uploads[role.key] = take_file(role)
    with st.expander("Queries, codes, class names and a class tree (optional)"):
        left, right = st.columns(2)
        for column, roles in ((left, (*QUERIES, TEXTS[0])), (right, (GALLERY[2], TEXTS[1]))):
            with column:
                for role in roles:
                    uploads[role.key] = take_file(role)
    return {key: upload for key, upload in uploads.items() if upload is not None}


def choose_bits(files: Sequence[Seen]) -> int | None:
    """The true length of uploaded codes, which their shape tells to within a byte."""
    if (span := import_preview.code_bits(files)) is None:
        return None
    key = f"your_data_bits_{span[1]}"  # codes of another width have a length of their own
    return st.number_input("Bits of the codes", *span, value=span[1], key=key)


def choose_similarity() -> str:
    """How embeddings are compared."""
    return st.segmented_control(
        "Embeddings are compared by",
        SIMILARITIES,
        default=SIMILARITIES[0],
        required=True,
        key="your_data_similarity",
        help="By inner product a vector's length counts too, as it does for logits and soft-max outputs. The same as "
        "`--similarity`.",
    )


def draw_upload() -> None:
    """Files in, a bundle out."""
    st.subheader("Use your own arrays")
    st.markdown(
        "Embeddings and labels of a gallery are enough: each image then queries all others. A `.npz` or `.parquet` may "
        "hold embeddings, labels, codes and both splits together; labels may be numbers or class names, also in a "
        "`.csv`. Without codes, hashes are fitted here; without a tree, all wrong classes are equally wrong."
    )
    uploads = take_files()
    columns = import_preview.choose_columns(uploads)
    similarity = choose_similarity()
    preview = import_preview.look(uploads, columns, similarity)
    if uploads:
        import_preview.draw_preview(preview)
    bits = choose_bits(preview.files)
    name = st.text_input("Name", "my-data", key="your_data_name", max_chars=60)
    shuffled = st.checkbox(
        "Shuffle the gallery (seed 0)",
        key="your_data_shuffle",
        help="Images at equal Hamming distance are ranked by their place in the gallery, so one sorted by label gives "
        "labels away. The same as `--shuffle 0`.",
    )
    shuffle = 0 if shuffled else None
    wanted = st.button("Import and open", type="primary", icon=":material/upload:", disabled=bool(preview.problems))
    if wanted:
        with st.spinner("Checking and writing the bundle …"):
            out = imports.new_folder(session_folder(), name)
            warnings = imports.run_import(uploads, bits, shuffle, out, similarity, columns)
        st.session_state.setdefault("import_warnings", {})[str(out)] = warnings
        state.open_bundle(out)
    st.caption(
        "Files go to a temporary folder of this server and are removed when the session ends; pickles are never loaded."
    )
    if uploads and not preview.problems:
        st.caption("To keep the bundle, make it from the command line:")
        st.code(imports.import_command(uploads, bits, shuffle, name, similarity, columns), "bash", wrap_lines=True)


draw_open_now()
with state.section():
    draw_upload()
with state.section():
    draw_folder()
