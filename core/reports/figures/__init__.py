"""How figures look and how curves are drawn, for the pages and for `--plot` alike. Nothing here imports streamlit."""
