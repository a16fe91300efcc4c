import streamlit as st

st.title("timing")
