import streamlit as st

st.title("retrieval")
