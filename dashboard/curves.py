import streamlit as st

st.title("curves")
